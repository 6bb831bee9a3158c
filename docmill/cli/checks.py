"""The checks of `docmill doctor`. Each looks at one part and never raises: what is wrong is in the finding."""

import os
import shutil
import socket
import uuid
from collections.abc import Callable
from importlib import metadata
from urllib.parse import urlsplit

import httpx

from docmill.errors import DocmillError
from docmill.scratch import scratch_folder
from docmill.services.ledger_key import KEY_FILE, seal_of
from docmill.services.programs import program_version, tesseract_languages
from docmill.services.stack_note import prefect_address, running_stack
from docmill.services.validation_suite import suite_of
from docmill.settings import Settings, wanted_temporary_folder
from docmill.storage.ledger import open_ledger
from docmill.storage.ledger.copying import versions_for_copies
from docmill.storage.objects import StoreSpec, open_store
from docmill.values.keys import PRIVATE
from docmill.values.languages import TESSERACT_NAMES, language_code
from docmill.values.model import Value

LEAST_DISK_BYTES = 2 * 1024**3
STORE_MEND = "look whether DOCMILL_STORE_URL names a place that docmill may read and write: its rights, free space, credentials, network"
LEDGER_MEND = "look whether the server of DOCMILL_LEDGER_URL runs and lets docmill in; of SQLite, whether the file may be read and written"


class Finding(Value):
    """What one check found. `needed` says whether docmill cannot work without it."""

    name: str
    ok: bool
    detail: str
    mend: str
    needed: bool = True


def _next(error: DocmillError, mend: str) -> str:
    """The error's hint where it is about the installation; others are for those who mill, and some send people to the doctor, where they are."""
    return error.hint if error.code in {"settings_invalid", "ledger_outdated"} else mend


def _tesseract(found: Settings) -> Finding:
    del found
    version = program_version("tesseract")
    return Finding(name="tesseract", ok=version is not None, detail=version or "not found", mend="apt-get install tesseract-ocr")


def _poppler(found: Settings) -> Finding:
    del found
    version = program_version("pdftoppm")
    return Finding(name="poppler", ok=version is not None, detail=version or "not found", mend="apt-get install poppler-utils")


def _languages(found: Settings) -> Finding:
    there = tesseract_languages()
    by_name = {name: code for code, name in TESSERACT_NAMES.items()}
    codes = sorted(by_name[n] for n in there if n in by_name)
    try:
        wanted = TESSERACT_NAMES[language_code(found.language)]
    except DocmillError:
        known = ", ".join(sorted(TESSERACT_NAMES))
        return Finding(name="OCR languages", ok=False, detail="DOCMILL_LANGUAGE names an unknown language", mend=f"set one of {known}")
    mend = f"apt-get install tesseract-ocr-{wanted.replace('_', '-')}"
    return Finding(name="OCR languages", ok=wanted in there, detail=", ".join(codes) or "none", mend=mend)


def _speech(found: Settings) -> Finding:
    del found
    version = program_version("espeak-ng")
    detail = version or "not found; only --speech needs it"
    return Finding(name="espeak-ng", ok=version is not None, detail=detail, mend="apt-get install espeak-ng", needed=False)


def _store(found: Settings) -> Finding:
    name = f"{PRIVATE}/{found.tenant}/doctor/{uuid.uuid4().hex}"
    try:
        store = open_store(StoreSpec.from_settings(found))
        store.create(name, b"docmill")
        ok = store.read(name) == b"docmill"
        store.delete(name)
    except DocmillError as error:
        return Finding(name="object store", ok=False, detail=error.message, mend=_next(error, STORE_MEND))
    return Finding(name="object store", ok=ok, detail="writes, reads and deletes", mend=STORE_MEND)


def _ledger(found: Settings) -> Finding:
    if found.ledger_url is None and not (found.home / "ledger.db").exists():
        return Finding(name="ledger", ok=True, detail="SQLite, made on first use", mend="")
    try:
        open_ledger(found.resolved_ledger_url).close()
    except DocmillError as error:
        return Finding(name="ledger", ok=False, detail=error.message, mend=_next(error, LEDGER_MEND))
    return Finding(name="ledger", ok=True, detail="reached, schema is current", mend="")


