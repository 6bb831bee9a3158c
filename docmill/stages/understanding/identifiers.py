"""Account and tax numbers: found by form and check digits, told apart by what stands beside them."""

import re
from collections.abc import Sequence

from docmill.stages.understanding.checksums import IBAN_LENGTHS, is_iban, vat_id_checks
from docmill.stages.understanding.layout import ADJACENT, DOUBT, LEAST_DOUBT, Hit, closeness, field, find, hit
from docmill.values.evidence import Field
from docmill.values.page import Page

_IBAN = re.compile(r"(?<![A-Z0-9])([A-Z]{2}\d{2}(?:[ .]?[A-Z0-9]){10,32})")
_IBAN_LABEL = re.compile(r"(?<!\w)iban(?:-nr\.?)?")
_BANK_BEFORE = re.compile(r"bankverbindung|bank account|iban|konto\b|compte|\|[ ,;]{0,3}bic\b")
_VAT = re.compile(
    r"(?<![A-Z0-9])(?:DE(?:[ .-]?\d){9}|AT ?U(?:[ .]?\d){8}|NL(?:[ .]?\d){9}[ .]?B(?:[ .]?\d){2}|FR ?[A-Z0-9][ .]?[A-Z0-9](?:[ .]?\d){9}"
    r"|BE ?[01]?(?:[ .]?\d){9}|GB(?:[ .]?\d){9}(?:(?:[ .]?\d){3})?|IT(?:[ .]?\d){11}"
    r"|ES ?[A-Z0-9](?:[ .-]?\d){7}[ .-]?[A-Z0-9]|LU(?:[ .]?\d){8}"
    r"|CHE[ -]?\d{3}\.?\d{3}\.?\d{3}(?: ?(?:MWST|TVA|IVA))?|PL(?:[ -]?\d){10}|DK(?:[ .]?\d){8}"
    r"|PT(?:[ .]?\d){9}|IE ?\d[A-Z0-9]\d{5}[A-Z]{1,2}"
    r"|SE(?:[ .-]?\d){12}|FI(?:[ .-]?\d){8}|CZ(?:[ .]?\d){8,10})(?![A-Z0-9]| ?\d)"
)
_VAT_LABEL = re.compile(
    r"(?<!\w)(?:u\.?st\.?[.-]{0,2} ?-?id[a-z.-]*(?: ?-? ?nr\.?)?|umsatzsteuer-?id\w*[ .-]*\w*"
    r"|vat(?: reg\w*)?(?: no| id| number)?\.?|tva(?: intra\w*)?|btw(?:[ -]?n[ru]\w*)?|p\.? ?iva"
    r"|partita iva|n\.?i\.?f\.?|c\.?i\.?f\.?|uid(?:-nr)?|mwst-?nr\.?)"
)
_LOCAL = re.compile(
    r"(?<!\w)(?P<label>(?:gst|sst|service tax)(?: ?(?:reg\w*|id|no|number|#)\b\.?){0,3}|steuer-?(?:nr"
    r"|nummer)\b\.?|tax (?:id|reg\w*|no)\b\.?(?: no\b\.?)?|siret|ein)"
    r" ?[:.#]{0,2} ?\(?(?P<id>(?=[a-z0-9 /-]*\d{3})[a-z0-9][a-z0-9/-]{6,18}(?: \d{2,4}){0,4})(?!\w)"
)
_THEIRS = re.compile(r"(?:\bihre?|\byour|\buw|\bvotre|customer'?s?|client|kunden\w*|k[aä]ufer)\W{1,3}(?:\w+\W{1,3}){0,2}$")
_MINE, _FOOT = 0.1, 0.05


