"""What the operating system says about a folder store, in docmill's own errors: without paths, which name files."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from docmill.errors import Conflict, NotFound, StoreUnavailable


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


def _unavailable(error: OSError) -> StoreUnavailable:
    reason = errno.errorcode.get(error.errno or 0, "unknown")
    return StoreUnavailable(f"the store's folder cannot be used: {reason}", reason=reason)
