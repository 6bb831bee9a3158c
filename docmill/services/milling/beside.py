"""`Beside`: one piece of work that goes on beside what its caller does next.

Keeping an artefact is waiting, for a disk or a bucket; making the next one is work in the cell. Done in turn they cost their sum.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from docmill.logs import with_ids


class Beside:
    """Runs pieces of work one after the other in a thread of its own; at most one is open. Use as a context manager."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="docmill-keep")
        self._open: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None:
                self.wait()
        finally:
            self._pool.shutdown()

    def submit(self, work: Callable[[], None]) -> None:
        """Begin a piece of work once the one before is done.

        Raises:
            Exception: whatever the one before raised.
        """
        self.wait()
        self._open = self._pool.submit(with_ids(work))

    def wait(self) -> None:
        """Wait until nothing is open.

        Raises:
            Exception: whatever the open one raised.
        """
        was_open, self._open = self._open, None
        if was_open is not None:
            was_open.result()
