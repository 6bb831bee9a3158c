"""Filters as people write them: `kind=invoice`, `from=2026-01-01`, `tag=urgent`."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from docmill.errors import InvalidOptions
from docmill.storage.knowledge.ports import Filters
from docmill.values.languages import language_code

KEYS: Final = ("kind", "from", "to", "language", "tag", "collection")
"""What can be filtered by. Only `tag` may be repeated: a document must have all of them."""


def filters_from(pairs: Iterable[str]) -> Filters:
    """Filters from `key=value` words.

    Raises:
        InvalidOptions: a key is unknown or repeated, a day is not written YYYY-MM-DD, or a language is unknown.
    """
    found: dict[str, str] = {}
    tags = []
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key not in KEYS or not value:
            raise InvalidOptions(f"a filter is key=value with a key of {', '.join(KEYS)}")
        if key == "tag":
            tags.append(value)
        elif key in found:
            raise InvalidOptions(f"the filter {key} may be given once")
        else:
            found[key] = value
    language = found.get("language")
    return Filters(
        kind=found.get("kind"),
        date_from=_day(found.get("from")),
        date_to=_day(found.get("to")),
        language=language_code(language) if language else None,
        tags=tuple(tags),
        collection=found.get("collection"),
    )


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise InvalidOptions("a day is written YYYY-MM-DD") from None
