"""A cell over the verbs of cell_verbs.py, which leaves no process behind, and one way to call it."""

from collections.abc import Iterator

import psutil
import pytest

from docmill.cell import Cell, CellLimits
from docmill.settings import MIB

LIMITS = CellLimits(memory_bytes=512 * MIB, items=1000, modules=("cell_verbs",))


@pytest.fixture
def cell() -> Iterator[Cell]:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with Cell(LIMITS) as opened:
        yield opened
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before, "close() left a process"


def call(cell: Cell, name: str, *args: object, deadline_s: float = 20.0) -> object:
    return cell.call(f"cell_verbs:{name}", *args, deadline_s=deadline_s)  # type: ignore[arg-type]  # some cases hand in nonsense
