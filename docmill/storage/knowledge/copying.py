"""The knowledge base's files while nobody changes them, for a copy."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from docmill.storage.knowledge.lock import write_lock

LOCK_WAIT_S: Final = 60.0


@contextmanager
def held_still(directory: Path) -> Iterator[list[Path]]:
    """All files below the directory, sorted, while writers of every tenant wait; searches go on.

    Raises:
        StoreUnavailable: a writer did not end within a minute.
    """
    with ExitStack() as locks:
        for tenant in sorted(table.stem for table in directory.glob("*.lance")):
            locks.enter_context(write_lock(directory, tenant, LOCK_WAIT_S))
        yield sorted(path for path in directory.rglob("*") if path.is_file() and path.suffix != ".lock")
