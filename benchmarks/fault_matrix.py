"""The fault matrix: kills, stops, slows and fills each part of a real cluster at each named point of the pipeline, and looks at the books.

    python benchmarks/fault_matrix.py [--seed 1] [--kinds one|all|kill,stop] [--parts ...] [--points ...] [--out table.md] [--log cells.jsonl]
        [--after N]

`one` takes one seeded kind for each part and point, `all` all four. The log proves for each cell that counts: reached, in flight, fault, released.
What the points, parts and invariants are stands in tests/faults/matrix.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "faults" / "matrix"), str(ROOT / "tests" / "integration"), str(ROOT)]


def main() -> int:
    """Run the cells, print the table; exit code 1 when an invariant did not hold or a cell did not count."""
    import points
    from cells import Matrix
    from plan import PARTS, Cell, cells, table

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default="one")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--points", default=",".join(points.POINTS))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--after", type=int, default=0, help="Leave out so many cells: those of a run that was cut short.")
    parser.add_argument("--budget-s", type=float, default=1e9, help="Begin no cell after so many seconds.")
    parser.add_argument("--keep", type=Path, help="Scratch folder that stays.")
    asked = parser.parse_args()
    wanted = cells(asked.parts.split(","), asked.points.split(","), asked.kinds, asked.seed)[asked.after :]
    done, began = [], time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="docmill-matrix-", ignore_cleanup_errors=True)))
        folder.mkdir(exist_ok=True)
        log = stack.enter_context(asked.log.open("w")) if asked.log else None
        matrix = stack.enter_context(Matrix(folder, seed=asked.seed, log=log))
        for cell in [Cell("none", "none", "none"), *wanted]:
            if time.monotonic() - began > asked.budget_s:
                break
            print(matrix.run(cell), flush=True)
            done += [cell] if cell.kind != "none" else []
    print(table(done))
    if asked.out:
        asked.out.write_text(table(done) + "\n")
    return int(any(c.violations or not c.is_counted for c in done))


if __name__ == "__main__":
    sys.exit(main())
