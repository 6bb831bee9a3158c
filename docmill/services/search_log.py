"""Keeping a log of searches, as far as the settings want one. A search never fails because its log does."""

import logging
from datetime import UTC, datetime

from docmill.errors import DocmillError
from docmill.services.running.room import Room
from docmill.storage.knowledge.ports import Filters, Query
from docmill.storage.knowledge.query_log import AskedQuery, QueryLog

log = logging.getLogger(__name__)


def query_log(room: Room) -> QueryLog:
    """The log of the room's tenant."""
    return QueryLog(room.settings.home.absolute() / "searches", room.tenant, room.settings.search_log_days)


def log_search(room: Room, query: Query, *, user: str, results: int, took_ms: float) -> None:
    """Write one search into the log; nothing when the settings say off or the query is blank."""
    wanted, folded = room.settings.search_log, " ".join(query.text.split()).casefold()
    if wanted == "off" or not folded:
        return
    kept = query_log(room)
    try:
        kept.append(
            AskedQuery(
                at=datetime.now(UTC),
                user=kept.digest(f"user {user}"),
                query=kept.digest(f"query {folded}"),
                text=query.text if wanted == "text" else None,
                mode=query.mode.value,
                filters=filter_names(query.filters),
                results=results,
                took_ms=took_ms,
            )
        )
    except DocmillError as error:
        log.warning("a search was not logged: %s", error.code)


def filter_names(filters: Filters) -> tuple[str, ...]:
    """Names of the filters that ask for something."""
    return tuple(name for name in Filters.__slots__ if getattr(filters, name))
