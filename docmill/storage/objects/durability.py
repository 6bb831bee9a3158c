"""Which objects must survive a power cut, and which may be done again.

Measured on ext4 on a virtual disk: a create of 1 kB costs 0.15 ms; waiting for the disk adds 0.3 ms for the bytes and 0.15 ms for the
folder on a quiet disk, 1-4 ms on a busy one. Against reading a page that is little, for markers (several per item) it is most of their
cost. Hence three classes:

- *promised* (originals/, public/, private/<tenant>/unlocked/): bytes and folder are flushed. The ledger or a reader was told that they
  are there, and originals cannot be made again, nor copies of locked PDFs once the password is forgotten.
- *remembered* (private/ artefacts): bytes are flushed before the file gets its name. A power cut may forget the artefact, which is then
  made again; without the flush it could leave an *empty* file at a key that is trusted for ever ("what is there is skipped").
- *passing* (markers, leases, flags of a run; receipts; notes of pages read before): nothing is flushed. A power cut ends the run that
  markers belong to; the next attempt is a new run. Receipts and notes are looked at whole before they are believed: one that the power cut
  left empty counts as none, and its stage is run again.

The zeros that overwrite a deleted object are flushed where its bytes were: else the kernel would drop them with the file.

A killed process (kill -9) loses nothing in any class: its complete files are in the kernel's hands.
"""

from enum import Enum

from docmill.values.keys import PRIVATE

_PASSING_FOLDERS = ("runs", "journal", "receipts")
_PASSING_ENDING = ".note"
_KEPT_FOLDERS = ("unlocked",)
_FOLDER_AT = 2
"""Names are private/<tenant>/<folder>/...: see docmill.values.keys.run_prefix and journal_prefix."""


class Durability(Enum):
    """What must be on the disk when a write returns."""

    PROMISED = "promised"
    REMEMBERED = "remembered"
    PASSING = "passing"

    @property
    def flushes_bytes(self) -> bool:
        """Whether the bytes are flushed before the file gets its name."""
        return self is not Durability.PASSING

    @property
    def flushes_folder(self) -> bool:
        """Whether the name itself is flushed too."""
        return self is Durability.PROMISED


def durability(parts: tuple[str, ...]) -> Durability:
    """The class of an object with these name parts. An unknown name is promised: the safe answer."""
    folder = parts[_FOLDER_AT] if len(parts) > _FOLDER_AT else ""
    if parts[0] != PRIVATE or folder in _KEPT_FOLDERS:
        return Durability.PROMISED
    is_passing = folder in _PASSING_FOLDERS or parts[-1].endswith(_PASSING_ENDING)
    return Durability.PASSING if is_passing else Durability.REMEMBERED
