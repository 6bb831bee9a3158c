"""Who holds the embedded set of a home: the lock of `docmill up`, and the note that tells other processes where its servers are.

Where the note lies and how it is read is in docmill/services/stack_note.py.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import psutil

from docmill.errors import Conflict
from docmill.services.stack_note import Stack, running_stack, stack_note_file
from docmill.settings import Settings


def _lock_file(found: Settings) -> Path:
    return found.home / "up.lock"


@contextlib.contextmanager
def sole_set(found: Settings) -> Iterator[None]:
    """Hold the home's lock; it ends with this process, however that ends.

    Raises:
        Conflict: another `docmill up` holds it.
    """
    with _lock_file(found).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stack = running_stack(found)
            where = f": {stack.prefect_api_url.removesuffix('/api')} and {stack.gateway_url}" if stack else " and is starting or ending"
            raise Conflict(f"an embedded set runs for this home already{where}; `docmill down` ends it") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def holder(found: Settings) -> psutil.Process | None:
    """The `docmill up` of this home, also while it starts or ends; None when there is none."""
    with contextlib.suppress(OSError, ValueError, psutil.NoSuchProcess), _lock_file(found).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return psutil.Process(int(file.read()))
    return None


@contextlib.contextmanager
def noted(found: Settings, prefect_api_url: str, gateway_url: str) -> Iterator[None]:
    """Note this process as the embedded set."""
    me = psutil.Process()
    stack = Stack(pid=me.pid, started=me.create_time(), prefect_api_url=prefect_api_url, gateway_url=gateway_url)
    stack_note_file(found).write_text(stack.model_dump_json(), encoding="utf-8")
    try:
        yield
    finally:
        stack_note_file(found).unlink(missing_ok=True)
