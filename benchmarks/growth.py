"""How the memory of each process of a running set grows with the documents that are done. For the benchmarks that print it.

Processes are known by their command line. Those that come and go (Tesseract, Poppler, keepers) are left out; those that are replaced after their
thousand items (cells, Dask workers) are one role: the mean over its processes at each look, so that a replacement starts no new line.
"""

from __future__ import annotations

import contextlib
import statistics
from dataclasses import dataclass, field

import psutil

ROLES = (
    ("docmill.cli.keeper", ""),
    ("docmill.cell", "cell"),
    ("distributed.cli.dask_scheduler", "Dask scheduler"),
    ("distributed.cli.dask_worker", "Dask nanny"),
    ("spawn_main", "Dask worker"),
    ("prefect.server", "Prefect server"),
    ("prefect server start", "Prefect server"),
    ("--work-queue upkeep", "upkeep worker"),
    ("prefect worker start", "Prefect worker"),
    ("docmill.cli.main serve", "gateway"),
    ("docmill.cli.main up", "docmill up"),
    ("docmill.cli.warm_run", "stand-in of a flow run"),
    ("docmill.cli.warm", "warm process"),
    ("postgres", "PostgreSQL"),
)
"""A part of the command line and what the process is called; the first that fits counts, an empty name is left out."""

FORKED = "fork of the warm process"
"""Flow runs and the warm mill. Each is a role of its own, told by its pid: they do different work."""

LEAST_LOOKS = 8
LONG_LIFE = 0.5
"""Only what lived through this share of the measured documents has a slope worth telling."""


@dataclass
class Line:
    """One row of the table, in MB and MB per 1,000 documents."""

    role: str
    processes: int
    first_mb: float
    last_mb: float
    peak_mb: float
    slope_mb: float
    worst_mb: float | None


@dataclass
class Growth:
    """Looks at all processes below one.

    Args:
        pid: the root of the tree.
    """

    pid: int
    seen: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    single: dict[tuple[str, int], list[tuple[int, float]]] = field(default_factory=dict)
    _names: dict[tuple[int, float], str] = field(default_factory=dict)

    def look(self, documents: int) -> dict[str, float]:
        """Note how large every process is when so many documents are done; returns the mean MB of each role."""
        now: dict[str, list[float]] = {}
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if role := self._role(process):
                        found = process.memory_info()
                        # all of PostgreSQL's processes map the same buffers, and touch more of them as time goes by
                        size = (found.rss - (found.shared if role == "PostgreSQL" else 0)) / 1e6
                        now.setdefault(role, []).append(size)
                        self.single.setdefault((role, process.pid), []).append((documents, size))
        means = {role: statistics.mean(sizes) for role, sizes in now.items()}
        for role, mean in means.items():
            self.seen.setdefault(role, []).append((documents, mean))
        return means

    def lines(self, warm_up: int) -> list[Line]:
        """A row for each role that was there long enough, of what was seen after the first `warm_up` documents."""
        found = []
        warm = {role: [one for one in seen if one[0] >= warm_up] for role, seen in sorted(self.seen.items())}
        span = max((seen[-1][0] - seen[0][0] for seen in warm.values() if seen), default=0)
        for role, seen in warm.items():
            if len(seen) < LEAST_LOOKS or seen[-1][0] - seen[0][0] < max(1.0, LONG_LIFE * span):
                continue
            alone = [[one for one in line if one[0] >= warm_up] for (its, _), line in self.single.items() if its == role]
            long = [line for line in alone if len(line) >= LEAST_LOOKS and line[-1][0] - line[0][0] >= LONG_LIFE * span]
            worst = max((slope(line) for line in long), default=None)
            peak = max(size for line in alone for _, size in line)
            found.append(Line(role, sum(map(bool, alone)), seen[0][1], seen[-1][1], peak, slope(seen), worst))
        return found

    def _role(self, process: psutil.Process) -> str:
        key = (process.pid, process.create_time())
        if key not in self._names:
            words = " ".join(process.cmdline())
            self._names[key] = next((role for part, role in ROLES if part in words), "")
            if self._names[key] == "warm process" and self._is_forked(process):
                self._names[key] = f"{FORKED} ({process.pid})"
        return self._names[key]

    @staticmethod
    def _is_forked(process: psutil.Process) -> bool:
        parent = process.parent()
        return parent is not None and parent.cmdline() == process.cmdline()


def slope(seen: list[tuple[int, float]]) -> float:
    """MB per 1,000 documents of the least-squares line."""
    return 1000 * statistics.linear_regression([float(count) for count, _ in seen], [size for _, size in seen]).slope


def table(lines: list[Line]) -> str:
    """The rows as Markdown."""
    head = (
        "| process | processes seen | MB after warm-up | MB at the end | peak MB | growth, MB per 1,000 documents | worst long-lived one |"
    )
    rows = [head, "|---" * 7 + "|"]
    for one in lines:
        worst = "-" if one.worst_mb is None else f"{one.worst_mb:+.1f}"
        rows.append(
            f"| {one.role} | {one.processes} | {one.first_mb:.0f} | {one.last_mb:.0f} | {one.peak_mb:.0f} | {one.slope_mb:+.1f} | {worst} |"
        )
    return "\n".join(rows)
