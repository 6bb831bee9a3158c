"""The fingerprint by which a receipt is known again: a digest, so that it may outlive the document."""

from docmill.stages.matching.wording import plain
from docmill.values.keys import digest
from docmill.values.matching import Receipt
from docmill.values.purchasing import Vendor, compact

_LOOK_ALIKE = str.maketrans("OQIL", "0011")
_LENGTH = 32


def fingerprint(vendor: Vendor, receipt: Receipt) -> str:
    """Of the vendor with the document's number, or with date, total and lines where no number was read; 32 hexadecimal characters.

    Letters and figures that reading mixes up count as one. Kinds are kept apart: a delivery note may bear the invoice's number.
    """
    who = vendor.tax_ids[0] if vendor.tax_ids else plain(vendor.name)
    if receipt.document_number and (number := compact(receipt.document_number).translate(_LOOK_ALIKE)):
        return digest("number", who, receipt.kind.value, number)[:_LENGTH]
    lines = sorted([plain(one.description or ""), str(one.quantity), str(one.amount)] for one in receipt.lines)
    return digest("content", who, receipt.kind.value, receipt.issue_date, str(receipt.total), lines)[:_LENGTH]
