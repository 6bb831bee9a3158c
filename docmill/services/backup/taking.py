"""Taking a backup while work goes on: all that the copied ledger names is in the backup, and what came later is a surplus.

The store comes after the ledger: objects are never changed, and the ledger names them only after they are there. What a document left is sealed
under the document's own key (sealing). The search index holds words of all documents in common files, so it isn't copied: it is made again from the
sealed chunk files. It is held still while the ledger is copied, so that its count is of the same instant.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import docmill
from docmill.errors import Conflict, InvalidOptions, NotFound, StoreUnavailable
from docmill.scratch import scratch_folder
from docmill.services.backup.keys import copy_keys, key_files
from docmill.services.backup.manifest import HEAD, STORE, SUMS, Backup, copy_file, file_sha256
from docmill.services.backup.sealing import SEALED, Owners, keys_of, seal_file
from docmill.services.running.room import Room
from docmill.storage.document_keys import FILE
from docmill.storage.knowledge.copying import held_still
from docmill.storage.ledger import tenants as tenant_rows
from docmill.storage.ledger.copying import copy_ledger


@dataclass
class _Copied:
    sums: list[str] = field(default_factory=list)
    size_bytes: int = 0

    def add(self, name: str, sha256: str, size_bytes: int) -> None:
        self.sums.append(f"{sha256}  {name}\n")
        self.size_bytes += size_bytes


def back_up(room: Room, folder: Path, *, keys: Path | None = None) -> Backup:
    """Write a backup into a folder that is empty or not there yet.

    Args:
        room: the opened parts; all tenants are backed up.
        folder: where to.
        keys: where the key files are copied to; without it they are not, and must be kept by other means.

    Raises:
        Conflict: the folder is not empty, or `keys` holds other keys.
        InvalidOptions: `keys` lies in the backup, or the backup in the store or index.
        StoreUnavailable, LedgerUnavailable, EngineMissing: a part cannot be copied; what is there has no backup.json.
    """
    began, home = time.monotonic(), room.settings.home.absolute()
    folder = folder.absolute()
    _checked(folder, keys, room)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        copied = _Copied()
        taken_at, ledger, chunks = _copy_ledger_and_index(room, folder, copied)
        for path, sha256, size_bytes in _copy_store(room, folder, sorted(chunks)):
            copied.add(path, sha256, size_bytes)
        if keys is not None:
            copy_keys(home, keys)
            keys_of(room).copy_to(keys / FILE)
        (folder / SUMS).write_text("".join(copied.sums), encoding="utf-8")
        head = Backup(
            docmill=docmill.__version__,
            taken_at=taken_at,
            ledger=ledger,
            files=len(copied.sums),
            size_bytes=copied.size_bytes,
            chunks=chunks,
            keys={path.name: file_sha256(path) for path in key_files(home)},
            sums_sha256=file_sha256(folder / SUMS),
            seconds=round(time.monotonic() - began, 1),
        )
        (folder / HEAD).write_text(head.model_dump_json(indent=2), encoding="utf-8")
    except OSError as error:
        raise StoreUnavailable(f"the backup cannot be written: {error.strerror}") from None
    return head


def _checked(folder: Path, keys: Path | None, room: Room) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict("the folder for the backup is not empty")
    if keys is not None and keys.absolute().is_relative_to(folder):
        raise InvalidOptions("--keys: keys must not lie in the backup that they open")
    home = room.settings.home.absolute()
    if folder.is_relative_to(home):
        raise InvalidOptions("the backup must not lie in DOCMILL_HOME, which it is to outlive")


def _copy_ledger_and_index(room: Room, folder: Path, copied: _Copied) -> tuple[datetime, str, dict[str, int]]:
    with held_still(room.settings.knowledge_dir):
        taken_at = room.ledger.now()
        ledger = copy_ledger(room.settings.resolved_ledger_url, folder)
        with room.ledger.reading() as conn:
            tenants = tenant_rows.ids(conn)
        # an index in a bucket is not copied: `docmill reindex` makes it from the kept chunks
        chunks = {tenant: room.knowledge.count(tenant) for tenant in tenants} if room.settings.knowledge_url is None else {}
    copied.add(ledger.name, file_sha256(ledger), ledger.stat().st_size)
    return taken_at, ledger.name, chunks


def _copy_store(room: Room, folder: Path, tenants: list[str]) -> Iterator[tuple[str, str, int]]:
    """(path below the folder, SHA-256, size) of every object, sealed where it belongs to a document."""
    with room.ledger.reading() as conn:
        owners = Owners(conn, tenants)
    keys = {document: key for tenant in tenants for document, key in keys_of(room).ensure(tenant, owners.documents(tenant)).items()}
    with scratch_folder("backup") as scratch:
        for info in room.store.list(""):
            document = owners.of(info.name)
            if document is None and owners.is_left_out(info.name):
                continue
            path = f"{STORE}/{info.name}" if document is None else f"{SEALED}/{document}/{info.name}"
            try:
                source = room.store.fetch(info.name, scratch)
                if document is None:
                    yield path, *copy_file(source, folder / path)
                else:
                    yield path, *seal_file(source, folder / path, keys[document], info.name)
            except (NotFound, FileNotFoundError):
                continue  # erased or cleaned up meanwhile
            if source.is_relative_to(scratch):
                source.unlink()
