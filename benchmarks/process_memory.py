"""Peak resident memory of a process and of all its descendants, by what they are. For the benchmarks that print it."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

EVERY_S = 0.2
ROLES = (
    ("docmill.cell", "cell"),
    ("prefect server", "Prefect server"),
    ("uvicorn", "Prefect server"),
    ("spawn_main", "Dask worker"),
    ("multiprocessing.resource_tracker", "resource tracker"),
    ("tesseract", "tesseract"),
    ("pdftoppm", "poppler"),
    ("pdfinfo", "poppler"),
)
"""A part of the command line and what the process is called here; the first that fits counts."""

GIB = 1 << 30
LIMITS_BYTES = {"main": 4 * GIB, "Dask worker": 3 * GIB, "Prefect server": 2 * GIB}
"""What deployments/kubernetes allows the container of a process: flows, dask-worker, prefect-server. A cell has its own, enforced one."""


class PeakMemory:
    """Looks at the tree below a process five times a second. Use as a context manager.

    Args:
        pid: the root, which is called `main`.

    Attributes:
        by_role: role -> highest resident bytes of one process of that role.
    """

    def __init__(self, pid: int) -> None:
        self.by_role: dict[str, int] = {}
        self._root, self._ended = psutil.Process(pid), threading.Event()
        self._names: dict[int, str] = {}
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def over(self) -> list[str]:
        """The roles that held more than their limit."""
        return sorted(role for role, peak in self.by_role.items() if peak > limit_bytes(role))

    def told(self) -> str:
        """One line: every role with its peak and its limit in MB, the largest first, and which of them are over it."""
        peaks, over = sorted(self.by_role.items(), key=lambda one: -one[1]), self.over
        each = ", ".join(f"{role} {peak / 1e6:.0f} of {limit_bytes(role) / 1e6:.0f} MB" for role, peak in peaks)
        return f"{each}; OVER THE LIMIT: {', '.join(over)}" if over else f"{each}; none over its limit"

    def _watch(self) -> None:
        while not self._ended.wait(EVERY_S):
            with contextlib.suppress(psutil.Error):
                for process in (self._root, *self._root.children(recursive=True)):
                    self._look(process)

    def _look(self, process: psutil.Process) -> None:
        with contextlib.suppress(psutil.Error):
            role = self._role(process)
            self.by_role[role] = max(self.by_role.get(role, 0), process.memory_info().rss)

    def _role(self, process: psutil.Process) -> str:
        if process.pid == self._root.pid:
            return "main"
        if process.pid not in self._names:
            words = " ".join(process.cmdline())
            self._names[process.pid] = next((role for part, role in ROLES if part in words), process.name())
        return self._names[process.pid]


def limit_bytes(role: str) -> int:
    """What a process may hold: a cell and the programs that it starts are bound by DOCMILL_CELL_MEMORY_BYTES."""
    return LIMITS_BYTES.get(role) or int(os.environ.get("DOCMILL_CELL_MEMORY_BYTES", 4 * GIB))
