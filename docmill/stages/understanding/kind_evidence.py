"""What speaks for each kind of document, as data. A rule's name is what the reason shows, so it never holds words of one document.

`top` rules count in full only in the upper third of a page and less below; `any` rules count wherever they stand.
"""

import re
from dataclasses import dataclass

OTHER = "other"
KINDS: tuple[str, ...] = (
    "invoice", "proforma_invoice", "receipt", "purchase_order", "credit_note", "delivery_note", "quote", "contract", "letter", "form", "bank_statement",
    "payslip", "email", "book_page", "medical_note", "report", "id_document", OTHER,
)  # fmt: skip
"""Every kind this stage can tell."""

MONEY_KINDS = frozenset({"invoice", "proforma_invoice", "receipt", "credit_note", "purchase_order", "quote"})
"""Kinds whose documents have a total."""


@dataclass(frozen=True, slots=True)
class KindRule:
    """One piece of evidence: for which kind, its name, pattern, weight, and whether it belongs to the top of a page."""

    kind: str
    name: str
    pattern: re.Pattern[str]
    weight: float
    at_top: bool


def _rule(kind: str, name: str, place: str, weight: float, *patterns: str) -> KindRule:
    return KindRule(kind, name, re.compile("|".join(patterns), re.MULTILINE), weight, place == "top")


