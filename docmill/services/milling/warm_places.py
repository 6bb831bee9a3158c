"""Where the warm process of a home listens. Does not belong here: what is said there."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def mill_socket(home: Path) -> Path:
    """Where shards are taken."""
    return home.absolute() / "mill.sock"


def runs_socket(home: Path) -> Path:
    """Where flow runs are taken."""
    return home.absolute() / "runs.sock"


@contextlib.contextmanager
def short_name(place: Path) -> Iterator[str]:
    """A name for a socket file that fits the 107 bytes which the kernel allows, however deep its folder lies.

    Raises:
        OSError: there is no such folder.
    """
    folder = os.open(place.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{place.name}"
    finally:
        os.close(folder)
