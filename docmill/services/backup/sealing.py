"""What a document left lies sealed in a backup, under a key of its own that is kept outside: erasing the key erases it in every backup.

    sealed/<document id>/<object name>        AES-256-GCM (NIST SP 800-38D): nonce of 96 bits, ciphertext, tag; the object's name is authenticated

An object that belongs to no document (runs, reports, orders) lies in clear below store/. One of a document that the ledger does not know yet was
written while the backup was taken; it is left out, as the ledger's copy does not know it either. Exports are left out, too: they are copies of many
documents' values that no document's key could take back.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from docmill.errors import Damaged
from docmill.services.running.room import Room
from docmill.storage.document_keys import FILE, DocumentKeys
from docmill.storage.ledger import Connection, deletion
from docmill.storage.ledger.object_owners import owners
from docmill.values.keys import ORIGINALS, PRIVATE, PUBLIC, STAGES, evidence_prefix, exports_prefix, receipt_owner, review_prefix

SEALED: Final = "sealed"
_NONCE_BYTES: Final = 12
_OF_STAGES: Final = frozenset(STAGES)
_STAGE_ELEMENTS: Final = 4  # private/<tenant>/<stage>/<2>/<key>.<ext>
_MADE: Final = frozenset(
    {"results", "unlocked"}
)  # beside the stages' own folders; a locked PDF is unlocked before the ledger knows of the copy


class Owners:
    """Which document an object of a store belongs to.

    Args:
        conn: of the ledger.
        tenant: whose store it is.
    """

    def __init__(self, conn: Connection, tenant: str) -> None:
        self._by_name = dict(owners(conn, tenant))
        self._documents = frozenset(self._by_name.values())

    def of(self, name: str) -> str | None:
        """The document's id; None where an object belongs to none, or to one that is not known yet."""
        if (found := self._by_name.get(name) or self._by_name.get(_chunks_of(name))) is not None:
            return found
        owner = receipt_owner(name) or _folder_owner(name)
        return owner if owner in self._documents else None

    def documents(self) -> list[str]:
        """All documents that have objects."""
        return sorted(self._documents)

    def is_left_out(self, name: str) -> bool:
        """Whether an object without a known document was made of one: it must not lie in clear."""
        parts = name.split("/")
        if parts[0] == ORIGINALS or receipt_owner(name) is not None or _folder_owner(name) is not None:
            return True
        if name.startswith(exports_prefix(parts[1])):
            return True
        is_made = len(parts) > _STAGE_ELEMENTS and (parts[2] in _OF_STAGES or parts[2] in _MADE)
        return is_made and parts[0] in {PRIVATE, PUBLIC} and not name.endswith(".note")


def keys_of(room: Room) -> DocumentKeys:
    """The home's keys of documents."""
    return DocumentKeys(room.settings.home.absolute() / FILE)


def forget_keys(room: Room, document_id: str) -> None:
    """Erase a document's key here and where backups' keys lie, if that disk is there; else the next backup replaces the file there.

    Raises:
        StoreUnavailable: a file cannot be written.
    """
    keys_of(room).forget(room.tenant, document_id)
    if (file := keys_elsewhere(room)) is not None:
        DocumentKeys(file).forget(room.tenant, document_id)


def remove_unfinished_keys(room: Room, *, dry_run: bool = False) -> dict[str, int]:
    """Remove what a back-up that was killed left of the keys' copy; name -> bytes.

    Raises:
        StoreUnavailable: it cannot be removed.
    """
    folder = room.settings.backup_keys_folder
    return DocumentKeys(folder / FILE).remove_unfinished(dry_run=dry_run) if folder is not None else {}


def keys_elsewhere(room: Room) -> Path | None:
    """The keys' copy in DOCMILL_BACKUP_KEYS_FOLDER, where an erasure reaches it; None without that setting, or when its disk is not there."""
    folder = room.settings.backup_keys_folder
    return folder / FILE if folder is not None and (folder / FILE).is_file() else None


def forget_erased(room: Room, keys: DocumentKeys) -> None:
    """Erase the keys of documents that the ledger's audit trail says were erased, of any tenant, in whatever home that was done.

    What the ledger merely does not know keeps its key: it may be an older ledger that was restored, and the key the only one of a newer backup.
    """
    for tenant, documents in keys.documents().items():
        with room.ledger.reading() as conn:
            gone = deletion.erased_among(conn, tenant, documents)
        keys.forget(tenant, *gone)


def _folder_owner(name: str) -> str | None:
    parts = name.split("/")
    if len(parts) <= _STAGE_ELEMENTS:
        return None
    tenant, document = parts[1], parts[3]
    return document if "/".join(parts[:4]) in {review_prefix(tenant, document), evidence_prefix(tenant, document)} else None


def _chunks_of(name: str) -> str:
    """The chunk file of which this one has the vectors of another model: <key>.<identity>.arrow or .json beside <key>.arrow."""
    folder, _, file = name.rpartition("/")
    return f"{folder}/{file.partition('.')[0]}.arrow"


def seal_file(source: Path, target: Path, key: bytes, name: str) -> tuple[str, int]:
    """Write a file sealed, mode 0600; returns SHA-256 and size of what was written."""
    nonce = os.urandom(_NONCE_BYTES)
    body = nonce + AESGCM(key).encrypt(nonce, source.read_bytes(), name.encode())
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with target.open("xb") as file:
        target.chmod(0o600)
        file.write(body)
    return hashlib.sha256(body).hexdigest(), len(body)


def open_file(source: Path, key: bytes, name: str) -> bytes:
    """The bytes that were sealed.

    Raises:
        Damaged: they were changed, or sealed with another key or under another name.
    """
    body = source.read_bytes()
    try:
        return AESGCM(key).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], name.encode())
    except (InvalidTag, ValueError):
        raise Damaged("an object of the backup cannot be opened with its document's key") from None


def sealed_names(paths: Iterator[str]) -> Iterator[tuple[str, str, str]]:
    """(path below the backup, document id, object name) of the sealed files among the paths."""
    for path in paths:
        if path.startswith(f"{SEALED}/"):
            _, document, name = path.split("/", 2)
            yield path, document, name


def keys_by_name(file: Path, wanted: Mapping[str, set[str]]) -> dict[tuple[str, str], bytes]:
    """(tenant, document id) -> key, for documents by tenant; an erased document has none."""
    keys = DocumentKeys(file)
    return {(tenant, document): key for tenant, some in wanted.items() for document, key in keys.of(tenant, sorted(some)).items()}
