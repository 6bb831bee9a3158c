"""Ids that sort by time: ULIDs in lower case."""

import secrets
from datetime import datetime
from typing import Final

from ulid import ULID

RANDOM_BITS: Final = 80
"""Of a ULID, after 48 bits of milliseconds (https://github.com/ulid/spec)."""


def new_ids(count: int, now: datetime) -> list[str]:
    """Ids made at `now` that sort in the order given; 26 characters each.

    Only the first is drawn at random and the others follow it, so the files of a batch keep their order and lie side by side in the index.
    """
    # not the library's own random part: within one millisecond it only counts up, into the ids that follow the first of an earlier call
    first = (int(ULID.from_datetime(now)) >> RANDOM_BITS << RANDOM_BITS) + secrets.randbits(RANDOM_BITS - 1)
    return [str(ULID.from_int(first + step)).lower() for step in range(count)]


def new_id(now: datetime) -> str:
    """One id made at `now`."""
    return new_ids(1, now)[0]
