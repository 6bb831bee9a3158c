"""A single file at hand without its password, for commands that read files without ledger and store."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr

from docmill.cell import Cell, CellLimits
from docmill.errors import UnsupportedType
from docmill.scratch import scratch_folder
from docmill.services.milling.shard import MillLimits
from docmill.settings import Settings
from docmill.stages.reading.media_types import PDF
from docmill.stages.reading.sniff import HEAD_BYTES, media_type_of


@contextlib.contextmanager
def unlocked_file(file: Path, password: SecretStr | None, settings: Settings) -> Iterator[Path]:
    """The file itself, or for as long as the block runs a copy of it that asks for no password, where the file is a locked PDF.

    Raises:
        Encrypted: the password does not open it.
        Damaged, ParserDied, TimedOut: it cannot be opened at all.
    """
    if password is None:
        yield file
        return
    limits = MillLimits.from_settings(settings)
    with scratch_folder("unlock") as folder:  # readable by its owner only
        with Cell(CellLimits(memory_bytes=limits.cell_memory_bytes, items=limits.cell_items)) as cell:
            found = unlocked_in(folder, file, password, cell, deadline_s=limits.page_deadline_s)
        yield found


def unlocked_in(folder: Path, file: Path, password: SecretStr, cell: Cell, *, deadline_s: float) -> Path:
    """The file itself, or its unlocked copy in `folder`, which belongs to the caller.

    Raises:
        Encrypted, Damaged, ParserDied, TimedOut: as `unlocked_file`.
    """
    out = folder / "unlocked.pdf"
    if is_pdf(file):
        args = (str(file.absolute()), password.get_secret_value(), str(out))
        cell.call("docmill.stages.reading.verbs:unlock", *args, deadline_s=deadline_s)
    return out if out.exists() else file


def is_pdf(file: Path) -> bool:
    """Whether the bytes of a file say that it is a PDF."""
    with file.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    try:
        return bool(head) and media_type_of(head, file.stat().st_size) == PDF
    except UnsupportedType:
        return False
