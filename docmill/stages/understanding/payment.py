"""How and on which terms a document is to be paid, by the words it uses."""

import re
from collections.abc import Sequence

from docmill.stages.understanding.layout import Hit, field, find, hit
from docmill.values.evidence import Field
from docmill.values.page import Page

_TERMS_LABEL = re.compile(
    r"(?<!\w)(?:payment terms|terms of payment|zahlungsbedingung(?:en)?|zahlungskonditionen"
    r"|conditions de (?:paiement|r[eè]glement)|betalings(?:voorwaarden|condities)|betaaltermijn"
    r"|terms) ?:? ?"
)
_TERMS_SENTENCE = re.compile(
    r"(?:^|(?<=[.!] ))[^\n.]{0,40}\b(?:zahlbar|netto ohne abzug|ohne abzug"
    r"|innerhalb (?:von )?\d+ tagen|payable within|net \d+ days|due within|betalen binnen"
    r"|payable sous|sofort f[aä]llig)\b[^\n]{0,120}",
    re.MULTILINE,
)
# fmt: off
_METHODS: tuple[tuple[str, re.Pattern[str], float], ...] = (
    ("direct_debit", re.compile(r"lastschrift(?!mandat)|wird (?:von|am)[^.]{0,60}abgebucht|eingezogen|direct debit"
            r"|pr[eé]l[eè]vement automatique|incasso|sepa-pre-?notification"), 0.85),
    ("card", re.compile(r"credit ?card|debit ?card|kreditkarte|girocard|ec-?karte|carte (?:bancaire|bleue)|\bvisa\b"
            r"|master ?card|maestro|\bamex\b|creditcard"), 0.75),
    ("online", re.compile(r"\bpaypal\b|\bideal\b|\bklarna\b|\bsofort[uü]berweisung\b|touch ?n ?go|grabpay|e-?wallet"), 0.8),
    ("cheque", re.compile(r"\bby cheque\b|\bpar ch[eè]que\b|payment by check\b"), 0.7),
    ("credit_transfer", re.compile(r"(?:bank)?[uü]berweisung|[uü]berweisen sie|bank transfer|wire transfer|virement|overschrijving"
            r"|overmaken|bankverbindung|\biban\b|sort code"), 0.75),
    ("cash", re.compile(r"^[^\n]{0,14}\bcash\b(?! ?(?:bill|sales|memo))|barzahlung|^bar\b|\bgegeben bar\b|esp[eè]ces"
            r"|contant\b", re.MULTILINE), 0.75),
)
# fmt: on
"""Words for a way to pay, in the order in which one outweighs the next; the names are those of docmill's e-invoices."""

_METHOD_LABEL = re.compile(
    r"(?<!\w)(?:payment (?:method|mode|type)|paid by|zahlungs(?:art|form|weise)|mode de (?:paiement"
    r"|r[eè]glement)|betaal(?:wijze|methode)|paymode) ?:? ?"
)
_MOST_TERMS = 200
_SENTENCE_END = re.compile(r"(?<=[.!]) (?=[A-ZÄÖÜ])")


def payment_terms(pages: Sequence[Page]) -> Field | None:
    """The terms as printed on one line: behind their label, else the sentence that says by when to pay."""
    for page in pages:
        for label in find(page, _TERMS_LABEL):
            if (rest := _rest_of_line(page, label.end)) is not None and len(rest.text) > 3:  # noqa: PLR2004 - a lone sign
                return field("payment_terms", " ".join(rest.text.split()), rest, 0.85, "label:payment_terms")
    for page in pages:
        for seen in find(page, _TERMS_SENTENCE):
            text = _SENTENCE_END.split(" ".join(seen.text.split()))[0][:_MOST_TERMS]
            return field("payment_terms", text, seen, 0.75, "sentence:payment_terms")
    return None


def payment_method(pages: Sequence[Page]) -> Field | None:
    """credit_transfer, direct_debit, card, cash, cheque or online; None when nothing is said."""
    for page in pages:
        for label in find(page, _METHOD_LABEL):
            rest = _rest_of_line(page, label.end)
            for name, pattern, _ in _METHODS:
                if rest is not None and pattern.search(rest.text.lower()):
                    return field("payment_method", name, rest, 0.92, "label:payment_method")
    for name, pattern, worth in _METHODS:
        for page in pages:
            for seen in find(page, pattern):
                return field("payment_method", name, seen, worth, f"word:{name}")
    return None


def _rest_of_line(page: Page, start: int) -> Hit | None:
    end = page.text.find("\n", start)
    end = len(page.text) if end < 0 else end
    return hit(page, start, end) if page.text[start:end].strip() else None
