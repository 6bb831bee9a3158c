"""Ids that sort by time: ULIDs in lower case."""

from datetime import datetime

from ulid import ULID


def new_ids(count: int, now: datetime) -> list[str]:
    """Ids made at `now` that sort in the order given; 26 characters each.

    Only the first is drawn at random and the others follow it, so the files of a batch keep their order and lie side by side in the index.
    """
    first = int(ULID.from_datetime(now))
    return [str(ULID.from_int(first + step)).lower() for step in range(count)]


def new_id(now: datetime) -> str:
    """One id made at `now`."""
    return new_ids(1, now)[0]
