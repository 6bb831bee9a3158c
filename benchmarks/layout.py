"""How the time for lines and tables grows with a page: one of spreadsheet cells, one of few cells in shifting columns.

    python benchmarks/layout.py [--rows 50]

Prints the seconds for a page of so many rows and for one of four times as many, and how often the first goes into the second: 4 is linear.
"""

import argparse
import time
from collections.abc import Callable

from docmill.stages.reading.layout import DirectedWord, lines_in_order
from docmill.stages.reading.tables import tables_of
from docmill.values.geometry import Box
from docmill.values.page import Line, Word


def cells(rows: int) -> list[DirectedWord]:
    """Twelve amounts in each row, as a spreadsheet fitted to one page has them."""
    return [DirectedWord("1234.50", Box(c * 100, r * 10, c * 100 + 60, r * 10 + 7), 0) for r in range(rows) for c in range(12)]


def shifting(rows: int) -> list[Line]:
    """Two cells in each row, never twice in the same columns."""
    places = [[r % 12, (r * 5 + 3) % 12 + 13] for r in range(rows)]
    words = (
        (Word(text="ab", box=Box(c * 60, r * 20, c * 60 + 14, r * 20 + 12), confidence=1.0) for c in row) for r, row in enumerate(places)
    )
    return [Line(words=tuple(row)) for row in words]


def seconds(work: Callable[[], object]) -> float:
    """The least time of five."""
    found = []
    for _ in range(5):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)


def main() -> None:
    """Print both pages' times and their growth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50)
    rows = parser.parse_args().rows
    for name, once, often in (
        ("lines", seconds(lambda: lines_in_order(cells(rows))), seconds(lambda: lines_in_order(cells(4 * rows)))),
        ("tables", seconds(lambda: tables_of(shifting(rows))), seconds(lambda: tables_of(shifting(4 * rows)))),
    ):
        print(f"{name}: {rows} rows {once:.3f} s, {4 * rows} rows {often:.3f} s: x{often / once:.1f}")


if __name__ == "__main__":
    main()