# fmt: off
KIND_RULES: tuple[KindRule, ...] = (
    _rule("invoice", "title", "top", 2.0, r"\b(?:tax )?invoice\b", r"\b\w{0,12}rechnung(?!s-?korr)\b", r"\bfacture\b", r"\bfactuur\b",
           r"\bfattura\b", r"\bfactura\b", r"\br e c h n u n g\b"),
    _rule("invoice", "invoice_number_label", "any", 1.2, r"invoice ?(?:no|number|#|nr)", r"rechnungs? ?-?(?:nr|nummer|#)",
           r"rechnung (?:nr|#)", r"facture n[°º]", r"factuur ?nummer", r"beleg-?nr"),
    _rule("invoice", "invoice_date_label", "any", 0.8, r"invoice date", r"rechnungsdatum", r"beleg-?datum", r"date de facture",
           r"factuur ?datum"),
    _rule("invoice", "payment_terms", "any", 0.7, r"zahlbar", r"zahlungsbedingung", r"payment terms", r"due date", r"f[aä]llig",
           r"net 30", r"bitte [uü]berweisen", r"date limite de paiement", r"à payer", r"vervaldatum"),
    _rule("invoice", "bank_details", "any", 0.5, r"\biban\b", r"\bbic\b", r"\bblz\b", r"sort code", r"bank account"),
    _rule("invoice", "tax_id", "any", 0.4, r"ust[.-]{0,2} ?-?id", r"steuer-?nr", r"vat (?:reg|no|id)", r"n[°º] ?(?:de )?tva", r"btw ?nl",
           r"tva intra"),
    _rule("proforma_invoice", "title", "top", 5.0, r"\bpro ?-?forma\b"),
    _rule("receipt", "title", "top", 1.6, r"\breceipt\b", r"\bquittung\b", r"\bkassenbon\b", r"\bkassenbeleg\b", r"\bre[cç]u\b",
           r"\bticket de caisse\b", r"\bcash bill\b", r"\bcash sales\b", r"\bkassabon\b", r"\bsimplified (?:tax )?invoice\b"),
    _rule("receipt", "change_given", "any", 1.5, r"^[^\n]{0,12}\bchange\b", r"r[uü]ckgeld", r"rendu monnaie", r"wisselgeld"),
    _rule("receipt", "cash_or_card_paid", "any", 1.0,
           r"^[^\n]{0,12}\b(?:cash|tender\w*|visa|master ?card|debit card|maestro|ec-?karte|girocard|bar)\b"),
    _rule("receipt", "cashier", "any", 1.4, r"\bcashier\b", r"\bkassierer\b", r"\bcaissier\b", r"\bserved by\b", r"\bes bediente\b",
           r"\btill\b", r"\bwaiter\b", r"\bpax\b", r"\bcounter\b", r"\bterminal\b"),
    _rule("receipt", "thanks", "any", 1.0, r"thank you", r"thanks for", r"please come again", r"vielen dank f[uü]r ihren einkauf",
           r"merci de votre visite", r"danke f[uü]r ihren"),
    _rule("receipt", "no_returns", "any", 0.9, r"goods sold", r"not (?:returnable|refundable)", r"exchange(?:able)? (?:&|and|within)",
           r"no refund"),
    _rule("receipt", "tax_summary", "any", 0.8, r"(?:gst|tax) (?:summary|analysis)", r"\bgst (?:id|no|reg)", r"incl[a-z.]* (?:of )?gst"),
    _rule("receipt", "rounding", "any", 0.6, r"\brounding\b"),
    _rule("purchase_order", "title", "top", 2.4, r"\bpurchase order\b", r"^\W*bestellung\b", r"\bbon de commande\b", r"\binkooporder\b",
           r"\borden de compra\b", r"\bordine d'acquisto\b"),
    _rule("purchase_order", "order_label", "any", 0.8, r"\bp\.?o\.? ?(?:no|number|#|date)", r"ship to", r"deliver to", r"requested by",
           r"lieferanschrift"),
    _rule("credit_note", "title", "top", 3.4, r"\bcredit (?:note|memo)\b", r"^\W*gutschrift\b", r"\brechnungs-?korrektur\b",
           r"\bstornorechnung\b", r"\b(?:facture d')?avoir\b(?= n|$)", r"\bcreditnota\b", r"\bnota de cr[eé]dito\b",
           r"\bnota di credito\b"),
    _rule("credit_note", "credited", "any", 0.9, r"gutgeschrieben", r"credited to", r"ursprungsbeleg", r"original invoice"),
    _rule("delivery_note", "title", "top", 2.4, r"\bdelivery (?:note|order)\b(?! ?-?(?:nr|no))", r"^\W*lieferschein\b(?!-?(?:nr|datum))",
           r"\bbon de livraison\b", r"\bpacking (?:list|slip)\b", r"\bpakbon\b"),
    _rule("delivery_note", "received", "any", 0.7, r"received in good", r"ware erhalten", r"goods received by",
           r"unterschrift empf[aä]nger"),
    _rule("quote", "title", "top", 2.4, r"\bquotation\b", r"^\W*quote\b", r"^\W*angebot\b", r"^\W*devis\b", r"\bofferte\b",
           r"\bpresupuesto\b", r"\bpreventivo\b", r"\bkostenvoranschlag\b"),
    _rule("quote", "valid_until", "any", 0.8, r"valid (?:until|for)", r"g[uü]ltig bis", r"valable jusqu", r"freibleibend"),
    _rule("contract", "title", "top", 1.8, r"\bagreement\b", r"\bcontract\b", r"\b\w{0,14}vertrag\b", r"\bcontrat\b", r"\bcontratto\b",
           r"\bcontrato\b", r"\bovereenkomst\b"),
    _rule("contract", "parties", "any", 0.9, r"by and between", r"hereinafter", r"the parties", r"die parteien", r"vertragspartei",
           r"entre les soussign[eé]s", r"nachfolgend"),
    _rule("contract", "legal_terms", "any", 0.9, r"governing law", r"witness whereof", r"terms and conditions of this", r"whereas",
           r"gerichtsstand", r"herein(?:after|of)?", r"§ ?\d+ \w", r"ci-apr[eè]s"),
    _rule("letter", "salutation", "any", 1.7,
           r"^(?:dear|sehr geehrte|liebe|hallo|hello|cher|ch[eè]re|madame|monsieur|geachte|estimad|egregi|gentil|tisztelt|kedves)\b[^\n]{0,60}$"),
    _rule("letter", "closing", "any", 1.5,
           r"^(?:kind(?:est)? regards|best regards|regards|yours (?:sincerely|faithfully|truly)|sincerely)",
           r"^(?:mit (?:freundlichen|besten) gr|freundliche gr[uü]|cordialement|veuillez agr[eé]er|met vriendelijke|atentamente)",
           r"^(?:cordiali saluti|distinti saluti)"),
    _rule("letter", "subject", "top", 0.4, r"^(?:re|subject|betreff|betr\.?|objet|onderwerp|asunto|oggetto) ?:"),
    _rule("form", "title", "top", 2.0, r"\bform\b(?!at)", r"\bformular\b", r"\bformulaire\b", r"\bformulier\b", r"\bapplication for\b",
           r"\bantrag\b", r"\bquestionnaire\b", r"\bregistration\b"),
    _rule("form", "personal_labels", "any", 1.0,
           r"^\W*(?:full name|first name|last name|surname|date of birth|marital status|nationality)\b",
           r"^\W*(?:geburtsdatum|vorname|nachname|nom|pr[eé]nom|date de naissance)\b"),
    _rule("form", "fill_in", "any", 0.9, r"_{4,}", r"\.{8,}", r"\[ ?[x ]? ?\]", r"☐", r"☒", r"□", r"please (?:complete|fill|tick|print)",
           r"bitte (?:ausf[uü]llen|ankreuzen)", r"text ?field", r"check ?box", r"radio", r"submit"),
    _rule("form", "signature_line", "any", 0.4, r"signature", r"unterschrift", r"date signed"),
    _rule("bank_statement", "title", "top", 2.4, r"\b(?:bank|account|consolidated|monthly) statement\b", r"\bstatement of account\b",
           r"\bkontoauszug\b", r"\brelev[eé] de compte\b", r"\brekeningafschrift\b", r"\bestratto conto\b"),
    _rule("bank_statement", "balances", "any", 1.3, r"(?:opening|closing|beginning|ending|previous|new) balance", r"alter kontostand",
           r"neuer kontostand", r"ancien solde", r"nouveau solde", r"saldo"),
    _rule("bank_statement", "movements", "any", 1.6, r"withdrawals?\b[^\n]{0,12}deposits?", r"\bdebits?\b[^\n]{0,20}\bcredits?\b",
           r"buchungstag", r"date (?:de )?valeur", r"\bwertstellung\b", r"checking", r"savings account"),
    _rule("payslip", "title", "top", 4.0, r"\bpay ?-?(?:slip|stub|advice)\b", r"\b(?:salary|wage) (?:slip|statement)\b",
           r"\bearnings statement\b", r"\bstatement of earnings\b", r"\b(?:lohn|gehalts|entgelt|verdienst|bez[uü]ge)-?abrechnung\b",
           r"\blohn- und gehaltsabrechnung\b", r"\babrechnung der (?:brutto|bez[uü]ge)", r"\bbulletin de (?:paie|salaire)\b",
           r"\bfiche de paie\b", r"\bloonstrook\b", r"\bsalarisspecificatie\b", r"\brecibo de (?:n[oó]mina|salario)\b", r"\bbusta paga\b",
           r"\bcedolino\b"),
    _rule("payslip", "gross_and_net_pay", "any", 1.2, r"\b(?:gross|net) (?:pay|salary|wages|earnings)\b", r"\btake[ -]home pay\b",
           r"\bgesamt-?brutto\b", r"\bnetto-?verdienst\b", r"\bauszahlungsbetrag\b", r"\bsalaire (?:brut|net)\b", r"\bnet [àa] payer avant imp[oô]t",
           r"\b(?:bruto|netto)loon\b"),
    _rule("payslip", "deductions", "any", 1.2, r"\b(?:total )?deductions\b", r"\bnational insurance\b", r"\bfica\b", r"\bfederal (?:income )?tax\b",
           r"\bpaye\b", r"\b(?:epf|socso)\b", r"\blohnsteuer\b", r"\bsolidarit[aä]tszuschlag\b", r"\b(?:kranken|renten)versicherung\b",
           r"\bcotisations\b", r"\bloonheffing\b"),
    _rule("payslip", "employee_and_period", "any", 1.0, r"\bpay (?:period|date|day)\b", r"\bemployee (?:id|no|number|name|code)\b", r"\bytd\b",
           r"\byear to date\b", r"\bsteuerklasse\b", r"\bpersonal-?(?:nr|nummer)\b", r"\babrechnungsmonat\b", r"\bp[eé]riode de paie\b",
           r"\bhours worked\b", r"\bovertime\b"),
    _rule("medical_note", "title", "top", 2.6, r"\b(?:discharge|clinical) (?:summary|note|letter)\b",
           r"\b(?:progress|consultation|operative|soap|nursing) note\b",
           r"\bmedical (?:note|report|record|certificate|history)\b", r"\bhistory (?:and|&) physical\b", r"\bprescription\b",
           r"\bradiology report\b", r"\b(?:lab(?:oratory)?|pathology) (?:report|results)\b", r"\barzt(?:brief|bericht)\b",
           r"\bentlass(?:ungs)?-?(?:brief|bericht)\b", r"\b[aä]rztliche(?:s|r)? (?:attest|bericht|befund|bescheinigung)\b",
           r"\barbeitsunf[aä]higkeitsbescheinigung\b", r"\bbefund(?:bericht)?\b",
           r"\bcompte[ -]rendu (?:m[eé]dical|d.hospitalisation|op[eé]ratoire|de consultation)",
           r"\bcertificat m[eé]dical\b", r"\bordonnance\b", r"\breferral letter\b"),
    _rule("medical_note", "complaint_and_history", "any", 1.3, r"\bchief complaint\b", r"\bhistory of present illness\b", r"\b(?:past )?medical history\b",
           r"\bpresenting complaint\b", r"\banamnese\b", r"\bant[eé]c[eé]dents\b", r"\bmotif de (?:consultation|l.hospitalisation)", r"\bsymptoms?\b"),
    _rule("medical_note", "diagnosis_and_treatment", "any", 1.2, r"\bdiagnos[ei]s\b", r"\bmedications?\b", r"\bdiagnosen?\b", r"\bmedikation\b",
           r"\btherapie\b", r"\bdiagnostic\b", r"\btraitement\b", r"\bdosage\b", r"\b\d+ ?mg\b"),
    _rule("medical_note", "patient", "any", 0.8, r"\bpatient(?:in|s|en)?\b", r"\bmrn\b"),
    _rule("medical_note", "examination", "any", 1.0, r"\bvital signs\b", r"\bblood pressure\b", r"\bphysical exam", r"\ballerg(?:ies|ien)\b",
           r"\bheart rate\b", r"\bblutdruck\b", r"\bk[oö]rperliche untersuchung\b", r"\btension art[eé]rielle\b", r"\bexamen clinique\b"),
    _rule("id_document", "title", "top", 3.0,
           r"^\W*(?:[\w/ .,-]{0,30} )?(?:passport|identity card|id card|driver.?s? licen[cs]e|driving licen[cs]e|residence permit)\W*(?:/.{0,40})?$",
           r"\b(?:reisepass|personalausweis|f[uü]hrerschein|aufenthaltstitel)\b", r"\bpasseport\b", r"\bcarte (?:nationale )?d.identit[eé]\b",
           r"\bpermis de (?:conduire|s[eé]jour)\b", r"\b(?:identiteitskaart|rijbewijs|paspoort)\b", r"\b(?:carta d.identit[aà]|patente di guida)\b",
           r"\b(?:documento nacional de identidad|permiso de conducci[oó]n|pasaporte|mykad|kad pengenalan)\b"),
    _rule("id_document", "machine_readable_zone", "any", 4.0, r"^[pivac][a-z<][a-z<]{3}[a-z0-9< ]*<{2,}[a-z0-9< ]*$", r"^[a-z0-9< ]{18,}<{3,}[a-z0-9< ]*$"),
    _rule("id_document", "validity", "any", 0.9, r"\bdate of expir(?:y|ation)\b", r"\bexpiry date\b", r"\bissuing authority\b",
           r"\bg[uü]ltig bis\b[^\n]{0,30}\bbeh[oö]rde\b",
           r"\bausstellende beh[oö]rde\b", r"\bdate d.expiration\b", r"\bautorit[eé]\b"),
    _rule("id_document", "person", "any", 0.6, r"\bplace of birth\b", r"\bgeburtsort\b", r"\blieu de naissance\b", r"\bsex(?:e)?\b[ /:]", r"\bgeschlecht\b"),
    _rule("email", "headers", "top", 2.2,
           r"^(?:from|von|de) ?:[^\n]*\n(?:[^\n]*\n){0,4}?(?:to|an|sent|date|gesendet|datum|[àa]|envoy[eé]) ?:"),
    _rule("email", "subject_header", "top", 1.0, r"^(?:subject|betreff|objet|onderwerp) ?:"),
    _rule("email", "addresses", "top", 0.4, r"<[^<>@\s]+@[^<>\s]+>"),
    _rule("report", "title", "top", 1.4, r"\b(?:annual |quarterly |final |technical |progress )?report\b", r"\b\w{0,14}bericht\b",
           r"\brapport\b", r"\bwhite ?paper\b", r"\bstudy\b"),
    _rule("report", "abstract_or_contents", "any", 1.3,
           r"^\W*(?:abstract|table of contents|contents|executive summary|inhaltsverzeichnis|zusammenfassung|sommaire|r[eé]sum[eé])\W*$"),
    _rule("report", "figures_or_references", "any", 0.8, r"^(?:figure|table|abbildung|tabelle|fig\.) \d",
           r"^\W*(?:references|literatur|bibliography|bibliographie)\W*$", r"et al\."),
)
# fmt: on