def vendor_iban(pages: Sequence[Page]) -> Field | None:
    """The account to pay to, without spaces; one with wrong check digits only behind its label and with a lower confidence."""
    best: tuple[float, str, Hit, str] | None = None
    for page in pages:
        labels = find(page, _IBAN_LABEL)
        for m in _IBAN.finditer(page.text):
            seen, compact = _cut_iban(page, m)
            if seen is None:
                continue
            is_labelled = any(closeness(label, seen) >= 0.5 for label in labels)  # noqa: PLR2004 - below it another one's label
            is_named = is_labelled or bool(_BANK_BEFORE.search(_around(seen)))
            score = (0.99 if is_labelled else 0.96) if is_iban(compact) else (0.76 if is_named else 0.0)
            score -= 0.5 if _THEIRS.search(_before(seen)) else 0.0
            if score > (best[0] if best else 0.3):
                best = score, ("label:iban" if is_labelled else "form:iban"), seen, compact
    if best is None:
        return None
    doubt = LEAST_DOUBT if is_iban(best[3]) else DOUBT  # a misread figure fails the check
    return field("vendor_iban", best[3], best[2], best[0], best[1], doubt=doubt)


def _cut_iban(page: Page, m: re.Match[str]) -> tuple[Hit | None, str]:
    """The IBAN without what follows it on the line, such as `BIC`."""
    length = IBAN_LENGTHS.get(m[1][:2])
    kept = 0
    for offset, c in enumerate(m[1]):
        kept += c.isalnum()
        if kept == length:
            text = m[1][: offset + 1]
            return hit(page, m.start(1), m.start(1) + offset + 1), re.sub(r"[ .]", "", text)
    return None, ""


def _before(seen: Hit) -> str:
    text = seen.page.text
    return text[max(text.rfind("\n", 0, seen.start) + 1, seen.start - 40) : seen.start].lower()


def _around(seen: Hit) -> str:
    """The words before and behind, a bar between them."""
    text = seen.page.text
    return f"{text[max(0, seen.start - 60) : seen.start]}|{text[seen.end : seen.end + 8]}".lower()


def vendor_tax_id(pages: Sequence[Page]) -> Field | None:
    """The vendor's VAT number, upper case without spaces; else a national one as printed."""
    best: tuple[float, str, Hit] | None = None
    for page in pages:
        labels = find(page, _VAT_LABEL)
        for m in _VAT.finditer(page.text):
            seen = hit(page, *m.span())
            if seen is None:
                continue
            score, rule = _vat_score(seen, labels)
            if score > (best[0] if best else 0.35):
                best = score, rule, seen
    if best is not None:
        number = re.sub(r"[ .-]", "", best[2].text).upper()
        return field("vendor_tax_id", number, best[2], best[0], best[1], doubt=LEAST_DOUBT if vat_id_checks(number) else DOUBT)
    return _local_tax_id(pages)


def _vat_score(seen: Hit, labels: list[Hit]) -> tuple[float, str]:
    near = max((closeness(label, seen) for label in labels), default=0.0)
    check = vat_id_checks(re.sub(r"[ .-]", "", seen.text).upper())
    score = 0.45 + 0.4 * near + (0.1 if check else -0.05 if check is False else 0.0)
    score -= 0.6 if _THEIRS.search(_before(seen)) else 0.0
    if not near and not check:
        return 0.0, ""
    height = max(1, seen.page.height_px)
    # without a word saying whose it is, the sender's stands first or at the foot
    score -= _MINE * min(1.0, seen.box.y0 / height) if seen.box.y0 < 0.75 * height else 0.0
    if check and near >= 0.7:  # noqa: PLR2004 - a label directly above is the weakest that counts
        score = max(score, 0.98) if score > 0.5 else score  # noqa: PLR2004 - not a customer's
    return score, "label:vat_id" if near == ADJACENT or near > 0.5 else "form:vat_id"  # noqa: PLR2004 - a label in sight


def _local_tax_id(pages: Sequence[Page]) -> Field | None:
    for page in pages:
        for seen in find(page, _LOCAL, 2):
            if not _THEIRS.search(_before(seen)):
                return field("vendor_tax_id", re.sub(r"\s", "", seen.text).upper(), seen, 0.8, "label:local_tax_id")
    return None
