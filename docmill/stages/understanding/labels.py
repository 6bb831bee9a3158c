"""The words that stand beside values, as data: English, German and French first, some Dutch, Spanish and Italian, Malaysian receipts.

Patterns are matched against lower-cased text of one line. A weight says how much the label alone is worth (0-1); a negative weight says
that the value beside it is something else. No code here but the table's shape and its lookup.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from docmill.stages.understanding.layout import Hit, find
from docmill.values.page import Page


@dataclass(frozen=True, slots=True)
class Label:
    """One label: its rule name, its pattern, its weight (-1.0 to 1.0) and the kinds it counts for (all when empty)."""

    name: str
    pattern: re.Pattern[str]
    weight: float
    kinds: frozenset[str] = frozenset()


def labelled(name: str, weight: float, *patterns: str, kinds: str = "") -> Label:
    """A label from patterns of lower-case text; it begins at the beginning of a word."""
    return Label(name, re.compile(rf"(?<![\w-])(?:{'|'.join(patterns)})"), weight, frozenset(kinds.split()))


MOST_OF_ONE_LABEL = 60
"""A word that stands on a page more often is a table's content and no label."""


def find_labels(page: Page, table: Iterable[Label]) -> list[tuple[Label, Hit]]:
    """Every label of the table on a page. A label inside a longer one is part of it: `total` in `total discount` says nothing."""
    found = [(label, seen) for label in table for seen in find(page, label.pattern, most=MOST_OF_ONE_LABEL)]
    return [
        (label, seen)
        for label, seen in found
        if not any(o.start <= seen.start and seen.end <= o.end and o.end - o.start > seen.end - seen.start for _, o in found)
    ]


_TAIL = r"(?:[^\n\d]|\d{1,2}(?:\.\d\d)? ?%){0,16}"
_N = r"(?: ?(?:no|nr|num|n[°º]|number|nummer|num[eé]ro)\b\.?| ?#| ?id\b)"

_ELSEWHERE = (
    r"(?:gst|vat|tax|sst|reg(?:istration)?|roc|co(?:mpany)?|customer|client|account|kunden|konto|steuer|handelsreg|tel|phone|fax|table|pax"
    r"|terminal|member|card|artikel|art|item|till|pos|station|site|cashier|id|btw|kvk|klant|tva|siret|iban|bic|blz|page|seite|cheque"
    r"|approval|licen[cs]e)"
)
"""What other numbers on such papers belong to."""

