"""Purchasing's values: lines, vendors, requests, orders. Money is Decimal in one currency, never a float.

Belongs here: what requests, orders and receipts have in common. Does not belong here: how a receipt is compared (values/matching.py) and the
ledger's rows.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from docmill.values.model import Value

CENT = Decimal("0.01")
MOST_LINES = 1000

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
Amount = Annotated[Decimal, Field(max_digits=15, decimal_places=6)]
Rate = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4)]


def cents(amount: Decimal) -> Decimal:
    """The amount to two decimals, half up as invoices are rounded."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def compact(text: str) -> str:
    """An account or tax number as it is compared: upper case letters and figures only."""
    return "".join(c for c in text.upper() if c.isalnum())


class OrderLine(Value):
    """One line that is asked for.

    Attributes:
        description: what.
        quantity: how many of `unit`.
        unit: a word or a UN/ECE Recommendation 20 code; see stages/matching/units.py for those that are understood.
        unit_price: of one unit, net; negative for a discount.
        tax_rate: in percent.
        item_number: the supplier's number, when known.
    """

    description: Text
    quantity: Annotated[Amount, Field(gt=0)]
    unit: Text = "C62"
    unit_price: Amount
    tax_rate: Rate = Decimal(0)
    item_number: Text | None = None

    @property
    def net(self) -> Decimal:
        """Net amount of the line, to the cent."""
        return cents(self.quantity * self.unit_price)


class Vendor(Value):
    """Who is asked. Tax numbers and the account are kept without spaces."""

    name: Text
    address: LongText = ""
    tax_ids: tuple[Text, ...] = ()
    iban: Text | None = None

    @field_validator("tax_ids", mode="after")
    @classmethod
    def _compact_ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(compact(one) for one in value)

    @field_validator("iban", mode="after")
    @classmethod
    def _compact_iban(cls, value: str | None) -> str | None:
        return compact(value) if value else None


class TaxSum(Value):
    """Tax of one rate in percent over the net amount of its lines."""

    rate: Decimal
    net: Decimal
    tax: Decimal


class PurchaseContent(Value):
    """What is bought: the part that a request and its order share.

    Attributes:
        vendor: from whom.
        buyer: the name and address on the order, one line each.
        currency: of every amount.
        lines: at least one.
        delivery_address, payment_terms, notes: free text.
        attachments: ids of documents, the proforma first.
    """

    vendor: Vendor
    buyer: LongText = ""
    currency: Currency
    lines: Annotated[tuple[OrderLine, ...], Field(min_length=1, max_length=MOST_LINES)]
    delivery_address: LongText = ""
    payment_terms: LongText = ""
    notes: LongText = ""
    attachments: tuple[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")], ...] = ()

    @property
    def taxes(self) -> tuple[TaxSum, ...]:
        """Tax by rate, highest rate first; the tax is taken from the sum of a rate's lines and rounded once (EN 16931, BR-CO-17)."""
        nets: dict[Decimal, Decimal] = {}
        for line in self.lines:
            rate = line.tax_rate.normalize()
            nets[rate] = nets.get(rate, Decimal(0)) + line.net
        return tuple(TaxSum(rate=rate, net=net, tax=cents(net * rate / 100)) for rate, net in sorted(nets.items(), reverse=True))

    @property
    def net(self) -> Decimal:
        """Sum of the lines."""
        return sum((line.net for line in self.lines), Decimal(0))

    @property
    def tax(self) -> Decimal:
        """Sum of the taxes by rate."""
        return sum((share.tax for share in self.taxes), Decimal(0))

    @property
    def total(self) -> Decimal:
        """What is to be paid."""
        return self.net + self.tax


class Difference(Value):
    """One thing that the request and the proforma say differently. `place` such as vendor.iban or line 3.unit_price."""

    place: str
    request: str
    proforma: str
