"""Files that a scan could not read: counted by reason for logs and reports, named for their owner's terminal alone."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from docmill.errors import FileUnreadable


@dataclass(slots=True)
class Unread:
    """What one scan could not read: (place, why) of files, and of folders whose files nobody could count. Places are personal data."""

    files: list[tuple[str, FileUnreadable]] = field(default_factory=list)

    @property
    def reasons(self) -> dict[str, int]:
        """How many for each reason: gone, changing, not_allowed, no_file, outside, too_large, name, or the operating system's name of the error."""
        return dict(sorted(Counter(str(error.facts.get("reason")) for _, error in self.files).items()))

    @property
    def told(self) -> str:
        """The reasons in words, without names."""
        return ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in self.reasons.items())


@contextlib.contextmanager
def leaving_out(place: str, unread: Unread | None) -> Iterator[None]:
    """What cannot be read inside is noted under its place, and the scan goes on; without `unread` it is raised."""
    try:
        yield
    except FileUnreadable as error:
        if unread is None:
            raise
        unread.files.append((place, error))