# fmt: off
NUMBER_LABELS = (
    labelled("invoice_number", 1.0, rf"(?:tax |sales |vat )?invoice{_N}"),
    labelled("invoice_number_de", 1.0, r"rechnungs? ?-? ?(?:nr|nummer|no)\b\.?", r"rechnung ?(?:nr\b\.?|#|n°|no\.|nummer)"),
    labelled("invoice_number_fr", 1.0, r"facture ?(?:n[°ºo]\.?|num[eé]ro|#)", r"(?:n[°º]|num[eé]ro)(?: de)?(?: la)? facture"),
    labelled("invoice_number_nl", 1.0, r"factuur ?-?(?:nummer|nr\b\.?)"),
    labelled("invoice_number_es_it", 0.95, r"factura ?(?:n[°ºo.]?|n[uú]mero|nro)\.?", r"fattura ?(?:n[°ºr.]?|numero)\.?",
           r"n[uú]mero de factura"),
    labelled("credit_note_number", 1.0, rf"credit (?:note|memo){_N}", r"gutschrift(?:s?-?(?:nr|nummer)| nr)\b\.?", r"avoir n[°º]"),
    labelled("purchase_order_number", 0.95, rf"purchase order{_N}", rf"p\.?o\.?{_N}", r"bestell-?(?:nr|nummer)\b\.?",
           r"bon de commande n[°º]", kinds="purchase_order"),
    labelled("order_number", 0.6, rf"order{_N}", r"auftrags?-?(?:nr|nummer)\b\.?", r"commande n[°º]", kinds="purchase_order"),
    labelled("delivery_note_number", 0.95, rf"delivery (?:note|order){_N}", r"lieferschein-?(?:nr|nummer)?\b\.?", r"bon de livraison n[°º]",
           kinds="delivery_note"),
    labelled("quote_number", 0.95, rf"(?:quote|quotation|offer){_N}", r"angebots?-?(?:nr|nummer)\b\.?", r"devis n[°º]", kinds="quote"),
    labelled("contract_number", 0.95, rf"(?:contract|agreement){_N}", r"vertrags-?(?:nr|nummer)\b\.?", r"contrat n[°º]", kinds="contract"),
    labelled("receipt_number", 0.9, rf"(?:official )?(?:receipt|rcpt){_N}", r"receipt ?(?=:)", r"(?:kassen)?bon-?(?:nr|nummer)\b\.?",
           rf"ticket{_N}", r"re[cç]u n[°º]"),
    labelled("document_number", 0.9, rf"doc(?:ument)?\.?{_N}", r"beleg ?-? ?(?:nr|nummer)\b\.?", r"document n[°º]"),
    labelled("bill_number", 0.85, rf"(?:cash )?(?:bill|slip|chit|check|sales){_N}", r"(?:bill|slip) ?(?=[:#])"),
    labelled("invoice_then_value", 0.75, r"tax ?invoice ?(?=[:#])", r"invoice ?[:#]", r"rechnung(?= [a-z]{0,4}-?\d)", r"factuur ?[:#]"),
    labelled("transaction_number", 0.5, rf"trans(?:action)?\.?{_N}", rf"trn?x?{_N}", rf"ref(?:erence)?{_N}"),
    labelled("bare_number", 0.45, r"(?:no|nr|n[°º])\.? ?(?=:)"),
    labelled("other_number", -0.7, rf"{_ELSEWHERE}[a-z.]{{0,9}}(?: reg)?(?:[.-]? ?(?:no|nr|id|number|nummer)\b\.?)?"),
)
# fmt: on
"""Labels of the document's own number."""

ORDER_LABELS = (
    labelled(
        "purchase_order_number",
        1.0,
        rf"(?:your )?purchase order{_N}?",
        rf"p\.?o\.?{_N}",
        rf"(?:your|customer) order{_N}?",
        r"(?:ihre )?bestell-?(?:nr|nummer)\b\.?",
        r"(?:ihre |gem[aä](?:ß|ss) )?bestellung nr\b\.?",
        r"ihre bestellung ?(?=:)",
        r"(?:bon de|votre) commande(?: n[°º])?",
        r"uw (?:order|bestelling|referentie)(?:nummer)?",
        r"numero ordine",
        r"n[uú]mero de pedido",
    ),
    labelled("order_number", 0.75, rf"order ?{_N}", r"order-?nummer", r"auftrags?-?(?:nr|nummer)\b\.?", r"commande n[°º]", r"ordine n\.?"),
    labelled(
        "other_number",
        -0.8,
        rf"(?:invoice|delivery order|sales order){_N}",
        r"(?:rechnungs|lieferschein|kunden|beleg)-?(?:nr|nummer)\b\.?",
        r"order ?(?:date|datum)",
    ),
)
"""Labels of the customer's order."""

