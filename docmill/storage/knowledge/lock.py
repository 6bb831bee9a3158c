"""One writer at a time per tenant, across the processes of a machine."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from docmill.errors import StoreUnavailable

_PAUSE_S: Final = 0.02


@contextmanager
def write_lock(directory: Path, tenant: str, wait_s: float) -> Iterator[None]:
    """Hold the tenant's lock file while the block runs; the operating system frees it when the process dies.

    Raises:
        StoreUnavailable: others held it for `wait_s` seconds, or the directory cannot be written.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (directory / f"{tenant}.lock").open("ab")
    except OSError as error:
        raise StoreUnavailable("the directory of the knowledge base cannot be written") from error
    with file:
        deadline = time.monotonic() + wait_s
        while not _taken(file.fileno()):
            if time.monotonic() > deadline:
                raise StoreUnavailable("the knowledge base stayed busy", waited_s=wait_s)
            time.sleep(_PAUSE_S)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
