"""The words beside net totals, taxes and amounts due, as data. The total's own words are in labels.py. No code here."""

import re

from docmill.stages.understanding.labels import labelled

_RATE = r"(?: ?\(?\d{1,2}(?:[.,]\d{1,2})? ?%\)?)?"
_VAT = r"(?:u\.?st\.?|mwst\.?|mehrwertsteuer|umsatzsteuer|vat|gst|sst|tva|t\.v\.a\.|btw|iva|tax|service tax|versicherungss?teuer)"

_PLUS = r"(?:zzgl\.?|zuz[uü]gl\.?|zuz[uü]glich|plus|add|\+|davon|inkl\.?|enthaltene)? ?(?:der )?(?:gesetzl\.? ?|gesetzliche )?"

NET_LABELS = (
    labelled(
        "net_total_de",
        1.0,
        r"(?:summe|rechnungssumme|gesamt|total|betrag|gesamtsumme|gesamtbetrag|zwischensumme) ?,? ?\(?netto\)?(?: ?\(excl\.? ust\.?\))?",
        r"netto-?(?:betrag|summe|gesamt|gesamtbetrag|umsatz)",
        r"nettobetrag \(?(?:eur|€)?\)?",
        r"(?:summe|betrag|gesamt) (?:ohne|exkl\.?|zzgl\.?|vor) (?:mwst|ust|steuer)\.?",
    ),
    labelled(
        "net_total_en",
        1.0,
        r"net (?:total|amount|value)",
        r"total (?:net|excl[a-z.]*(?: of)? ?(?:gst|vat|tax)|before (?:tax|vat|gst))",
        r"total (?:amount )?\(?excl[a-z.]* ?(?:of )?(?:gst|vat|tax|sst)\)?",
        r"amount (?:excl[a-z.]*|before) ?(?:gst|vat|tax)",
        r"taxable (?:amount|total)",
        r"sub ?-?total[^\n\d]{0,10}\(?excl[a-z.]*[^\n\d]{0,8}",
        r"\(excluded gst\) sub total",
        r"exclusive of (?:gst|vat|tax)",
    ),
    labelled("net_total_fr", 1.0, r"(?:total|montant|sous-?total|somme|net)(?: eur| net)? ?\(?h\.?t\.?\b\)?", r"base ht"),
    labelled(
        "net_total_other",
        1.0,
        r"exclusief btw",
        r"(?:totaal|subtotaal|bedrag) ex(?:cl|\.)?[a-z.]*(?: btw)?",
        r"grondslag",
        r"base imponible",
        r"(?:totale )?imponibile",
        r"subtotal sin iva",
    ),
    labelled(
        "subtotal", 0.7, r"sub ?-?total", r"zwischensumme", r"sous-?total", r"subtotaal", r"warenwert", r"gesamtbeitrag", r"total net"
    ),
    labelled("net_in_head", 0.6, r"netto-?preis", r"netto", r"nettowert", r"net"),
    labelled(
        "not_net",
        -0.9,
        r"brutto\w*",
        r"inkl\w*",
        r"incl\w*",
        r"total (?:ttc|gst|tax|vat)",
        r"grand total",
        r"rechnungsbetrag",
        r"endbetrag",
        rf"{_VAT}(?:[ -]?betrag|[ -]?amount)?{_RATE}(?!\.?[- ]?(?:id|nr|no|reg|ident))",
        r"total qty",
        r"discount",
        r"rabatt",
        r"rounding",
        r"change",
        r"cash",
    ),
)
TAX_LABELS = (
    labelled(
        "tax_total",
        1.0,
        rf"(?:total|gesamt|summe|montant|totaal|totale) (?:of )?(?:the )?{_VAT}",
        rf"{_VAT}[ .-]{{0,2}}(?:gesamt|total|bedrag|betrag|amount|payable)\b{_RATE}",
        r"gst amt",
        r"tax amount",
        r"total tax",
        r"steuerbetrag",
        r"steuer gesamt",
        r"mwst-betrag",
    ),
    labelled(
        "tax",
        0.85,
        rf"{_PLUS}{_VAT}(?![a-z])(?! ?(?:id|nr|no\b|reg|summary|analysis|ident|invoice|code|nummer))(?:[ -]?betrag)?{_RATE}",
        r"(?:gst|vat|sst|tax) ?@ ?\d{1,2} ?%",
        r"\d{1,2}(?:[.,]\d{1,2})? ?% (?:mwst|ust|vat|gst|tva|btw)\.?",
        r"steuerbasisbetrag ust\. ?\d{1,2} ?%",
    ),
    labelled(
        "not_tax",
        -0.9,
        r"(?:rechnungs)?summe (?:brutto|netto)[^\n\d]{0,20}",
        r"total[^\n\d]{0,22}\(?(?:incl|excl|inkl|exkl)[^\n\d]{0,16}",
        r"grand total",
        r"total (?:ttc|ht)",
        r"exclusief btw",
        r"sub ?-?total\w*[^\n\d]{0,12}",
        r"prijs incl\. btw",
        r"taxable",
        r"summe inkl\. ?ust",
        r"amount[^\n\d]{0,10}(?:incl|excl)[^\n\d]{0,12}",
        r"rounding",
        r"cash",
        r"change",
        r"\(?(?:incl|excl|inclusive|exclusive|included|excluded)[a-z.]*(?: of)? ?(?:gst|vat|tax|ust|mwst|btw)\)?",
        r"before (?:gst|tax|vat)",
    ),
)
DUE_LABELS = (
    labelled(
        "amount_due",
        1.0,
        r"amount due",
        r"balance due",
        r"total due",
        r"due amount",
        r"amount payable",
        r"offener betrag",
        r"restbetrag",
        r"zahl-?betrag",
        r"zu zahlen(?:der)?(?: betrag| beitrag)?",
        r"zu zahlender \w+",
        r"noch zu zahlen",
        r"net [àa] payer",
        r"(?:somme|montant|reste) [àa] payer",
        r"te betalen",
        r"total a pagar",
        r"importo dovuto",
        r"da pagare",
    ),
    labelled("not_due", -0.9, r"previous balance", r"paid", r"bereits bezahlt", r"bezahlt"),
)
PREPAID_LABELS = (
    labelled(
        "prepaid",
        1.0,
        r"(?:amount )?(?:already )?paid",
        r"pre-?paid",
        r"deposit",
        r"down ?payment",
        r"anzahlung\w*",
        r"bereits (?:be|ge)zahlt\w*",
        r"acompte\w*",
        r"vooruitbetaald",
        r"aanbetaling",
        r"less payments?",
    ),
)
RATE = re.compile(r"(?<![\d.,])(?P<rate>\d{1,2}(?:[.,]\d{1,2})?) ?%")
"""A rate in percent."""

ADJUSTED = re.compile(
    r"\b(?:rabatt|discount|disc|remise|korting|sconto|versand|fracht|porto|shipping|freight|carriage"
    r"|delivery (?:fee|charge)|skonto|zuschlag|abzug|abschlag|gutschein|voucher|coupon|deposit|pfand"
    r"|service charge|fee"
    r"|gratuity|tip|surcharge|allowance|handling|frais de port|verzend\w*)\b|\d ?% rabatt"
)
"""Words that put something between the lines of a table and the sums below it."""