# fmt: off
ISSUE_DATE_LABELS = (
    labelled("invoice_date", 1.0, r"(?:invoice|receipt|bill|document|issue|billing|tax) ?date", r"date (?:of )?(?:issue|invoice)",
           r"issued(?: on)?", r"dated"),
    labelled("invoice_date_de", 1.0, r"rechnungs?-? ?datum", r"beleg-? ?datum", r"ausstellungs-?datum", r"ausgestellt am",
           r"datum der rechnung"),
    labelled("invoice_date_fr", 1.0, r"date de (?:la )?facture", r"date d['\u2019][eé]mission", r"date de facturation",
           r"facture n[°º] ?\S{1,25} du"),
    labelled("invoice_date_other", 1.0, r"factuur ?-?datum", r"fecha de (?:factura|emisi[oó]n|expedici[oó]n)", r"data (?:della )?fattura",
           r"data di emissione"),
    labelled("number_of_date", 0.9, r"(?:rechnung|rechnungsnr\.?|belegnr\.?) ?(?:nr\.?|#|n°)? ?\S{1,25} v(?:om|on)"),
    labelled("beside_title", 0.45, r"rechnung", r"\w{3,12}rechnung", r"invoice", r"facture"),
    labelled("date", 0.8, r"date", r"datum", r"fecha", r"data", r"le(?= \d)", r"den(?= \d)"),
    labelled("time_beside", 0.45, r"time"),
    labelled("due_date", -0.9, r"(?:payment )?due(?: date| on| by)?", r"f[aä]llig\w*", r"zahlbar", r"zahlungsziel", r"[eé]ch[eé]ance",
           r"limite de paiement", r"vervaldatum", r"vencimiento", r"scadenza", r"bis(?: zum)?", r"expir\w*", r"valid\w*", r"exp\.? date"),
    labelled("delivery_date", -0.9, r"(?:delivery|ship(?:ping|ped)?|service) date", r"(?:liefer|leistungs|lieferschein|versand)-? ?datum",
           r"liefer- bzw\. leistungsdatum", r"date de livraison", r"leverdatum"),
    labelled("order_date", -0.8, r"order ?date", r"(?:bestell|auftrags?)-? ?datum", r"bestellung (?:nr\.? ?\S{1,20} )?vom",
           r"auftrag-datum-\w+", r"date de commande"),
    labelled("contract_date", -0.9, r"vertrags-? ?datum", r"contract date", r"birth", r"geburts\w+", r"n[eé]e? le", r"dob",
           r"date of birth", r"geb\."),
    labelled("period", -0.5, r"from", r"period\w*", r"zeitraum", r"vom", r"p[eé]riode", r"skonto", r"printed", r"print date", r"gst act",
           r"effective", r"since", r"seit", r"opening", r"pr[eé]l[eè]vement"),
)
# fmt: on
"""Labels of the date of issue."""

# fmt: off
TOTAL_LABELS = (
    labelled("grand_total", 1.0, r"grand ?total", r"total (?:amount )?payable", r"total amt\.? payable", r"amount payable", r"net payable",
           r"final total", r"invoice total", r"total invoice"),
    labelled("total_inclusive", 0.9, rf"(?:total|amount|amt)[^\n\d]{{0,20}}\(?incl{_TAIL}",
           rf"total[^\n\d]{{0,18}} with (?:gst|tax|vat){_TAIL}"),
    labelled("gross_total_de", 1.0, r"gesamt-?(?:betrag|summe|preis)(?: brutto)?", r"rechnungs-?(?:betrag|beitrag|summe brutto|endbetrag)",
           r"end-?(?:betrag|summe)", r"brutto-?(?:betrag|summe)", r"(?:rechnungs)?summe (?:inkl|brutto)[^\n\d]{0,16}",
           r"gesamt (?:brutto|inkl)", r"zahl-?betrag", r"zu zahlen(?:der betrag)?"),
    labelled("invoice_sum_de", 0.85, r"rechnungssumme(?! netto)", r"beitrag inkl\w*", r"jahresbeitrag"),
    labelled("gross_in_row", 0.85, r"brutto", r"inkl\. ust\.?", r"incl\. vat", r"\(?inkl\. (?:ust|mwst)\.?\)?"),
    labelled("gross_total_fr", 1.0, r"(?:total|montant|somme) (?:ttc|à payer|a payer|eur ttc)", r"net [àa] payer",
           r"total (?:de la )?facture", r"total g[eé]n[eé]ral"),
    labelled("gross_total_other", 0.95, r"factuur ?totaal", r"te betalen", r"totaal(?: incl\w*)?", r"importe total", r"total a pagar",
           r"totale (?:fattura|documento|da pagare)"),
    labelled("amount_due", 0.65, r"(?:total |amount |balance )(?:is )?due", r"offener betrag", r"restbetrag"),
    labelled("total_amount", 0.85, r"total (?:amount|amt|sales|rm|price|bill|cost|sum)",
           r"t[o0]tal[^\n\w]{0,3}(?:rm|eur|usd|chf|gbp|€|\$)"),
    labelled("nett", 0.55, r"nett?(?: total| amount| amt)?(?= ?[:(]?(?: ?rm| ?\d|$))"),
    labelled("total", 0.75, r"total", r"summe", r"gesamt", r"totale", r"rounded total[^\n]{0,8}", r"rounding total"),
    labelled("subtotal", -0.55, r"sub ?-? ?total[a-z]{0,2}", r"zwischensumme", r"sous-? ?total", r"subtotaal"),
    labelled("net_total", -0.8, rf"total[^\n\d]{{0,20}}\(?(?:excl|exl){_TAIL}",
           r"(?:summe|rechnungssumme|gesamt|total|betrag) ?(?:netto|net|ht)\b", r"netto-?(?:betrag|wert|summe)", r"total h\.?t\.?",
           r"exclusief btw", r"amount before", r"total before", r"warenwert", r"taxable", r"net amount"),
    labelled("tax", -0.6,
           r"(?:total )?(?:gst|vat|tax|sst|service tax|ust|mwst|tva|btw|umsatzsteuer|mehrwertsteuer)(?![a-z-])(?! incl)(?! invoice)",
           r"steuer\w*", r"mwst-?betrag"),
    labelled("count_or_discount", -0.7,
           r"total (?:qty|quantity|items?|no|disc\w*|saving\w*|points?|pcs|rounding|tender\w*|paid|gst|tax|cash|change)\b",
           r"(?:qty|item\w*|quantity)\b", r"disc(?:ount)?\b", r"rabatt", r"skonto", r"saving\w*", r"you saved", r"points"),
    labelled("paid_or_change", -0.6, r"cash", r"change\b", r"tender\w*", r"paid\b", r"payment", r"visa", r"master ?card", r"debit",
           r"credit card", r"balance(?! due)", r"deposit", r"rounding(?! total)", r"round(?:ing)? adj\w*", r"bereits bezahlt", r"gegeben",
           r"r[uü]ckgeld", r"rendu", r"wisselgeld", r"received"),
)
# fmt: on
"""Labels of the total to pay, tax included."""

