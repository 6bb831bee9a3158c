"""Ids that sort by time: ULIDs in lower case."""

import secrets
import threading
from datetime import datetime

from ulid import ULID

_RANDOM_BITS = 80
"""Of a ULID's 128 bits; the highest is left 0, so that counting up never runs over."""


_STEP_BITS = 40
_last = 0
_lock = threading.Lock()


def new_ids(count: int, now: datetime) -> list[str]:
    """Ids made at `now` that sort in the order given; 26 characters each. Ids that this process makes within one millisecond sort as they were made.

    Only the first is drawn at random and the others follow it, so the files of a batch keep their order and lie side by side in the index.
    """
    global _last  # noqa: PLW0603 - what was given last is the state of this process
    moment = int(now.timestamp() * 1000)
    with _lock:
        # the library's own randomness counts up by one within a millisecond: the next ids would be those of the call before again
        first = (moment << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS - 1)
        if _last >> _RANDOM_BITS == moment:
            first = _last + 1 + secrets.randbits(_STEP_BITS)  # a random step: processes that were forked in this moment go apart
        _last = first + count - 1
    return [str(ULID.from_int(first + step)).lower() for step in range(count)]


def new_id(now: datetime) -> str:
    """One id made at `now`."""
    return new_ids(1, now)[0]
