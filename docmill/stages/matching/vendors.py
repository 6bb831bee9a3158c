"""Whether the receipt comes from the order's vendor, and whether it asks for the money on the vendor's account."""

from docmill.stages.matching.wording import name_likeness
from docmill.values.matching import Finding, Receipt
from docmill.values.purchasing import Vendor, compact

LEAST_LIKENESS = 0.85
"""Names less alike are another firm's: one wrong letter in seven is more than reading does to a clear name."""

_HALF = 0.5


def compare_vendor(vendor: Vendor, receipt: Receipt) -> tuple[float, list[Finding]]:
    """Score 0-1 and what was noticed. A tax number decides where both sides have one, else the name does."""
    findings: list[Finding] = []
    likeness = name_likeness(vendor.name, receipt.vendor_name) if receipt.vendor_name else 0.0
    score = likeness if likeness >= LEAST_LIKENESS else likeness * _HALF
    if vendor.tax_ids and receipt.vendor_tax_id:
        if _same_id(compact(receipt.vendor_tax_id), vendor.tax_ids):
            score = 1.0
        else:
            score = 0.0
            findings.append(Finding(code="vendor_tax_id", message="the receipt shows another tax number than the order's vendor has"))
    elif not receipt.vendor_name:
        findings.append(Finding(code="vendor_unread", message="neither a name nor a known tax number of the vendor was read"))
    elif likeness < LEAST_LIKENESS:
        findings.append(Finding(code="vendor_name", message=f"the vendor's name is another one (likeness {likeness:.2f})"))
    if _account_changed(vendor, receipt):
        score *= _HALF
        findings.append(Finding(code="bank_account", message="the receipt asks for payment to another account than the vendor's"))
    return round(score, 4), findings


def _same_id(found: str, known: tuple[str, ...]) -> bool:
    """A number may be printed without the country in front of it."""
    return any(found == one or (one[:2].isalpha() and found == one[2:]) or (found[:2].isalpha() and found[2:] == one) for one in known)


def _account_changed(vendor: Vendor, receipt: Receipt) -> bool:
    return bool(vendor.iban and receipt.vendor_iban and compact(receipt.vendor_iban) != vendor.iban)
