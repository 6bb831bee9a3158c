"""Restoring a backup into an empty home, and proving that what came back is whole. The ledger comes last: without it nothing begins to work."""

import contextlib
import mimetypes
import shutil
import time
from pathlib import Path

from docmill.errors import Conflict, Damaged, InvalidOptions, NotFound, StoreUnavailable
from docmill.scratch import scratch_folder
from docmill.services import audit
from docmill.services.backup.keys import restore_keys
from docmill.services.backup.manifest import STORE, Backup, check_files, copy_file, file_sha256, read_backup, read_sums
from docmill.services.backup.sealing import keys_by_name, open_file, sealed_names
from docmill.services.erase import erase
from docmill.services.reconciling import reconcile
from docmill.services.reindex import rebuild_tenant
from docmill.services.running.room import Room
from docmill.settings import Settings
from docmill.storage.document_keys import FILE
from docmill.storage.knowledge.ports import Query, SearchMode
from docmill.storage.ledger import tenants as tenant_rows
from docmill.storage.ledger.copying import POSTGRES_FILE, refuse_ledger, restore_ledger, scratch_database
from docmill.storage.objects import StoreSpec, open_store
from docmill.values.model import Value

OCTETS = "application/octet-stream"


class Proof(Value):
    """What was proven of a restored home; everything else raises.

    Attributes:
        files, size_bytes: as many as the backup has, each with its SHA-256.
        tenants, audit_events, chunks: that hold and are searched.
        unnamed_results: results that came after the ledger's copy.
        missing_results: results that were erased while the backup was taken.
        erased: documents that were erased after the backup was taken: their keys are gone, and now what the old ledger still said of them.
        seconds: how long restoring and proving took.
    """

    files: int
    size_bytes: int
    tenants: int
    audit_events: int
    chunks: int
    unnamed_results: int
    missing_results: int
    erased: int
    seconds: float


def restore(folder: Path, settings: Settings, *, keys: Path | None = None) -> Proof:
    """Restore a backup to where the settings point: nothing may be there yet.

    Raises:
        NotFound, Damaged: no whole backup, or it was changed; nothing was written.
        Conflict: there is a ledger, an object or an index already; nothing was written.
        InvalidOptions: the backup needs its keys.
        StoreUnavailable, LedgerUnavailable, EngineMissing: a part could not be written; begin again with an empty home.
    """
    began = time.monotonic()
    backup = read_backup(folder)
    check_files(folder)
    _refuse(settings)
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        restore_keys(backup.keys, keys, settings.home.absolute())
        if keys is not None and (keys / FILE).is_file():
            copy_file(keys / FILE, settings.home.absolute() / FILE)
        _restore_objects(folder, settings)
        erased = _restore_sealed(folder, settings)
        restore_ledger(settings.resolved_ledger_url, folder / backup.ledger)
    except OSError as error:
        raise StoreUnavailable(f"the home cannot be written: {error.strerror}") from None
    return _proof(folder, backup, settings, began, erased)


def prove(folder: Path, settings: Settings, *, keys: Path | None = None) -> Proof | None:
    """Restore a backup into a scratch home and throw it away, one of PostgreSQL into a database of its own beside the ledger.

    None where the ledger's user may not make databases: then only the files are checked.

    Raises:
        As `restore`.
    """
    with contextlib.ExitStack() as drill:
        ledger = None
        if read_backup(folder).ledger == POSTGRES_FILE:
            ledger = drill.enter_context(scratch_database(settings.resolved_ledger_url))
            if ledger is None:
                check_files(folder)
                return None
        home = drill.enter_context(scratch_folder("drill")) / "home"
        elsewhere = {"home": home, "ledger_url": ledger, "store_url": None, "gcs_bucket": None, "knowledge_url": None}
        return restore(folder, settings.model_copy(update=elsewhere), keys=keys)


def _refuse(settings: Settings) -> None:
    refuse_ledger(settings.resolved_ledger_url)
    if next(iter(open_store(StoreSpec.from_settings(settings)).list("")), None) is not None:
        raise Conflict("the store holds objects already; restore into an empty one")
    if settings.knowledge_dir.exists() and any(settings.knowledge_dir.iterdir()):
        raise Conflict("the home has a knowledge base already; restore into an empty one")


