"""What an e-invoice says, whatever its syntax: the same field names and forms as fields read from a page.

Terms in comments are those of EN 16931-1 (BT-1 and so on).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line: all figures as they stand in the XML; `tax_rate` in percent."""

    description: str | None
    quantity: Decimal | None
    unit: str | None
    unit_price: Decimal | None
    tax_rate: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class InvoiceTax:
    """The tax of one rate in percent, with its net amount."""

    rate: Decimal
    net: Decimal | None
    tax: Decimal


@dataclass(frozen=True, slots=True)
class EInvoice:
    """An e-invoice.

    Attributes:
        profile: a fixed name such as zugferd-1.0-comfort, factur-x-en16931, xrechnung-3.0, ubl; never text of the document.
        kind: of document.
        fields: name -> normalised value (ISO 8601, decimal number, ISO 4217, text), as in docmill.values.evidence.Field.
        sums: further figures that fields have no name for: line_total, allowances, charges, prepaid, rounding.
        lines, taxes: in their order.
    """

    profile: str
    kind: str
    fields: Mapping[str, str]
    sums: Mapping[str, Decimal] = field(default_factory=dict)
    lines: tuple[InvoiceLine, ...] = ()
    taxes: tuple[InvoiceTax, ...] = ()

    def amount(self, name: str) -> Decimal | None:
        """A sum among the fields as a number."""
        value = self.fields.get(name)
        return Decimal(value) if value is not None else None


CREDIT_TYPES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
"""UNTDID 1001 codes of credit notes (as EN 16931 lists them)."""

PROFORMA_TYPE = "325"

PAYMENT_METHODS: MappingProxyType[str, str] = MappingProxyType(
    {"10": "cash", "20": "cheque", "30": "credit_transfer", "31": "credit_transfer", "42": "credit_transfer", "48": "card", "49": "direct_debit",
     "54": "card", "55": "card", "57": "standing_agreement", "58": "credit_transfer", "59": "direct_debit", "68": "online", "97": "clearing"},
)  # fmt: skip
"""UNTDID 4461 code -> docmill's word for it."""


def kind_of(type_code: str | None, *, is_credit: bool = False) -> str:
    """The kind of document for an invoice type code (BT-3)."""
    if is_credit or type_code in CREDIT_TYPES:
        return "credit_note"
    return "proforma_invoice" if type_code == PROFORMA_TYPE else "invoice"


_PROFILES: tuple[tuple[str, str], ...] = (
    ("xrechnung_3", "xrechnung-3"), ("xrechnung_2", "xrechnung-2"), ("xrechnung_1", "xrechnung-1"), ("xrechnung", "xrechnung"),
    ("crossindustrydocument:invoice:1p0:basic", "zugferd-1.0-basic"), ("crossindustrydocument:invoice:1p0:comfort", "zugferd-1.0-comfort"),
    ("crossindustrydocument:invoice:1p0:extended", "zugferd-1.0-extended"), ("crossindustrydocument", "zugferd-1.0"),
    ("1p0:minimum", "factur-x-minimum"), ("2p0:minimum", "factur-x-minimum"), ("1p0:basicwl", "factur-x-basicwl"),
    ("2p0:basicwl", "factur-x-basicwl"), ("1p0:basic", "factur-x-basic"), ("2p0:basic", "factur-x-basic"),
    ("1p0:extended", "factur-x-extended"), ("2p0:extended", "factur-x-extended"), ("peppol", "peppol-bis-3"),
    ("cen.eu:en16931", "en16931"),
)  # fmt: skip


def profile_of(guideline: str | None, syntax: str) -> str:
    """A fixed name for a guideline (BT-24); `syntax` when it is none of the known ones."""
    folded = (guideline or "").lower()
    return next((name for mark, name in _PROFILES if mark in folded), syntax)
