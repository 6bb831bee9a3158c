"""The attempt journal: a create-only marker per item and try, so that an item which kills its worker is named without bisection.

    private/<tenant>/journal/<job>/<stage>-<item>/<count>-<try>.begun     before the item is run
    private/<tenant>/journal/<job>/<stage>-<item>/<count>-<try>.cut       the try ended without a verdict and does not count; what it used

A begun marker with neither a receipt at the item's key nor a cut marker beside it means that the worker died while the item ran.
"""

import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from pydantic import ValidationError

from docmill.errors import DocmillError, NotFound, Quarantined
from docmill.services.milling.shard import Item, Shard
from docmill.values.keys import journal_prefix
from docmill.values.ports import ObjectStore
from docmill.values.usage import Used

NOTHING: Final = Used()

_OWED: list[tuple[ObjectStore, str, bytes]] = []
"""Cut markers that the store did not take yet; this process writes them before it begins another try."""

_PAYING = threading.Lock()


class Try:
    """One begun try of one item.

    Attributes:
        number: counted from 1, for the ledger.
        deaths: how many tries before this one ended with the death of their worker.
        before: what the tries before this one used that were cut.
    """

    def __init__(self, store: ObjectStore, stem: str, number: int, deaths: int, before: Used = NOTHING) -> None:
        self._store, self._stem, self.number, self.deaths, self.before = store, stem, number, deaths, before

    def cut(self, used: Used = NOTHING) -> None:
        """Note that this try ended without a verdict, and what it used: it is no death. A store that is away gets the note later."""
        _OWED.append((self._store, f"{self._stem}.cut", b"" if used == NOTHING else used.model_dump_json().encode()))
        _pay()


def begin_first(store: ObjectStore, shard: Shard, item: Item) -> Try | None:
    """Note that an item is begun for the first time; None when it was begun before.

    Raises:
        StoreUnavailable: the store did not take the note.
    """
    _pay()
    stem = f"{_stem(shard, item)}1"
    return Try(store, stem, 1, deaths=0) if _begin(store, stem) else None


def begin_again(store: ObjectStore, shard: Shard, item: Item) -> Try:
    """Note another try of an item that was begun before.

    Raises:
        Quarantined: the item was begun `item_tries` times without an end; it must not be run.
        StoreUnavailable: the store did not take the note.
    """
    stem = _stem(shard, item)
    names = {info.name for info in store.list(stem)}
    begun = {n.removesuffix(".begun") for n in names if n.endswith(".begun")}
    deaths = len(begun - {n.removesuffix(".cut") for n in names if n.endswith(".cut")})
    if deaths >= shard.limits.item_tries:
        raise Quarantined(f"begun {deaths} times without an end", tries=deaths)
    number, before = len(begun) + 1, _used(store, (n for n in names if n.endswith(".cut")))
    while not _begin(store, f"{stem}{number}"):
        number += 1  # another worker took this number; bounded by the number of workers that run this item
    return Try(store, f"{stem}{number}", number, deaths, before)


def _stem(shard: Shard, item: Item) -> str:
    return f"{journal_prefix(shard.tenant, item.job_id, shard.stage, item.name)}/{item.count}-"


def _begin(store: ObjectStore, stem: str) -> bool:
    return store.create(f"{stem}.begun", f"{time.time():.3f} {os.getpid()}".encode())


def _used(store: ObjectStore, cut: Iterable[str]) -> Used:
    """What tries that were cut used, all together; a note that cannot be read says nothing."""
    used = NOTHING
    for name in cut:
        with suppress(NotFound, ValidationError):  # the journal is being cleaned up; no note, or one that a power cut left empty
            used = used.plus(Used.model_validate_json(store.read(name)))
    return used


def _pay() -> None:
    with _PAYING:
        while _OWED:
            store, name, used = _OWED[0]
            try:
                store.create(name, used)
            except DocmillError:
                return
            del _OWED[0]
