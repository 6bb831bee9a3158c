"""Which fields of a document are open or contradictory, so that a language model may be asked for them."""

import re
from types import MappingProxyType
from typing import Final

from docmill.values.evidence import Understanding

SURE: Final = 0.8
"""A field this sure is not open: at the usual thresholds of review nobody would be asked about it either."""

EINVOICE: Final = "einvoice:"
"""How sources begin of values that an XML says; they are exact, and nobody is asked about them."""

_PARTIES: Final = ("vendor_address", "vendor_tax_id", "customer_name", "customer_address")
_SUMS: Final = ("net_total", "tax_total")
_OF_INVOICES: Final = (
    ("vendor_name", "document_number", "issue_date", "currency", "total"),
    (*_PARTIES, "vendor_iban", "purchase_order_number", "due_date", "delivery_date", *_SUMS, "amount_due", "payment_terms"),
)
FIELDS_OF_KIND: MappingProxyType[str, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        "invoice": _OF_INVOICES,
        "credit_note": _OF_INVOICES,
        "proforma_invoice": _OF_INVOICES,
        "quote": (("vendor_name", "issue_date", "total"), ("document_number", "currency", *_PARTIES, *_SUMS)),
        "receipt": (("vendor_name", "issue_date", "total"), ("vendor_address", "vendor_tax_id", "currency", *_SUMS)),
        "purchase_order": (("document_number", "issue_date"), ("vendor_name", "currency", "delivery_date", "total", *_PARTIES, *_SUMS)),
        "delivery_note": (("vendor_name", "document_number", "issue_date"), ("delivery_date", "purchase_order_number", *_PARTIES)),
    },
)
"""Kind -> fields that every such document has, and fields that it may have. The second are asked for only beside one of the first: most papers lack
some of them, and a missing one alone is no reason to ask."""

_NAME = re.compile(r"[a-z]+(?:_[a-z]+)+|\btotal\b")


def contradictory(found: Understanding) -> frozenset[str]:
    """Fields that the document's contradictions name. Their messages name fields and never values, so this reads no text of the document."""
    known = {name for groups in FIELDS_OF_KIND.values() for group in groups for name in group}
    named = {name for problem in found.own_problems for name in _NAME.findall(problem.message)}
    exact = {one.name for one in found.fields if one.evidence.source.startswith(EINVOICE)}
    return frozenset((named & known) - exact)


def open_fields(found: Understanding) -> tuple[str, ...]:
    """Names of the fields to ask for, in a fixed order; none where nothing that matters is open.

    Args:
        found: what rules and constraints say.
    """
    main, further = FIELDS_OF_KIND.get(found.kind.name, ((), ()))
    sure = {one.name for one in found.fields if one.evidence.confidence >= SURE}
    doubted = contradictory(found)
    asked = tuple(name for name in (*main, *further) if name not in sure or name in doubted)
    return asked if any(name in main or name in doubted for name in asked) else ()
