"""What a till printed between head and sum: goods with their amounts, without a table's heads. Only rows that add up to a printed sum are goods.

Belongs here: receipts. Tables with heads over their columns are line_items.py's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

from docmill.stages.understanding.amounts import Amount, find_amounts
from docmill.stages.understanding.layout import Hit, hit, on_one_row
from docmill.stages.understanding.line_items import HEADS
from docmill.stages.understanding.pieces import merged
from docmill.values.evidence import Evidence, LineItem
from docmill.values.page import Page

_PROVEN = 0.96
_MOST_GOODS = 200
_MOST_TEXT_ROWS = 2
_LEAST_LETTERS = 3
_LEAST_HEADS = 2
_END = re.compile(
    r"\W*(?:sub ?-? ?tot|tot(?:al|\b)|gross|nett?\b|rounding|serv(?:ice|\.)? ?ch|gst\b|vat\b|tax\b|item\(?s?\)?(?: count)? ?[:\d]|no\.? of items|qty ?:"
    r"|.*\b(?:sub ?-?)?total\b|cash\b|amount (?:due|payable)|balance|summe|gesamt"
    r"|zwischensumme|zu zahlen|mwst|sous-?total|montant|totaal|subtotaal|totale|importe)"
)
"""How rows begin that follow the goods, lower case."""

_DISCOUNT = re.compile(r"\b(?:disc(?:ount)?|rabatt|remise|korting|sconto|descuento)\b", re.IGNORECASE)
_FIGURE = re.compile(r"^[x\u00d7*@(]?[-+]?\d{1,6}(?:[.,]\d{1,3})*[x\u00d7*@)%-]?$", re.IGNORECASE)
_COUNT = re.compile(r"^[x\u00d7*@(]?(?P<n>\d{1,4}(?:[.,]\d{1,3})?)[x\u00d7*@)]?$", re.IGNORECASE)
_CODE = re.compile(r"^[#*(]?(?=[\dA-Z-]*\d{4})[\dA-Z-]+\)?$")
"""A number of an article: no word of its description."""

_NO_NAME = frozenset(
    (
        *("x", "\u00d7", "*", "@", "rm", "eur", "usd", "gbp", "\u20ac", "$", "\u00a3"),
        *("pc", "pcs", "pcs.", "ea", "nos", "unit", "units", "set", "sets", "box", "boxs", "boxes", "pkt", "btl", "kg", "g", "l", "ml"),
        *("sr", "zr", "srs", "srm", "s", "z", "t", "tx", "os"),
    ),
)
"""Units, currencies and tax codes beside the figures."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One printed row: its words in reading order, as characters of the page's text, and its amounts."""

    seen: Hit
    amounts: tuple[Amount, ...]

    @property
    def value(self) -> Decimal | None:
        """The amount that stands farthest right: what the row costs."""
        return max(self.amounts, key=lambda a: a.seen.box.x1).value if self.amounts else None

    @property
    def words(self) -> list[str]:
        """What may be a name: no figure, no sign or unit between figures, no article number; empty without letters enough."""
        tokens = self.seen.text.split()
        words = [t for t in tokens if not _FIGURE.match(t) and t.lower() not in _NO_NAME and not _CODE.match(t)]
        return words if sum(ch.isalpha() for word in words for ch in word) >= _LEAST_LETTERS else []


def till_rows(page: Page) -> tuple[LineItem, ...]:
    """The goods on a receipt's page, in printed order; none where no rows add up exactly to one of the sums below them.

    Neighbouring rows with amounts, the last of them directly above the first sum, are the goods if they add up to an amount that is printed
    below; of several such sets the longest counts.
    """
    rows = _rows(page)
    ends = [n for n, row in enumerate(rows) if _END.match(row.seen.text.lower()) and row.value is not None]
    first = next((n for n in ends if any(row.value for row in rows[:n])), None)
    if first is None:
        return ()
    sums = {row.value for row in rows[first:] if row.value}
    priced = [n for n in range(first) if rows[n].value is not None]
    upwards = list(accumulate(rows[n].value or Decimal(0) for n in reversed(priced)))
    fitting = [count for count, value in enumerate(upwards, start=1) if value in sums and value > 0]
    if not fitting:
        return ()
    goods = [n for n in priced[-max(fitting) :] if rows[n].value or not _DISCOUNT.search(rows[n].seen.text)]
    items = [_item(rows[n], texts) for n, texts in zip(goods, _texts(rows, goods, first), strict=True)]
    return tuple(items[:_MOST_GOODS]) if all(item.description for item in items) else ()


def _rows(page: Page) -> list[_Row]:
    rows: list[list[Hit]] = []
    for n, word in enumerate(page.words):
        start = page.word_starts[n]
        seen = hit(page, start, start + len(word.text))
        if seen is None:
            continue
        if rows and on_one_row(rows[-1][-1].box, seen.box) and seen.box.x0 >= rows[-1][-1].box.x0:
            rows[-1].append(seen)
        else:
            rows.append([seen])
    whole = [merged(row[0], row[-1]) for row in rows]
    amounts = find_amounts(page)
    return [_Row(one, tuple(a for a in amounts if one.start <= a.seen.start < one.end)) for one in whole]


def _texts(rows: Sequence[_Row], goods: Sequence[int], end: int) -> list[list[_Row]]:
    """For each of the goods the rows without amounts that belong to it: names go on below, or stand above or below rows of mere figures."""

    def between(above: int, below: int) -> list[_Row]:
        return [row for row in rows[above + 1 : below] if row.value is None and row.words][:_MOST_TEXT_ROWS]

    below = [between(n, after) for n, after in zip(goods, [*goods[1:], end], strict=True)]
    top = max((n for n in range(goods[0]) if _is_head(rows[n])), default=-1)
    above = [between(max(top, goods[0] - 1 - _MOST_TEXT_ROWS), goods[0]), *below[:-1]]
    has_names = 2 * sum(bool(rows[n].words) for n in goods) > len(goods)
    if has_names or not above[0]:
        return below
    return [found[-1:] for found in above]


def _is_head(row: _Row) -> bool:
    words = row.seen.text.lower().split()
    return sum(any(pattern.match(word) for _, pattern in HEADS) for word in words) >= _LEAST_HEADS


def _item(row: _Row, texts: Sequence[_Row]) -> LineItem:
    words = [*row.words, *(word for text in texts for word in text.words)]
    quantity, price = _priced(row)
    seen = row.seen
    for text in texts:
        seen = merged(seen, text.seen)
    where = Evidence(
        page=seen.page.number, box=seen.box.rounded(), start=seen.start, end=seen.end,
        confidence=round(_PROVEN * (0.5 + 0.5 * seen.confidence), 3), source="till_row",
    )  # fmt: skip
    return LineItem(
        description=" ".join(words) or None,
        quantity=None if quantity is None else f"{quantity.normalize():f}",
        unit_price=None if price is None else str(price),
        amount=str(row.value),
        evidence=where,
    )


def _priced(row: _Row) -> tuple[Decimal | None, Decimal | None]:
    """Quantity and price whose product is the row's amount; both None where no two figures of the row prove it."""
    last = max(row.amounts, key=lambda a: a.seen.box.x1)
    counts = [Decimal(m["n"].replace(",", ".")) for token in row.seen.text.split() if (m := _COUNT.match(token))]
    for price in (a.value for a in row.amounts if a is not last):
        for count in counts:
            if count and price and count * price == last.value:
                return count, price
    return None, None
