"""The fault matrix in short: two cells that kill a part in the middle of work. The whole is benchmarks/fault_matrix.py."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "matrix"))

SHORT = (("Dask worker", "reading", "kill"), ("ledger", "ending", "kill"))
PROOF = ["reached", "in flight", "fault", "released"]


@pytest.fixture
def environment():
    """What the matrix sets in the environment and in modules of this process goes away again."""
    import os

    from docmill.services import sweeping
    from docmill.settings import settings

    before, lost_after = dict(os.environ), sweeping.LOST_AFTER
    yield
    sweeping.LOST_AFTER = lost_after
    os.environ.clear()
    os.environ.update(before)
    settings.cache_clear()


def proven(log, cell):
    """The events of a cell in the log, in their order."""
    return [line["event"] for line in map(json.loads, log.read_text().splitlines()) if line["cell"] == cell.name]


def run(tmp_path, wanted, seed):
    from cells import Matrix
    from plan import Cell

    log = tmp_path / "cells.jsonl"
    with log.open("w") as lines, Matrix(tmp_path / "matrix", seed=seed, log=lines) as matrix:
        done = [matrix.run(Cell("none", "none", "none")), *(matrix.run(cell) for cell in wanted)]
    assert [str(cell) for cell in done if cell.violations or not cell.is_counted] == []
    for cell in done[1:]:
        assert proven(log, cell)[: len(PROOF)] == PROOF, "the log proves that the fault hit the point while work was in flight"


@pytest.mark.timeout(600)
def test_the_books_hold_whatever_is_killed(tmp_path, environment):
    from plan import Cell

    run(tmp_path, [Cell(*one) for one in SHORT], seed=1)


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_the_whole_matrix(tmp_path, environment):
    from plan import PARTS, cells
    from points import POINTS

    run(tmp_path, cells(PARTS, POINTS, "one", seed=1), seed=1)
