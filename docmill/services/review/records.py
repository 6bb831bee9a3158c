"""What a decision says, kept as a private object; the ledger and the audit trail hold its name and keyed digests only.

Belongs here: the object's shape and the digests. Does not belong here: whether a decision may be made (deciding).
"""

import hashlib
import hmac
import re
from datetime import date
from pathlib import Path

from docmill.errors import InvalidOptions
from docmill.services.certificate_keys import keys_of
from docmill.stages.understanding.kind_evidence import KINDS
from docmill.values.keys import review_prefix
from docmill.values.model import Value
from docmill.values.ports import ObjectStore

VALUE_LIMIT, NOTE_LIMIT, PASSAGE_LIMIT = 500, 1000, 8000
KIND = "kind"
"""The name under which a document's kind is asked about and corrected, like a field."""

DATES = frozenset({"issue_date", "due_date", "delivery_date"})
AMOUNTS = frozenset({"total", "net_total", "tax_total", "amount_due"})
_KEY = b"docmill review values 1"
_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class DecisionRecord(Value):
    """What a person decided, with document text: private. `old` and `new` are normalised values, None where there is none."""

    task_id: str
    field: str | None  # None for a passage, whose text stands in `old` and `new`
    old: str | None
    new: str | None
    note: str


def record_name(tenant: str, document_id: str, decision_id: str) -> str:
    """Where a decision's record lies."""
    return f"{review_prefix(tenant, document_id)}/{decision_id}.json"


def keep_record(store: ObjectStore, name: str, record: DecisionRecord) -> None:
    """Write a record; its name is new with every decision.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    store.create(name, record.model_dump_json().encode(), media_type="application/json")


def read_record(store: ObjectStore, name: str) -> DecisionRecord:
    """A record.

    Raises:
        NotFound, StoreUnavailable: it is not there, or the store did not answer.
    """
    return DecisionRecord.model_validate_json(store.read(name))


def value_digest(home: Path, document_id: str, field: str | None, value: str | None) -> str | None:
    """The keyed digest of a field's value, hexadecimal; None without a value. Without the key in DOCMILL_HOME nobody can test guesses.

    The same value in two documents has two digests. The key is that of certificates' values.

    Raises:
        StoreUnavailable: the key cannot be read or made.
    """
    if value is None:
        return None
    key = hmac.digest(keys_of(home).hashing, _KEY + document_id.encode(), hashlib.sha256)
    return hmac.digest(key, f"{field or ''}\0{value}".encode(), hashlib.sha256).hex()


def checked_value(field: str, value: str) -> str:
    """A value as results carry it: ISO 8601 date, decimal number with a point, ISO 4217 code, or text.

    Raises:
        InvalidOptions: it is none for this field; the message does not repeat it.
    """
    text = value.strip()
    if not _NAME.fullmatch(field):
        raise InvalidOptions("a field's name is of a-z, 0-9 and _")
    if not text or len(text) > VALUE_LIMIT or not text.isprintable():
        raise InvalidOptions(f"a value is 1 to {VALUE_LIMIT} printable characters")
    if field == KIND and text not in KINDS:
        raise InvalidOptions(f"kind is one of {', '.join(KINDS)}")
    if field in DATES:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise InvalidOptions(f"{field} is a date such as 2026-03-31") from None
    if field in AMOUNTS and not _AMOUNT.fullmatch(text):
        raise InvalidOptions(f"{field} is a number with a point, such as 1234.50")
    if field == "currency" and not re.fullmatch(r"[A-Z]{3}", text):
        raise InvalidOptions("currency is an ISO 4217 code such as EUR")
    return text


def checked_note(note: str) -> str:
    """A reason.

    Raises:
        InvalidOptions: it is too long.
    """
    if len(note) > NOTE_LIMIT:
        raise InvalidOptions(f"a reason is at most {NOTE_LIMIT} characters")
    return note


def checked_passage(text: str) -> str:
    """A passage as a person typed it: words and blanks.

    Raises:
        InvalidOptions: it has no word, or is too long; the message does not repeat it.
    """
    words = text.split()
    if not words or len(text) > PASSAGE_LIMIT or not all(word.isprintable() for word in words):
        raise InvalidOptions(f"a passage is 1 to {PASSAGE_LIMIT} printable characters; reject it if there is none")
    return " ".join(words)
