"""What a receipt is compared with and what comes of it. All of it is JSON, so that a decision can be kept and made again.

Belongs here: the matching room's input and output. How they are compared stands in stages/matching.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from docmill.values.model import Value
from docmill.values.purchasing import PurchaseContent


class MatchOutcome(StrEnum):
    """What a receipt is to its order."""

    MATCHED = "matched"
    PARTIAL = "partial"
    MISMATCH = "mismatch"
    DUPLICATE = "duplicate"


class ReceiptKind(StrEnum):
    """What kinds of document are matched. A delivery note asks for no money and counts goods apart from what is invoiced."""

    INVOICE = "invoice"
    RECEIPT = "receipt"
    DELIVERY_NOTE = "delivery_note"


class ReceiptLine(Value):
    """One line as it was read; what was not printed or not read is None."""

    description: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    tax_rate: Decimal | None = None
    amount: Decimal | None = None


class Receipt(Value):
    """An invoice, receipt or delivery note as it was read. Amounts are in `currency`."""

    kind: ReceiptKind = ReceiptKind.INVOICE
    order_number: str | None = None
    document_number: str | None = None
    issue_date: str | None = None
    vendor_name: str | None = None
    vendor_tax_id: str | None = None
    vendor_iban: str | None = None
    currency: str | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    lines: tuple[ReceiptLine, ...] = ()


class OrderState(Value):
    """An order with what earlier receipts of the same sort (invoices, or delivery notes) took of each line, by its index from 0.

    Attributes:
        number: of the order.
        content: what was ordered.
        taken: quantity in the order's unit; nothing for a line that is missing here.
        seen: fingerprints of receipts that were matched before; see stages/matching/duplicates.py.
    """

    number: str
    content: PurchaseContent
    taken: dict[int, Decimal] = Field(default_factory=dict)
    seen: tuple[str, ...] = ()


class Tolerances(Value):
    """What may differ, and what weighs how much. Shares are of the expected amount (0.01 is one percent); the larger of share and amount counts for totals.

    Attributes:
        line_price_share: of a line's unit price.
        total_share, total_amount: of total and tax.
        quantity_share: of a line's quantity.
        freight_limit: freight that nobody ordered is paid up to this amount.
        threshold: below this score a person decides.
        vendor_weight, total_weight, lines_weight: of the parts of the score; only what they are to one another counts.
    """

    line_price_share: Decimal = Decimal("0.01")
    total_share: Decimal = Decimal("0.005")
    total_amount: Decimal = Decimal("0.05")
    quantity_share: Decimal = Decimal(0)
    freight_limit: Decimal = Decimal(0)
    threshold: float = 0.8
    vendor_weight: Annotated[float, Field(gt=0, le=1)] = 0.2
    total_weight: Annotated[float, Field(gt=0, le=1)] = 0.4
    lines_weight: Annotated[float, Field(gt=0, le=1)] = 0.4


class Finding(Value):
    """One thing that was noticed. `blocks` means that it is never approved without a person. `line` is the order line's index, from 0.

    The message names what is compared and holds figures of the comparison, never names or descriptions.
    """

    code: str
    message: str
    blocks: bool = True
    line: int | None = None


class LineMatch(Value):
    """How one line fared; `order_line` or `receipt_line` (indexes from 0) is None for an extra or a missing line.

    Attributes:
        quantity: what it takes of the order line, in the order's unit.
        checks: description, quantity, unit, unit_price, tax_rate: 1.0 when it agrees.
        score: 0-1.
    """

    order_line: int | None
    receipt_line: int | None
    quantity: Decimal = Decimal(0)
    checks: dict[str, float] = Field(default_factory=dict)
    score: float = 0.0


class Match(Value):
    """The decision about one receipt and one order.

    Attributes:
        outcome: what it is.
        score: 0-1, weighted from the three parts.
        vendor, total, lines: scores of the parts, 0-1; total is None for a delivery note without one.
        approved: whether nobody has to look: the score reaches the threshold and nothing blocks.
        findings: why not, and what else was noticed.
        line_matches: every order line that was open and every line of the receipt.
        fingerprint: by which a duplicate will be known.
        version: of the rules.
    """

    outcome: MatchOutcome
    score: float
    vendor: float
    total: float | None
    lines: float
    approved: bool
    findings: tuple[Finding, ...] = ()
    line_matches: tuple[LineMatch, ...] = ()
    fingerprint: str
    version: str
