"""The log of searches: one file of JSON lines per tenant and day, readable by its owner alone, old days removed.

A line is written by one append, so processes of one machine may share a file. It says what was asked and by whom only as keyed digests
(HMAC-SHA-256), unless the text is to be kept.
"""

import contextlib
import hashlib
import hmac
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from docmill.errors import StoreUnavailable
from docmill.storage.knowledge.conditions import checked_tenant
from docmill.storage.objects.url_key import url_key
from docmill.values.model import Value

KEY_FILE: Final = "digests.key"
DIGEST_CHARACTERS: Final = 16


class AskedQuery(Value):
    """One search.

    Attributes:
        at: when it was answered, UTC.
        user: digest of who asked.
        query: digest of the query, its case and spaces folded: equal queries of a tenant have equal digests.
        text: the query itself; None unless it is to be kept.
        mode: vector, text or hybrid.
        filters: names of the filters, never their values.
        results: how many passages were shown.
        took_ms: milliseconds.
    """

    at: datetime
    user: str
    query: str
    text: str | None
    mode: str
    filters: tuple[str, ...]
    results: int
    took_ms: float


class QueryLog:
    """The log of one tenant.

    Args:
        folder: of all logs; made when missing.
        tenant: whose searches.
        kept_days: days of which files are kept, today included.
    """

    def __init__(self, folder: Path, tenant: str, kept_days: int) -> None:
        self._root, self._folder, self._kept_days = folder, folder / checked_tenant(tenant), kept_days

    def digest(self, words: str) -> str:
        """A digest that only this installation can make, 16 hexadecimal digits.

        Raises:
            StoreUnavailable, SettingsInvalid: its key cannot be read or made.
        """
        with contextlib.suppress(OSError):
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = url_key(self._root / KEY_FILE)
        return hmac.new(key, f"{self._folder.name}\n{words}".encode(), hashlib.sha256).hexdigest()[:DIGEST_CHARACTERS]

    def append(self, asked: AskedQuery) -> None:
        """Write one search.

        Raises:
            StoreUnavailable: the file cannot be written.
        """
        file = self._folder / f"{asked.at.astimezone(UTC).date().isoformat()}.jsonl"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not file.exists():
                self._prune(asked.at.astimezone(UTC).date())
            descriptor = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            try:
                os.write(descriptor, f"{asked.model_dump_json()}\n".encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StoreUnavailable("the log of searches cannot be written") from error

    def read(self, since: date) -> Iterator[AskedQuery]:
        """The searches from a day on, by time; a line that a crash cut is left out."""
        for day in self._days():
            if day >= since:
                for line in (self._folder / f"{day.isoformat()}.jsonl").read_text(encoding="utf-8", errors="replace").splitlines():
                    with contextlib.suppress(ValidationError):
                        yield AskedQuery.model_validate_json(line)

    def _days(self) -> list[date]:
        days = []
        for file in self._folder.glob("*.jsonl"):
            with contextlib.suppress(ValueError):
                days.append(date.fromisoformat(file.stem))
        return sorted(days)

    def _prune(self, today: date) -> None:
        for day in self._days():
            if day <= today - timedelta(days=self._kept_days):
                (self._folder / f"{day.isoformat()}.jsonl").unlink(missing_ok=True)
