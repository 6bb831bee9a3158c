"""The words beside due dates and dates of delivery, as data, and the sentences that such dates end. No code here."""

import re

from docmill.stages.understanding.labels import labelled

DUE_DATE_LABELS = (
    labelled(
        "due_date",
        1.0,
        r"(?:payment )?due(?: date| on| by)?",
        r"pay(?:able|ment)? (?:by|until|before|on)",
        r"please pay by",
        r"f[aä]llig(?:keit\w*|keitsdatum)?(?: am| zum| bis)?",
        r"zahlungsziel",
        r"zahlbar bis(?: zum)?",
        r"zahlungstermin",
        r"[eé]ch[eé]ance",
        r"date limite de paiement(?: le)?",
        r"[aà] payer avant(?: le)?",
        r"payable (?:le|avant le)",
        r"verval-?datum",
        r"te betalen v[oó][oó]r",
        r"vencimiento",
        r"fecha de vencimiento",
        r"scadenza",
        r"data di scadenza",
    ),
    labelled(
        "not_due_date",
        -1.0,
        r"(?:invoice|receipt|bill|issue|order|delivery|service) date",
        r"(?:rechnungs|beleg|liefer|leistungs|bestell)-? ?datum",
        r"date de (?:facture|livraison|commande)",
        r"factuur ?-?datum",
        r"order ?datum",
        r"skonto",
        r"discount",
        r"escompte",
        r"valid\w*",
        r"g[uü]ltig\w*",
        r"zeitraum",
        r"period\w*",
        r"vom",
    ),
)
DELIVERY_DATE_LABELS = (
    labelled(
        "delivery_date",
        1.0,
        r"delivery ?date",
        r"date of (?:delivery|supply)",
        r"(?:ship(?:ping|ped)?|service|supply) ?date",
        r"(?:liefer|leistungs|versand)-? ?datum",
        r"liefer- bzw\. leistungsdatum",
        r"liefertermin",
        r"tag der lieferung",
        r"date de livraison",
        r"date de prestation",
        r"lever-?datum",
        r"leveringsdatum",
        r"fecha de entrega",
        r"data (?:di )?consegna",
        r"delivered on",
        r"geliefert am",
    ),
    labelled("delivery_note_date", 0.6, r"lieferschein-? ?datum"),
    labelled("not_delivery_date", -1.0, r"(?:invoice|order|due) date", r"(?:rechnungs|beleg|bestell)-? ?datum", r"factuur ?-?datum"),
)

DUE_BEFORE = re.compile(
    r"(?:zahlbar|[uü]berweisen|begleichen|bezahlen|zahlen|payable|to pay|pay|remit|betalen|over te maken|r[eé]gler|payer)\b[^.;]{0,60}?"
    r"(?:bis(?: zum| sp[aä]testens)?|by|until|before|no later than|v[oó][oó]r|uiterlijk|avant le|au plus tard le) ?$"
)
"""What stands before a due date in a sentence."""

DEBIT_BEFORE = re.compile(
    r"(?:abbuch\w*|einziehen|eingezogen|lastschrift\w*|debited|collect\w*|pr[eé]l[eè]\w*"
    r"|incasso)\b[^.;]{0,60}?(?:am|zum|on|le|op|du) ?:? ?$"
)
DUE_AFTER = re.compile(r"^[ \n]*(?:f[aä]llig|abgebucht|eingezogen|von ihrem konto|due)\b")
DISCOUNT_BEFORE = re.compile(r"(?:skonto|discount|escompte|korting)\b[^.;]{0,40}$")

TERM_DAYS = re.compile(
    r"(?:innerhalb(?: von)?|binnen|within|net|netto|in|sous|[àa]|binnen de) (?P<a>\d{1,3}) (?:tage?n?|days?|jours?|dagen|kalendertagen)\b"
    r"|(?P<b>\d{1,3}) (?:tage?|days?|jours?|dagen)(?: ab rechnungsdatum)? (?:netto|net|rein netto"
    r"|after|from|ohne abzug)|\bnet (?P<c>\d{1,3})\b"
)
"""Days to pay from the date of issue."""

PAYABLE_AT_ONCE = re.compile(
    r"sofort (?:f[aä]llig|zahlbar|ohne abzug)|zahlbar sofort|due (?:upon|on) receipt"
    r"|payable immediately|[àa] r[eé]ception"
)
