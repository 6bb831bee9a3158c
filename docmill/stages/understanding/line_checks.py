"""What the lines of a table contradict: one of them alone, or their sum the sums below. Only where nothing else could explain it."""

from collections.abc import Sequence
from decimal import Decimal

from docmill.stages.understanding.amounts import find_amounts
from docmill.stages.understanding.labels_sums import ADJUSTED
from docmill.stages.understanding.sum_checks import CENT, Priced, is_priced_right
from docmill.values.evidence import LineItem
from docmill.values.page import Page

_LEAST_LINES = 2


def line_contradictions(items: Sequence[LineItem], pages: Sequence[Page]) -> list[str]:
    """Sentences about lines that do not fit; none where discounts, freight or the like stand on the page.

    Args:
        items: as read from the table.
        pages: all of the document: a table that goes on elsewhere proves nothing.
    """
    if len(items) < _LEAST_LINES or any(ADJUSTED.search(page.text.lower()) for page in pages):
        return []
    priced = [Priced(*(_number(part) for part in (i.quantity, i.unit_price, i.amount, i.tax_rate))) for i in items]
    if any(None in {line.quantity, line.price, line.amount} for line in priced):
        return []
    wrong = [line for line in priced if not is_priced_right(line)]
    if len(wrong) == 1:
        return ["quantity x unit_price is not the amount of a line"]
    amounts = [line.amount for line in priced if line.amount is not None]
    return (
        [] if wrong or _is_printed(sum(amounts, Decimal(0)), len(amounts), pages) else ["the line amounts do not add up to any sum below"]
    )


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _is_printed(value: Decimal, lines: int, pages: Sequence[Page]) -> bool:
    slack = CENT * lines
    return any(abs(abs(a.value) - abs(value)) <= slack for page in pages for a in find_amounts(page))
