"""A local file held by an open descriptor: whatever takes its name meanwhile, the bytes that were found are the ones read.

Who may write to an inbox may put a link, a pipe or a folder in the place of a file between its listing and its reading. Belongs here: finding
such a file once. Does not belong here: listing (sources), what its bytes become (arriving).
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from docmill.errors import FileUnreadable
from docmill.storage.objects.disk_errors import reading_others


@contextlib.contextmanager
def pinned(path: Path, roots: Sequence[str] = ()) -> Iterator[Path]:
    """A path that leads to the file which `path` names now, for this process and those it starts, for as long as the block runs.

    It lies in /proc, which must be that of the process's own PID namespace, as it is in any container.

    Args:
        path: of a file.
        roots: folders; where there are any, the file must lie below one of them.

    Raises:
        FileUnreadable: it is gone, is no regular file or lies outside the roots.
    """
    with reading_others():
        # found and not opened: a pipe would be waited for, and opening a device may do something
        held = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _refuse_strange(held, roots)
        yield Path(f"/proc/{os.getpid()}/fd/{held}")
    finally:
        os.close(held)


def _refuse_strange(held: int, roots: Sequence[str]) -> None:
    if not stat.S_ISREG(os.fstat(held).st_mode):
        raise FileUnreadable("something else has taken the place of a file since it was listed", reason="no_file")
    with reading_others():
        real = Path(f"/proc/self/fd/{held}").readlink()  # the kernel's own answer: no link is left in it
    if roots and not any(real.is_relative_to(Path(root).resolve()) for root in roots if not root.startswith("gs://")):
        raise FileUnreadable("a file lies outside the roots that DOCMILL_SOURCE_ROOTS allows", reason="outside")
