"""Restoring a backup into an empty home, and proving that what came back is whole. The ledger comes last: without it nothing begins to work.

A store may be shared: what other tenants have in it is no hindrance. A ledger may not be there yet, of whomever.
"""

import contextlib
import mimetypes
import time
from collections.abc import Collection
from pathlib import Path

from docmill.errors import Conflict, Damaged, InvalidOptions, StoreUnavailable
from docmill.scratch import scratch_folder
from docmill.services.backup.keys import restore_keys, restore_lists
from docmill.services.backup.manifest import STORE, Backup, check_files, copy_file, file_sha256, read_backup, read_sums
from docmill.services.backup.proving import Proof, proof_of, refuse_lacking
from docmill.services.backup.sealing import keys_by_name, open_file, sealed_names
from docmill.settings import Settings
from docmill.storage.document_keys import FILE, DocumentKeys
from docmill.storage.ledger.copying import POSTGRES_FILE, refuse_ledger, restore_ledger, scratch_database
from docmill.storage.objects import StoreSpec, open_store
from docmill.values.keys import PREFIXES

OCTETS = "application/octet-stream"


def restore(folder: Path, settings: Settings, *, keys: Path | None = None) -> Proof:
    """Restore a backup to where the settings point: nothing may be there yet.

    Raises:
        NotFound, Damaged: no whole backup, or it was changed; nothing was written. Damaged, too, when all came back that the backup has, and the
            ledger names originals or results that it does not have.
        Conflict: there is a ledger, an object of the tenant or an index already; nothing was written.
        InvalidOptions: the backup needs its keys, or is another tenant's.
        StoreUnavailable, LedgerUnavailable, EngineMissing: a part could not be written; begin again with an empty home.
    """
    began = time.monotonic()
    backup = read_backup(folder)
    check_files(folder)
    _refuse(settings, backup)
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        restore_keys(backup.keys, keys, settings.home.absolute())
        restore_lists(backup.lists, keys, settings.home.absolute())
        if keys is not None and (keys / FILE).is_file():
            copy_file(keys / FILE, settings.home.absolute() / FILE)
        _restore_objects(folder, settings)
        erased = _restore_sealed(folder, settings, backup)
        restore_ledger(settings.resolved_ledger_url, folder / backup.ledger)
    except OSError as error:
        raise StoreUnavailable(f"the home cannot be written: {error.strerror}") from None
    # what the old ledger still knows of erased documents goes, and must reach no key that is in use: the bytes may have come again
    return proof_of(folder, backup, settings.model_copy(update={"backup_keys_folder": None}), began, erased)


def prove(folder: Path, settings: Settings, *, keys: Path | None = None) -> Proof | None:
    """Restore a backup into a scratch home and throw it away, one of PostgreSQL into a database of its own beside the ledger.

    None where the ledger's user may not make databases: then only the files are checked, and that nothing was lacking as they were copied.

    Raises:
        As `restore`.
    """
    with contextlib.ExitStack() as drill:
        ledger = None
        backup = read_backup(folder)
        if backup.ledger == POSTGRES_FILE:
            ledger = drill.enter_context(scratch_database(settings.resolved_ledger_url))
            if ledger is None:
                check_files(folder)
                refuse_lacking(backup.lacking_originals, backup.lacking_results)
                return None
        home = drill.enter_context(scratch_folder("drill")) / "home"
        elsewhere = {"home": home, "ledger_url": ledger, "store_url": None, "gcs_bucket": None, "knowledge_url": None}
        return restore(folder, settings.model_copy(update=elsewhere), keys=keys)


def _refuse(settings: Settings, backup: Backup) -> None:
    if backup.tenant is not None and backup.tenant != settings.tenant:
        raise InvalidOptions(f"the backup is of the tenant {backup.tenant}: set DOCMILL_TENANT to it, in a home of its own")
    refuse_ledger(settings.resolved_ledger_url)
    store = open_store(StoreSpec.from_settings(settings))
    places = [""] if backup.tenant is None else [f"{prefix}/{backup.tenant}/" for prefix in PREFIXES]
    if any(next(iter(store.list(place)), None) is not None for place in places):
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


def _restore_sealed(folder: Path, settings: Settings, backup: Backup) -> set[tuple[str, str]]:
    """Open what belongs to documents; returns (tenant, document id) of those whose key is gone: they were erased since."""
    store = open_store(StoreSpec.from_settings(settings))
    wanted: dict[str, set[str]] = {}
    for _, document, name in sealed_names(path for path, _ in read_sums(folder)):
        wanted.setdefault(name.split("/")[1], set()).add(document)
    keys = keys_by_name(settings.home.absolute() / FILE, wanted)
    if wanted and not keys and not _all_were_erased(backup, settings, wanted):
        raise InvalidOptions(f"the backup is sealed by the keys of documents: say with --keys where {FILE} lies")
    opened: set[tuple[str, str]] = set()
    closed: set[tuple[str, str]] = set()
    for path, document, name in sealed_names(path for path, _ in read_sums(folder)):
        owner = (name.split("/")[1], document)
        body = _opened(folder / path, keys.get(owner), name)
        if body is None:
            closed.add(owner)
            continue
        opened.add(owner)
        store.create(name, body, media_type=mimetypes.guess_type(name)[0] or OCTETS)
        if store.read(name) != body:
            raise Damaged("an object came back with other bytes")
    if opened & closed or (keys and not opened):
        raise Damaged(
            "objects of the backup cannot be opened with the keys of their documents: give the keys folder of the home that took it"
        )
    return closed | _erased_meanwhile(backup, settings)


def _all_were_erased(backup: Backup, settings: Settings, tenants: Collection[str]) -> bool:
    """Whether a file without any of the keys is the right one: it came with other keys of the backup's home, or it knows no document at all."""
    file = settings.home.absolute() / FILE
    return file.is_file() and (bool(backup.keys) or DocumentKeys(file).documents().keys().isdisjoint(tenants))


def _opened(path: Path, key: bytes | None, name: str) -> bytes | None:
    """None where the document was erased: its key is gone, or is a new one, because the same bytes came again. The file has its checksum."""
    if key is None:
        return None
    try:
        return open_file(path, key, name)
    except Damaged:
        return None


def _erased_meanwhile(backup: Backup, settings: Settings) -> set[tuple[str, str]]:
    """Documents that were erased while the backup was taken, but for those that have come again since."""
    if backup.tenant is None:
        return set()
    known = keys_by_name(settings.home.absolute() / FILE, {backup.tenant: set(backup.erased)})
    return {(backup.tenant, document) for document in backup.erased} - known.keys()
