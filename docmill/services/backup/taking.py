"""Taking a backup while work goes on: all that the copied ledger names of the tenant is in the backup, and what came later is a surplus.

A backup holds the objects of the home's own tenant. Of other tenants that share ledger and store it holds rows of the ledger and nothing else: their
homes have the keys that open their documents, and an erasure there must not leave a key here.

The store comes after the ledger: objects are never changed, and the ledger names them only after they are there. What a document left is sealed
under the document's own key (sealing). The search index holds words of all documents in common files, so it isn't copied: it is made again from the
sealed chunk files. It is held still while the ledger is copied, so that its count is of the same instant, in a folder as in a bucket.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import docmill
from docmill.errors import Conflict, InvalidOptions, NotFound, StoreUnavailable
from docmill.scratch import held, scratch_folder
from docmill.services.backup.keys import copy_keys, copy_lists, key_files, list_files, refuse_keys_of_others
from docmill.services.backup.manifest import HEAD, STORE, SUMS, Backup, copy_file, file_sha256
from docmill.services.backup.promises import counts, promised_objects, still_there
from docmill.services.backup.sealing import SEALED, Owners, forget_erased, keys_of, seal_file
from docmill.services.running.room import Room
from docmill.shredding import shred_file
from docmill.storage.document_keys import FILE, DocumentKeys
from docmill.storage.knowledge.opening import held_still
from docmill.storage.ledger import tenants as tenant_rows
from docmill.storage.ledger.copying import copy_ledger
from docmill.values.keys import PREFIXES


@dataclass
class _Copied:
    taken_at: datetime
    ledger: str
    chunks: int
    promised: dict[str, str]  # object -> document, of the tenant's originals and results, before and after the ledger's copy
    sums: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    size_bytes: int = 0

    def add(self, name: str, sha256: str, size_bytes: int) -> None:
        self.sums.append(f"{sha256}  {name}\n")
        self.size_bytes += size_bytes


def back_up(room: Room, folder: Path, *, keys: Path | None = None) -> Backup:
    """Write a backup into a folder that is empty or not there yet.

    Args:
        room: the opened parts; the objects of its tenant are backed up, and the whole ledger.
        folder: where to.
        keys: where the key files are copied to; without it they are not, and must be kept by other means.

    Raises:
        Conflict: the folder is not empty, or `keys` holds keys of another home.
        InvalidOptions: `keys` lies in the backup, or the backup in the store or index.
        StoreUnavailable, LedgerUnavailable, EngineMissing: a part cannot be copied; what is there has no backup.json.
    """
    began = time.monotonic()
    folder = folder.absolute()
    _checked(folder, keys, room)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with held(folder):  # no rotation takes it for one that was never finished
            copied = _copy_ledger(room, folder)
            _copy_store(room, folder, copied)
            forget_erased(room, keys_of(room))
            if keys is not None:
                _copy_keys(room, keys)
            (folder / SUMS).write_text("".join(copied.sums), encoding="utf-8")
            head = _head(room, folder, copied, seconds=round(time.monotonic() - began, 1))
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


def _head(room: Room, folder: Path, copied: _Copied, *, seconds: float) -> Backup:
    home, tenant = room.settings.home.absolute(), room.tenant
    missing = copied.promised.keys() - copied.names
    still, documents = still_there(room, copied.promised)
    originals, results = counts(missing & still)
    with room.ledger.reading() as conn:
        others = tuple(one for one in tenant_rows.ids(conn) if one != tenant)
    return Backup(
        docmill=docmill.__version__,
        tenant=tenant,
        other_tenants=others,
        taken_at=copied.taken_at,
        ledger=copied.ledger,
        files=len(copied.sums),
        size_bytes=copied.size_bytes,
        chunks={tenant: copied.chunks},
        lacking_originals=originals,
        lacking_results=results,
        gone=tuple(sorted(missing - still)),
        erased=tuple(sorted(set(copied.promised.values()) - documents)),
        keys={path.name: file_sha256(path) for path in key_files(home)},
        lists=tuple(path.name for path in list_files(home)),
        sums_sha256=file_sha256(folder / SUMS),
        seconds=seconds,
    )


def _copy_ledger(room: Room, folder: Path) -> _Copied:
    with held_still(room.settings, room.ledger, room.tenant):
        taken_at, promised = room.ledger.now(), promised_objects(room)
        ledger = copy_ledger(room.settings.resolved_ledger_url, folder)
        chunks = room.knowledge.count(room.tenant)
    copied = _Copied(taken_at, ledger.name, chunks, promised | promised_objects(room))
    copied.add(ledger.name, file_sha256(ledger), ledger.stat().st_size)
    return copied


def _copy_keys(room: Room, folder: Path) -> None:
    refuse_keys_of_others(keys_of(room), DocumentKeys(folder / FILE), room.tenant)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # where all other keys are settings, nothing else makes it
    copy_keys(room.settings.home.absolute(), folder)
    copy_lists(room.settings.home.absolute(), folder)
    keys_of(room).copy_to(folder / FILE)
    forget_erased(room, DocumentKeys(folder / FILE))  # an erasure may have come between the copy and its taking the old one's place


def _copy_store(room: Room, folder: Path, copied: _Copied) -> None:
    """Copy every object of the tenant, sealed where it belongs to a document."""
    with room.ledger.reading() as conn:
        owners = Owners(conn, room.tenant)
    keys = keys_of(room).ensure(room.tenant, owners.documents())
    with scratch_folder("backup") as scratch:
        for name in _names(room):
            document = owners.of(name)
            if document is None and owners.is_left_out(name):
                continue
            path = f"{STORE}/{name}" if document is None else f"{SEALED}/{document}/{name}"
            try:
                source = room.store.fetch(name, scratch)
                if document is None:
                    copied.add(path, *copy_file(source, folder / path))
                else:
                    copied.add(path, *seal_file(source, folder / path, keys[document], name))
            except (NotFound, FileNotFoundError):
                continue  # erased or cleaned up meanwhile
            copied.names.add(name)
            if source.is_relative_to(scratch):
                shred_file(source)


def _names(room: Room) -> Iterator[str]:
    for prefix in PREFIXES:
        for info in room.store.list(f"{prefix}/{room.tenant}/"):
            yield info.name
