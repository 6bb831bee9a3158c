"""Filters as SQL conditions. Every value is checked or quoted here; nothing else of docmill writes SQL for the knowledge base."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from docmill.errors import InvalidOptions
from docmill.storage.knowledge.ports import Filters

MAX_VALUE_LENGTH: Final = 200

_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_DOCUMENT_ID: Final = re.compile(r"[0-9a-f]{32}")
_DAY: Final = "coalesce(document_date, accepted_on)"


def checked_tenant(tenant: str) -> str:
    """The tenant id, which is also the name of its table.

    Raises:
        InvalidOptions: it is none.
    """
    if not _TENANT.fullmatch(tenant):
        raise InvalidOptions("a tenant id is 1-63 characters of a-z, 0-9, _ and -")
    return tenant


def of_documents(document_ids: Sequence[str]) -> str:
    """True for the chunks of these documents. Only ids of 32 hexadecimal digits reach the condition.

    Raises:
        InvalidOptions: one is no document id.
    """
    if not all(_DOCUMENT_ID.fullmatch(name) for name in document_ids):
        raise InvalidOptions("a document id is 32 hexadecimal digits")
    return "document_id IN ({})".format(", ".join(f"'{name}'" for name in document_ids))


def of_filters(filters: Filters) -> str | None:
    """True for the chunks that pass all filters; None when nothing is asked.

    Raises:
        InvalidOptions: a value is empty, too long or holds control characters.
    """
    return " AND ".join(_parts(filters)) or None


def _parts(filters: Filters) -> Iterator[str]:
    for column in ("kind", "language", "collection"):
        value = getattr(filters, column)
        if value is not None:
            yield f"{column} = {_quoted(value)}"
    yield from (f"array_has(tags, {_quoted(tag)})" for tag in filters.tags)
    # days are kept as ISO 8601 text, whose order is that of time
    if filters.date_from is not None:
        yield f"{_DAY} >= {_quoted(filters.date_from.isoformat())}"
    if filters.date_to is not None:
        yield f"{_DAY} <= {_quoted(filters.date_to.isoformat())}"


def _quoted(value: str) -> str:
    """A string literal of the SQL that DataFusion reads: a doubled quote is the only escape."""
    if not value or len(value) > MAX_VALUE_LENGTH or not value.isprintable():
        raise InvalidOptions(f"the value of a filter is 1-{MAX_VALUE_LENGTH} printable characters")
    return "'{}'".format(value.replace("'", "''"))