def _prefect(found: Settings) -> Finding:
    versions = f"prefect {metadata.version('prefect')}, fastapi {metadata.version('fastapi')}"
    api_url = prefect_address(found)
    if api_url is None:
        return Finding(name="Prefect", ok=True, detail=f"{versions}; no server runs, commands start one for themselves", mend="docmill up")
    try:
        ok = httpx.get(f"{api_url.rstrip('/')}/health", timeout=5).is_success
    except httpx.HTTPError:
        ok = False
    mend = "docmill down, then docmill up" if running_stack(found) else "start the server that DOCMILL_PREFECT_API_URL names"
    return Finding(name="Prefect", ok=ok, detail=f"{versions}; server {api_url}", mend=mend)


def _disk(found: Settings) -> Finding:
    folder = found.home.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Finding(
        name="disk", ok=free > LEAST_DISK_BYTES, detail=f"{free / 1024**3:.1f} GiB free", mend="free some space, or set DOCMILL_HOME"
    )


def _temporary(found: Settings) -> Finding:
    del found
    mend = "let TMPDIR name a folder that docmill may write to, or unset it"
    try:
        with scratch_folder("doctor") as folder:
            (folder / "file").write_bytes(b"docmill")
            used = folder.parent
    except OSError as error:
        return Finding(name="temporary folder", ok=False, detail=f"cannot be written: {error.strerror}", mend=mend)
    wanted = wanted_temporary_folder()
    ok = wanted is None or used.absolute() == wanted.absolute()
    return Finding(name="temporary folder", ok=ok, detail=str(used) if ok else f"{wanted} (TMPDIR) cannot be written", mend=mend)


def _suite(found: Settings) -> Finding:
    try:
        count = len(suite_of(found)["expectations"])
    except DocmillError as error:
        return Finding(name="suite of checks", ok=False, detail=error.message, mend="docmill suite check FILE")
    own = "of one's own" if found.validation_suite else "that come with docmill"
    return Finding(name="suite of checks", ok=True, detail=f"{count} checks {own}", mend="")


def _ledger_key(found: Settings) -> Finding:
    if found.ledger_key is None and not (found.home / KEY_FILE).exists():
        return Finding(name="key of file names", ok=True, detail="made on first use", mend="")
    try:
        seal_of(found)
    except DocmillError as error:
        return Finding(name="key of file names", ok=False, detail=error.message, mend="docs/operations.md, DOCMILL_LEDGER_KEY")
    return Finding(
        name="key of file names", ok=True, detail="from the settings" if found.ledger_key else "from a file in the home", mend=""
    )


def _dask(found: Settings) -> Finding:
    if found.dask_address is None:
        return Finding(name="Dask", ok=True, detail="a cluster of this machine, made by each run", mend="")
    parts = urlsplit(found.dask_address)
    mend = "start the scheduler that DOCMILL_DASK_ADDRESS names, or unset it"
    try:
        socket.create_connection((parts.hostname or "", parts.port or 8786), timeout=5).close()
    except (OSError, ValueError) as error:
        return Finding(name="Dask", ok=False, detail=f"{found.dask_address} does not answer: {type(error).__name__}", mend=mend)
    return Finding(name="Dask", ok=True, detail=f"{found.dask_address} answers", mend="")


def _backups(found: Settings) -> Finding:
    mend = "make the folder, writable for docmill; DOCMILL_BACKUP_FOLDER and DOCMILL_BACKUP_KEYS_FOLDER name them"
    if (found.backup_folder is None) != (found.backup_keys_folder is None):
        return Finding(name="back-ups", ok=False, detail="one of the two folders is not named: the flow back-up needs both", mend=mend)
    for folder in filter(None, (found.backup_folder, found.backup_keys_folder)):
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            return Finding(name="back-ups", ok=False, detail=f"{folder} is no folder that can be written", mend=mend)
    try:
        versions = versions_for_copies(found.resolved_ledger_url)
    except DocmillError as error:
        return Finding(name="back-ups", ok=False, detail=error.message, mend=_next(error, LEDGER_MEND))
    if versions and versions[0] < versions[1]:
        have = f"pg_dump {versions[0]}" if versions[0] else "no pg_dump"
        detail = f"{have}, but PostgreSQL {versions[1]}: the ledger cannot be copied"
        return Finding(name="back-ups", ok=False, detail=detail, mend=f"install postgresql-client-{versions[1]}")
    where = found.backup_folder or "no DOCMILL_BACKUP_FOLDER: only `docmill back-up FOLDER` makes some"
    return Finding(name="back-ups", ok=True, detail=str(where), mend="")


CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    _tesseract,
    _poppler,
    _languages,
    _speech,
    _suite,
    _store,
    _ledger,
    _ledger_key,
    _backups,
    _dask,
    _prefect,
    _disk,
    _temporary,
)
"""All checks, in the order they are shown."""