def _restore_objects(folder: Path, settings: Settings) -> None:
    store = open_store(StoreSpec.from_settings(settings))
    for path, sha256 in read_sums(folder):
        if path.startswith(f"{STORE}/"):
            name = path.removeprefix(f"{STORE}/")
            store.create_from(name, folder / path, media_type=mimetypes.guess_type(name)[0] or OCTETS)
            with scratch_folder("restore") as scratch:
                if file_sha256(store.fetch(name, scratch)) != sha256:
                    raise Damaged("an object came back with other bytes")


def _restore_sealed(folder: Path, settings: Settings) -> set[tuple[str, str]]:
    """Open what belongs to documents; returns (tenant, document id) of those whose key is gone: they were erased since."""
    store = open_store(StoreSpec.from_settings(settings))
    wanted: dict[str, set[str]] = {}
    for _, document, name in sealed_names(path for path, _ in read_sums(folder)):
        wanted.setdefault(name.split("/")[1], set()).add(document)
    keys, erased = keys_by_name(settings.home.absolute() / FILE, wanted), set()
    if wanted and not keys:
        raise InvalidOptions(f"the backup is sealed by the keys of documents: say with --keys where {FILE} lies")
    for path, document, name in sealed_names(path for path, _ in read_sums(folder)):
        owner = (name.split("/")[1], document)
        if owner not in keys:
            erased.add(owner)
            continue
        body = open_file(folder / path, keys[owner], name)
        store.create(name, body, media_type=mimetypes.guess_type(name)[0] or OCTETS)
        if store.read(name) != body:
            raise Damaged("an object came back with other bytes")
    return erased


def _proof(folder: Path, backup: Backup, settings: Settings, began: float, erased: set[tuple[str, str]]) -> Proof:
    events = chunks = unnamed = missing = 0
    first = Room.open(settings)
    try:
        with first.ledger.reading() as conn:
            tenants = tenant_rows.ids(conn)
    finally:
        first.close()
    for tenant in tenants:
        room = Room.open(settings, tenant)
        try:
            gone = _erase_again(room, [document for of, document in erased if of == tenant])
            rebuild_tenant(room)
            trail = audit.verify(room.ledger, tenant)
            found = reconcile(room)
            count = room.knowledge.count(tenant)
            if trail.broken or (count != backup.chunks.get(tenant, 0) and not gone):
                raise Damaged("the restored audit trail or search index does not hold", broken=len(trail.broken), chunks=count)
            room.knowledge.search(tenant, Query("total", mode=SearchMode.TEXT, limit=1))
        finally:
            room.close()
        events, chunks = events + trail.events, chunks + count
        unnamed, missing = unnamed + len(found.unnamed_objects), missing + len(found.missing_objects)
    return Proof(
        files=sum(1 for _ in read_sums(folder)),
        size_bytes=backup.size_bytes,
        tenants=len(tenants),
        audit_events=events,
        chunks=chunks,
        unnamed_results=unnamed,
        missing_results=missing,
        erased=len(erased),
        seconds=round(time.monotonic() - began, 3),
    )


def _erase_again(room: Room, documents: list[str]) -> int:
    """What the old ledger says of documents that were erased since goes, too."""
    for document in documents:
        with contextlib.suppress(NotFound):
            erase(room, document)
    return len(documents)


def newest_backup(parent: Path) -> Path | None:
    """The newest whole backup below a folder; None where there is none. Names are times, so they sort by age."""
    return max((path.parent for path in parent.glob("docmill-*/backup.json")), key=lambda path: path.name, default=None)


def thin_out(parent: Path, keep: int) -> int:
    """Remove all but the newest whole backups below a folder, and what was never finished before them; returns how many went.

    Names are times, so they sort by age.
    """
    found = sorted(path for path in parent.iterdir() if path.is_dir() and path.name.startswith("docmill-"))
    whole = [path for path in found if (path / "backup.json").is_file()]
    first_kept = whole[-keep:][0].name if whole else ""
    old = [path for path in found if path.name < first_kept]
    for path in old:
        shutil.rmtree(path)
    return len(old)
