"""Ids that sort by time: ULIDs in lower case."""

import secrets
from datetime import datetime

from ulid import ULID

_RANDOM_BITS = 80
"""Of a ULID's 128 bits; the highest is left 0, so that counting up never runs over."""


def new_ids(count: int, now: datetime) -> list[str]:
    """Ids made at `now` that sort in the order given; 26 characters each.

    Only the first is drawn at random and the others follow it, so the files of a batch keep their order and lie side by side in the index.
    """
    # the library's own randomness counts up by one within a millisecond: the next ids of the same moment would be those of this call again
    first = (int(now.timestamp() * 1000) << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS - 1)
    return [str(ULID.from_int(first + step)).lower() for step in range(count)]


def new_id(now: datetime) -> str:
    """One id made at `now`."""
    return new_ids(1, now)[0]
