"""Webhooks of a home: who is told, of what, signed with which secret. Kept in a file that only the home's user can read.

Belongs here: the list. Does not belong here: sending (webhooks_sending).
"""

import base64
import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr, TypeAdapter, ValidationError, field_serializer

from docmill.errors import InvalidOptions, NotFound, SettingsInvalid
from docmill.values.jobs import JobState
from docmill.values.model import Value

FILE: Final = "webhooks.json"
"""Below home."""
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - a prefix, of the Standard Webhooks specification
SECRET_BYTES: Final = 32
PURCHASING: Final = (
    *(f"purchase_request.{what}" for what in ("submitted", "changed", "approval_given", "approved", "rejected")),
    *(f"purchase_order.{what}" for what in ("created", "paper_made", "paper_failed")),
    *("receipt.compared", "receipt.decided", "finance.receipt_needs_review"),
)
KINDS: Final = tuple(sorted((*(f"job.{state}" for state in JobState if state.is_final), *PURCHASING)))
MOST: Final = 50


class Webhook(Value):
    """One receiver. `kinds` empty: every kind of event."""

    webhook_id: str
    url: str
    secret: SecretStr
    kinds: tuple[str, ...] = ()
    created_at: datetime

    @field_serializer("secret", when_used="json")
    def _plain(self, secret: SecretStr) -> str:
        return secret.get_secret_value()

    def wants(self, kind: str) -> bool:
        """Whether it is told of events of a kind."""
        return not self.kinds or kind in self.kinds


_LIST: Final = TypeAdapter(list[Webhook])


def webhooks(home: Path) -> list[Webhook]:
    """All of a home, oldest first.

    Raises:
        SettingsInvalid: the file cannot be read.
    """
    try:
        return _LIST.validate_json(_file(home).read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValidationError):
        raise SettingsInvalid("webhooks.json below DOCMILL_HOME cannot be read") from None


def add_webhook(home: Path, url: str, kinds: Sequence[str] = ()) -> Webhook:
    """Add a receiver with a secret of its own; the secret is in the answer and nowhere else shown again.

    Raises:
        InvalidOptions: not an http or https address, an unknown kind, or too many.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password or parts.fragment:
        raise InvalidOptions("a webhook's address is http://... or https://..., without a user, a password or a fragment")
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise InvalidOptions(f"{len(unknown)} unknown kinds of event; known: {', '.join(KINDS)}")
    secret = SecretStr(SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())
    made = Webhook(webhook_id=f"wh-{secrets.token_hex(4)}", url=url, secret=secret, kinds=tuple(kinds), created_at=datetime.now(UTC))
    with _changing(home) as there:
        if len(there) >= MOST:
            raise InvalidOptions(f"there are {MOST} webhooks already")
        there.append(made)
    return made


def remove_webhook(home: Path, webhook_id: str) -> None:
    """Remove a receiver; what is on its way to it is dropped.

    Raises:
        NotFound: there is no such one.
    """
    with _changing(home) as there:
        left = [one for one in there if one.webhook_id != webhook_id]
        if len(left) == len(there):
            raise NotFound("no such webhook")
        there[:] = left


def _file(home: Path) -> Path:
    return home / FILE


@contextmanager
def _changing(home: Path) -> Iterator[list[Webhook]]:
    """The list, written back whole; one writer at a time."""
    with (home / "webhooks.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        there = webhooks(home)
        yield there
        writing = _file(home).with_suffix(".writing")
        with os.fdopen(os.open(writing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_LIST.dump_json(there, indent=1))
        writing.replace(_file(home))
