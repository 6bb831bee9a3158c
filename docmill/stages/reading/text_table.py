"""Tables as text on a grid: columns stand under one another, two blanks apart, so that their words keep their places on the page."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

_GAP: Final = "  "
_WIDEST: Final = 60  # a longer cell pushes the rest of its row to the right, not the whole column


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """One line per row. Numbers stand to the right of their column, everything else to the left; columns that are empty vanish."""
    columns = [column for column in zip_longest(*rows, fillvalue="") if any(column)]
    widths = [max((len(cell) for cell in column if len(cell) <= _WIDEST), default=0) for column in columns]
    placed = [
        [cell.rjust(width) if _is_number(cell) else cell.ljust(width) for cell in column]
        for column, width in zip(columns, widths, strict=True)
    ]
    return "\n".join(_GAP.join(row).rstrip() for row in zip(*placed, strict=True)) if placed else ""


def _is_number(cell: str) -> bool:
    return bool(cell) and all(c.isdigit() or c in "+-.,%() " for c in cell)
