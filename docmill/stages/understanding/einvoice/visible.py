"""Where on the pages a value of the XML is printed, whatever its form there. Says nothing about what the page means by it."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property

from docmill.stages.understanding.amounts import find_amounts, find_currencies
from docmill.stages.understanding.dates import find_dates
from docmill.stages.understanding.layout import Hit, hit
from docmill.values.page import Page

AMOUNTS = frozenset({"net_total", "tax_total", "total", "amount_due"})
DATES = frozenset({"issue_date", "due_date", "delivery_date"})

_FIGURES = re.compile(r"(?<![\w.,])-?\d{1,7}(?![\w.,%]|\.\d)")


class VisiblePages:
    """The pages as a place to look for values."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = [page for page in pages if page.words]

    @cached_property
    def amounts(self) -> dict[Decimal, Hit]:
        """Amounts without sign: a credit note prints what its XML says with a minus, or the other way round."""
        found: dict[Decimal, Hit] = {}
        for page in self.pages:
            for amount in find_amounts(page):
                found.setdefault(abs(amount.value), amount.seen)
            for m in _FIGURES.finditer(page.text):
                if abs(Decimal(m[0])) not in found and (seen := hit(page, *m.span())):
                    found[abs(Decimal(m[0]))] = seen
        return found

    @cached_property
    def dates(self) -> dict[date, Hit]:
        """Dates in either order of day and month."""
        found: dict[date, Hit] = {}
        for month_first in (False, True):
            for page in self.pages:
                for printed in find_dates(page, month_first=month_first):
                    found.setdefault(printed.value, printed.seen)
        return found

    @cached_property
    def _letters(self) -> list[tuple[Page, str, list[int]]]:
        """Per page its letters and figures alone, folded, with the offset of each."""
        found = []
        for page in self.pages:
            kept = [(fold, index) for index, c in enumerate(page.text) if c.isalnum() for fold in c.casefold() if fold.isalnum()]
            found.append((page, "".join(c for c, _ in kept), [index for _, index in kept]))
        return found

    def place(self, name: str, value: str) -> Hit | None:
        """Where the value of a field is printed; None when it isn't."""
        if name in AMOUNTS:
            return self.amounts.get(abs(Decimal(value)))
        if name in DATES:
            return self.dates.get(date.fromisoformat(value))
        if name == "currency":
            return next((seen for page in self.pages for seen, code in find_currencies(page) if code == value), None)
        return self.text(value)

    def text(self, value: str) -> Hit | None:
        """Where letters and figures of `value` stand in this order, from the beginning of a word to the end of one."""
        wanted = "".join(c for c in value.casefold() if c.isalnum())
        for page, letters, offsets in self._letters if wanted else ():
            at = letters.find(wanted)
            while at >= 0:
                start, end = offsets[at], offsets[at + len(wanted) - 1] + 1
                if _is_border(page.text, start - 1) and _is_border(page.text, end):
                    return hit(page, start, end)
                at = letters.find(wanted, at + 1)
        return None

    def all_of(self, parts: Sequence[str]) -> Hit | None:
        """Where the first of the parts stands when all of them are printed somewhere: columns tear names and addresses apart."""
        places = [self.text(part) for part in parts]
        return places[0] if places and all(places) else None


def _is_border(text: str, at: int) -> bool:
    return not (0 <= at < len(text)) or not text[at].isalnum()
