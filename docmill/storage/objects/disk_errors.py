"""What the operating system says about a folder store, in docmill's own errors: without paths, which name files."""

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from docmill.errors import Conflict, FileUnreadable, NotFound, StoreUnavailable
from docmill.shredding import is_shredded

_REASONS: Final = {
    errno.ENOENT: "gone",
    errno.ENOTDIR: "gone",
    errno.ESTALE: "gone",
    errno.EACCES: "not_allowed",
    errno.EPERM: "not_allowed",
}


@contextmanager
def reading() -> Iterator[None]:
    """While reading, what is not there, is a folder or is a symbolic link is `NotFound`; all else is `StoreUnavailable`."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise NotFound("there is no such object") from None
    except OSError as error:
        if error.errno == errno.ELOOP:  # O_NOFOLLOW met a symbolic link
            raise NotFound("there is no such object") from None
        raise _unavailable(error) from None


@contextmanager
def writing() -> Iterator[None]:
    """While writing, everything is `StoreUnavailable` (full disk, no permission, broken disk), but for names that cannot live together."""
    try:
        yield
    except (NotADirectoryError, IsADirectoryError):
        raise Conflict("an object bears the name of a folder, or a folder that of an object") from None
    except OSError as error:
        raise _unavailable(error) from None


@contextmanager
def reading_others() -> Iterator[None]:
    """While reading a file that is not the store's, which its owner may move, close or change at any time, everything is `FileUnreadable`."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or errno.errorcode.get(error.errno or 0, "unknown")
        raise FileUnreadable(f"a file cannot be read: {reason.replace('_', ' ')}", reason=reason) from None


def opened_source(path: Path) -> io.BufferedReader:
    """A local file that is to be stored.

    Raises:
        NotFound: there is no such local file.
        FileUnreadable: it may not be read. The superuser could read a file that its owner only writes to, but from its mode on it looks like
            one that is being overwritten (shredding), so it is refused as anybody else is.
    """
    with reading_others():
        try:
            source = path.open("rb")
        except FileNotFoundError:
            raise NotFound("there is no such local file") from None
        if is_shredded(source.fileno()):
            source.close()
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return source


def _unavailable(error: OSError) -> StoreUnavailable:
    reason = errno.errorcode.get(error.errno or 0, "unknown")
    return StoreUnavailable(f"the store's folder cannot be used: {reason}", reason=reason)
