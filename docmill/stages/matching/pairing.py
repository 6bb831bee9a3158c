"""Which line of the receipt belongs to which line of the order: the assignment that makes the sum of likenesses largest (Hungarian method)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from docmill.stages.matching.units import unit_factor
from docmill.stages.matching.wording import DISCOUNT, FREIGHT, likeness, sort_of
from docmill.values.matching import ReceiptLine
from docmill.values.purchasing import OrderLine, cents

LEAST_WORDS, LEAST_WORDS_WITH_FIGURES = 0.5, 0.3
"""A pair needs so alike descriptions; less when quantity and price agree, because reading spoils words."""

_WORDS, _FIGURES = 0.8, 0.2
_NEAR = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A receipt line with its missing figures reckoned from the others. `has_quantity` tells whether one was printed or follows."""

    index: int
    words: str
    sort: str
    quantity: Decimal
    has_quantity: bool
    unit: str | None
    unit_price: Decimal | None
    tax_rate: Decimal | None
    amount: Decimal | None


def read_line(index: int, line: ReceiptLine) -> ReadLine | None:
    """The line with what follows from its figures; None for a line that says nothing."""
    quantity, price, amount = line.quantity, line.unit_price, line.amount
    sort = sort_of(line.description)
    if line.description is None and amount is None and price is None and quantity is None:
        return None
    if sort == DISCOUNT:
        price, amount = (-abs(v) if v is not None else None for v in (price, amount))
    if quantity is None and price and amount is not None:
        quantity = amount / price
    if price is None and quantity and amount is not None:
        price = amount / quantity
    if amount is None and price is not None and quantity is not None:
        amount = cents(price * quantity)
    if price is None and quantity is None:
        price = amount
    has_quantity = quantity is not None
    return ReadLine(
        index,
        line.description or "",
        sort,
        quantity if quantity is not None else Decimal(1),
        has_quantity,
        line.unit,
        price,
        line.tax_rate,
        amount,
    )


def pair_lines(order: Sequence[OrderLine], read: Sequence[ReadLine]) -> list[tuple[int, ReadLine, float]]:
    """(index of the order line, receipt line, likeness of the descriptions) for every pair, by order line.

    The order in which lines are printed does not matter: lines that cannot be told apart are taken in the order of their figures.
    """
    if not order or not read:
        return []
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - loads in 0.4 s, only where something is matched

    rows = sorted(range(len(order)), key=lambda i: order[i].model_dump_json())
    columns = sorted(read, key=lambda r: (r.words, r.quantity, r.amount or 0, r.unit_price or 0, r.unit or ""))
    words = np.array([[_words(order[i], r) for r in columns] for i in rows])
    figures = np.array([[_figures(order[i], r) for r in columns] for i in rows])
    chosen_rows, chosen_columns = linear_sum_assignment(_WORDS * words + _FIGURES * figures, maximize=True)
    pairs = []
    for row, column in zip(chosen_rows, chosen_columns, strict=True):
        likeness, agree = float(words[row, column]), float(figures[row, column])
        if not columns[column].words:
            # a line without words is known by its figures: surely where both agree with one line alone, else good enough to be explained
            is_sure = agree == 1.0 and np.count_nonzero(figures[:, column] == 1.0) == 1
            likeness, least = (1.0 if is_sure else agree * _FIGURES), _FIGURES / 2
        else:
            least = LEAST_WORDS_WITH_FIGURES if agree == 1.0 else LEAST_WORDS
        if likeness >= least:
            pairs.append((rows[row], columns[column], likeness))
    return sorted(pairs, key=lambda pair: pair[0])


def _words(line: OrderLine, read: ReadLine) -> float:
    sort = sort_of(line.description)
    if sort != read.sort:
        return 0.0
    if sort in {FREIGHT, DISCOUNT}:
        return 1.0
    if not read.words:
        return 0.0
    return (
        1.0 if line.item_number and line.item_number.casefold() in read.words.casefold().split() else likeness(line.description, read.words)
    )


def _figures(line: OrderLine, read: ReadLine) -> float:
    """How many of quantity and price agree: 0, 0.5 or 1."""
    factor = unit_factor(read.unit, line.unit) if read.unit else Decimal(1)
    if factor is None:
        return 0.0
    same_quantity = read.has_quantity and abs(read.quantity * factor - line.quantity) <= _NEAR * line.quantity
    same_price = read.unit_price is not None and abs(read.unit_price / factor - line.unit_price) <= _NEAR * abs(line.unit_price)
    return (same_quantity + same_price) / 2
