"""How much memory each process gains per 1,000 documents once it is warm: a worker that mills shards, and its cell.

    python benchmarks/memory_growth.py [--documents 1000] [--warm-up 200] [--stages read|all] [--kinds text,pdf,scan]

Documents are small and all different. The process mills them by `mill_shard` in shards of 50, as a Dask worker does, first those of the
warm-up, then the measured ones; resident memory is read after each shard. The figure is the slope of a least-squares line through these,
in MB per 1,000 documents, beside the plain difference between the first and the last fifth of them. No process is replaced meanwhile
(DOCMILL_CELL_ITEMS does that otherwise), so nothing that leaks is hidden.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from docmill.services.running.room import Room

ROOT = Path(__file__).parents[1]
AT_ONCE = 50


def papers(folder: Path, count: int, kinds: list[str]) -> list[Path]:
    """Documents of the kinds in turn."""
    from docmill.services.samples import write_scans, write_tiny

    share = -(-count // len(kinds))
    made = [write_scans(folder / k, share, 1, dpi=100) if k == "scan" else write_tiny(folder / k, share, kind=k) for k in kinds]  # type: ignore[arg-type] # checked by argparse
    return [path for together in zip(*made, strict=True) for path in together][:count]


def milled(room: Room, paths: list[Path], *, stages: str) -> None:
    """Carry documents through the stages in this process."""
    from docmill.services.intake import take_in
    from docmill.services.milling.work import mill_shard
    from docmill.services.running.heart import Heart
    from docmill.services.running.run import BatchRun
    from docmill.services.sources import files_of
    from docmill.values.options import MillOptions

    batch_id, _ = take_in(room, files_of([str(path) for path in paths], room.settings), MillOptions(engine="tesseract"))
    run = BatchRun(room, batch_id, f"run-{batch_id}", workers=1, lease_s=3600)
    waiting, read = run.first_shards(), 0
    with Heart(run, lease_s=3600):
        while waiting:
            shard = waiting.pop()
            if stages == "all" or shard.stage in {"inspect", "read"}:
                report = mill_shard(shard, last_try=True)
                assert all(outcome.error_code is None for outcome in report.outcomes)
                read += len(report.outcomes) * (shard.stage == "read")
                waiting += run.fold(shard, report)
    assert read == len(paths), f"{read} of {len(paths)} pages were read"


def resident() -> dict[str, float]:
    """MB by process: this one and its cell."""
    own = psutil.Process()
    cells = [child for child in own.children(recursive=True) if "docmill.cell" in " ".join(child.cmdline())]
    return {"worker": own.memory_info().rss / 1e6, "cell": max((cell.memory_info().rss / 1e6 for cell in cells), default=0.0)}


def told(name: str, seen: list[tuple[int, float]]) -> str:
    """Slope and difference in MB per 1,000 documents."""
    slope = statistics.linear_regression([float(count) for count, _ in seen], [size for _, size in seen]).slope
    fifth = max(1, len(seen) // 5)
    gained = statistics.mean(size for _, size in seen[-fifth:]) - statistics.mean(size for _, size in seen[:fifth])
    between = statistics.mean(c for c, _ in seen[-fifth:]) - statistics.mean(c for c, _ in seen[:fifth])
    return f"{name}: {1000 * slope:+.1f} MB per 1,000 documents (slope), {1000 * gained / max(1.0, between):+.1f} (ends), {seen[-1][1]:.0f} MB at the end"


def main() -> None:
    """Print the growth of each process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--warm-up", type=int, default=200)
    parser.add_argument("--stages", choices=("read", "all"), default="read")
    parser.add_argument("--kinds", default="text,pdf,scan")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory(prefix="docmill-bench-") as folder:
        os.environ |= {"DOCMILL_HOME": str(Path(folder) / "home"), "DOCMILL_CELL_ITEMS": str(10**6)}
        from docmill.cli.rooms import room

        paths = papers(Path(folder), asked.warm_up + asked.documents, asked.kinds.split(","))
        seen: dict[str, list[tuple[int, float]]] = {}
        with room() as opened:
            for at in range(0, len(paths), AT_ONCE):
                milled(opened, paths[at : at + AT_ONCE], stages=asked.stages)
                if at + AT_ONCE > asked.warm_up:
                    for name, size in resident().items():
                        seen.setdefault(name, []).append((at + AT_ONCE, size))
        for name, sizes in seen.items():
            print(told(name, sizes))


if __name__ == "__main__":
    main()
