"""What a clean-up did. Names in it are object names and folder names that docmill made itself: ids, never file names of senders."""

from collections.abc import Iterator
from contextlib import contextmanager

from docmill.errors import DocmillError
from docmill.values.model import Value


class FailedCleanup(Value):
    """What could not be removed: the name of an object, of a folder or of a whole part, and an error code or the system's word for it."""

    path: str
    error: str


class CleanUp(Value):
    """The report: `cleaned_files` went (or would go, in a dry run), `total_space_freed` counts their bytes."""

    cleaned_files: tuple[str, ...]
    failed_cleanups: tuple[FailedCleanup, ...]
    total_space_freed: int
    dry_run: bool = False


class Cleaning:
    """A clean-up under way."""

    def __init__(self, *, dry_run: bool) -> None:
        self.dry_run = dry_run
        self._cleaned: list[str] = []
        self._failed: list[FailedCleanup] = []
        self._bytes = 0

    def cleaned(self, path: str, size_bytes: int) -> None:
        """Something went."""
        self._cleaned.append(path)
        self._bytes += size_bytes

    def failed(self, path: str, error: str) -> None:
        """Something could not be removed."""
        self._failed.append(FailedCleanup(path=path, error=error))

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """One part of the clean-up. If it fails, the others go on: a single odd file must not keep documents from being overwritten."""
        try:
            yield
        except DocmillError as error:
            self.failed(name, error.code)
        except OSError as error:
            self.failed(name, error.strerror or type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever it is; its text may name a sender's file
            self.failed(name, type(error).__name__)

    def report(self) -> CleanUp:
        """What was done so far."""
        return CleanUp(
            cleaned_files=tuple(self._cleaned),
            failed_cleanups=tuple(self._failed),
            total_space_freed=self._bytes,
            dry_run=self.dry_run,
        )
