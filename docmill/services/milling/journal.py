"""The attempt journal: a create-only marker per item and try, so that an item which kills its worker is named without bisection.

    private/<tenant>/journal/<job>/<stage>-<item>/<count>-<try>.begun     before the item is run
    private/<tenant>/journal/<job>/<stage>-<item>/<count>-<try>.cut       the try ended without a verdict and does not count

A begun marker with neither a receipt, an outcome marker nor a cut marker beside it means that the worker died while the item ran.
"""

import os
import time

from docmill.errors import Quarantined
from docmill.services.milling.shard import Item, Shard
from docmill.values.keys import journal_prefix
from docmill.values.ports import ObjectStore


class Try:
    """One begun try of one item."""

    def __init__(self, store: ObjectStore, stem: str, number: int) -> None:
        self._store, self._stem, self.number = store, stem, number

    def cut(self) -> None:
        """Note that this try ended without a verdict through no fault of the item."""
        self._store.create(f"{self._stem}.cut", b"")


def begin(store: ObjectStore, shard: Shard, item: Item) -> Try:
    """Note that an item is begun.

    Raises:
        Quarantined: the item was begun `item_tries` times without an end; it must not be run.
    """
    prefix = journal_prefix(shard.tenant, item.job_id, shard.stage, item.name)
    number = 1
    if _begin(store, f"{prefix}/{item.count}-1"):
        return Try(store, f"{prefix}/{item.count}-1", 1)
    names = {info.name for info in store.list(f"{prefix}/{item.count}-")}
    begun = {n.removesuffix(".begun") for n in names if n.endswith(".begun")}
    cut = {n.removesuffix(".cut") for n in names if n.endswith(".cut")}
    if len(begun - cut) >= shard.limits.item_tries:
        raise Quarantined(f"begun {len(begun - cut)} times without an end", tries=len(begun - cut))
    number = len(begun) + 1
    while not _begin(store, f"{prefix}/{item.count}-{number}"):
        number += 1  # another worker took this number; bounded by the number of workers that run this item
    return Try(store, f"{prefix}/{item.count}-{number}", number)


def _begin(store: ObjectStore, stem: str) -> bool:
    return store.create(f"{stem}.begun", f"{time.time():.3f} {os.getpid()}".encode())
