"""Signed receipts of erasures: that this docmill erased a document, when, and from where. For whoever asked for it (GDPR, article 17).

    {"form", "tenant", "document_id", "erased_at", "objects", "places", "public_key", "signature"}

Signed with the key that signs the audit trail (Ed25519, RFC 8032) over the canonical JSON of everything but the signature. A document's id is a
digest of its bytes: whoever still has the file can prove that the receipt is about it, nobody else learns what it was.
"""

import json
from base64 import b64decode
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from docmill.errors import Damaged, StoreUnavailable
from docmill.services.audit_signing import PUBLIC_FILE, SECRET_FILE
from docmill.services.backup.sealing import keys_elsewhere
from docmill.services.certificate_keys import encoded, raw_public, signing_key
from docmill.services.running.room import Room
from docmill.values.model import Value

FORM: Final = "docmill erasure receipt 1"
PLACES: Final = ("ledger", "object store", "search index", "key of backups in the home")
KEYS_ELSEWHERE: Final = "key of backups in DOCMILL_BACKUP_KEYS_FOLDER"
"""Only where the erasure reached it. Copies of the keys that lie anywhere else open older backups until the next `docmill back-up --keys` replaces them."""


class ErasureReceipt(Value):
    """What is signed, and the signature. `objects` counts what the store removed."""

    form: Literal["docmill erasure receipt 1"] = FORM
    tenant: str
    document_id: str
    erased_at: datetime
    objects: int
    places: tuple[str, ...] = PLACES
    public_key: str
    signature: str = ""


def erasure_receipt(room: Room, document_id: str, objects: int) -> ErasureReceipt:
    """The receipt of an erasure that is done.

    Raises:
        SettingsInvalid, StoreUnavailable: the signing key cannot be read or made.
    """
    key = signing_key(room.settings.home.absolute(), SECRET_FILE, PUBLIC_FILE)
    made = ErasureReceipt(
        tenant=room.tenant,
        document_id=document_id,
        erased_at=room.ledger.now(),
        objects=objects,
        places=(*PLACES, KEYS_ELSEWHERE) if keys_elsewhere(room) else PLACES,
        public_key=encoded(raw_public(key.public_key())),
    )
    return made.model_copy(update={"signature": encoded(key.sign(_signed(made)))})


def check_receipt(data: bytes, trusted: bytes) -> ErasureReceipt:
    """The receipt, if it was signed by the trusted key and not changed since.

    Args:
        data: JSON.
        trusted: the signer's raw public key, 32 bytes.

    Raises:
        Damaged: it is no receipt, was changed, or somebody else signed it.
    """
    try:
        found = ErasureReceipt.model_validate_json(data)
        Ed25519PublicKey.from_public_bytes(trusted).verify(b64decode(found.signature), _signed(found))
    except (ValidationError, ValueError, InvalidSignature):
        raise Damaged("this is no receipt that the trusted key has signed, or it was changed") from None
    return found


def write_receipt(receipt: ErasureReceipt, file: Path) -> None:
    """Write a receipt into a new file.

    Raises:
        StoreUnavailable: it cannot be written.
    """
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(receipt.model_dump_json(indent=1))
    except OSError as error:
        raise StoreUnavailable(f"the receipt cannot be written: {error.strerror}") from None


def _signed(receipt: ErasureReceipt) -> bytes:
    body = receipt.model_dump(mode="json", exclude={"signature"})
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
