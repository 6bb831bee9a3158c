"""What a cell costs: per call against a call in the same process, per restart, and in memory.

Run from the checkout: `python benchmarks/cell_overhead.py [calls]`. Needs nothing but docmill itself. The bounds at the end are the promise
of the architecture notes (2 ms per item); the exit code is 1 when one is broken.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from docmill.cell import JsonArgument

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests" / "faults")]

MIB = 1024 * 1024
CALLS = 2000
RESTARTS = 20
CALL_LIMIT_MS = 2.0


def times_ms(count: int, what: Callable[[], object]) -> list[float]:
    """Milliseconds of each of `count` runs, sorted."""
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        what()
        taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)


def line(name: str, taken: list[float]) -> None:
    """Print median and 99th percentile."""
    p99 = taken[min(len(taken) - 1, int(len(taken) * 0.99))]
    print(f"{name:<34} {len(taken):>6} times   median {statistics.median(taken):8.3f} ms   p99 {p99:8.3f} ms")


def memory(name: str, pid: int | None) -> None:
    """Print resident and proportional memory of one process."""
    used = psutil.Process(pid).memory_full_info()
    print(f"{name:<34} RSS {used.rss / MIB:6.1f} MiB   PSS {used.pss / MIB:6.1f} MiB")


def main() -> int:
    """Measure and print. Returns the exit code."""
    import cell_verbs

    from docmill.cell import Cell, CellLimits

    count = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    item: JsonArgument = {"path": "/tmp/page.png", "number": 3, "limits": {"max_pages": 2000, "max_pixels": 120_000_000}}  # noqa: S108 - only a string
    with Cell(CellLimits(memory_bytes=2048 * MIB, items=count * 10, modules=("cell_verbs",))) as cell:
        cell.call("cell_verbs:echo", deadline_s=10)
        line("call in this process", times_ms(count, lambda: cell_verbs.echo(item)))
        calls = times_ms(count, lambda: cell.call("cell_verbs:echo", item, deadline_s=60))
        line("call in a cell", calls)
        line("call in a cell, 1 MiB reply", times_ms(50, lambda: cell.call("cell_verbs:reply", MIB, deadline_s=60)))
        memory("guardian", cell.guardian_pid)
        memory("server, no library loaded", cell.pid)
        assert cell.starts == 1
    with Cell(CellLimits(memory_bytes=2048 * MIB, items=1, modules=("cell_verbs",))) as cell:
        line("end, start anew and call", times_ms(RESTARTS, lambda: cell.call("cell_verbs:echo", item, deadline_s=60)))
    is_kept = statistics.median(calls) <= CALL_LIMIT_MS
    print(f"promise: median call <= {CALL_LIMIT_MS} ms: {'kept' if is_kept else 'BROKEN'}")
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