TAX_SUMMARY = re.compile(
    r"(?:gst|tax|vat|sst|mwst|ust)\.? ?(?:summary|analysis|code|rate|breakdown|[uü]bersicht|satz)|(?:summary|analysis)\b"
)
"""Opens the table of tax by rate at a receipt's foot; its sums aren't the total."""

CASH_LABEL = re.compile(r"(?<![\w-])(?:cash(?! ?bill)|tender\w*|gegeben|bar\b|esp[eè]ces|cash received|accepted|paid amount|amount paid)")
ROUNDING_LABEL = re.compile(r"(?<![\w-])round(?:ing|ed)?(?: ?adj\w*\.?| amt| amount)?(?! total)|rundung\w*|arrondi|afronding")
CHANGE_LABEL = re.compile(r"(?<![\w-])(?:change|r[uü]ckgeld|rendu|wisselgeld|cambio)")
"""What was handed over less what was handed back is the total."""

TITLE_WORDS = re.compile(
    r"\b(?:tax|invoice|rechnung\w*|facture|factuur|fattura|factura|receipt|quittung|re[cç]u"
    r"|credit note|gutschrift|avoir|purchase order|bestellung"
    r"|bon de commande|delivery (?:note|order)|lieferschein|angebot|quotation|quote|devis|seite|page"
    r"|date|datum|copy|kopie|original|welcome|bill|cash"
    r"|tel|fax|www|http|e-?mail|gst|reg|co\.? no)\b"
)
"""Words in a top line that say it is a title or a contact line and not the vendor's name."""

COMPANY_FORMS = re.compile(
    r"(?<![\w])(?:gmbh|ag|kg|ohg|e\.? ?k\.?|ug|se|ltd|limited|llc|inc|corp|plc|co|sdn\.? ?bhd|s/b|bhd|sarl|sas|sa|s\.a\.|eurl|b\.?v\.?"
    r"|n\.?v\.?|s\.?r\.?l\.?|s\.?p\.?a\.?|s\.l\.|enterprise|trading|restaurant|restoran|store|stores|mart|pharmacy|hotel|cafe|kedai|company"
    r"|verein|versicherung\w*|bank)(?![\w])"
)
"""Legal forms and trades that a vendor's name often carries."""
