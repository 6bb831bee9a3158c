"""How long one job may run in all: the seconds its items took on workers added up; waiting in a queue costs nothing.

Past the soft limit no further page is begun: pages that are done stay, the others fail with `timed_out`, and the result is partial. Past the
hard limit the item in hand is cut, too, and of the stages after reading only those begin that a result of the pages done is made by; the others
are left out and say so. Where redaction was asked for, what it needs is not left out: the document fails then, and nothing of it is shown.

The flow process adds up what folded shards report and leaves a flag under the run when it is too much. A worker adds up its own shard, and one
that is slow notes under the run what it has spent, so that slow shards of one job on several workers know of each other before any of them is
folded.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from docmill.errors import DocmillError, NotFound, StoreUnavailable, TimedOut
from docmill.services.milling.shard import PAGE_STAGES, Item, Shard
from docmill.values.keys import run_prefix
from docmill.values.ports import ObjectStore

LEAST_S: Final = 1.0
"""An item that is begun at all gets so long: what is nearly done shall end."""

EVEN_LATE: Final = frozenset({"understand", "validate", "publish"})
"""Stages that begin past the hard limit, too, under their own deadline: they are quick, and without them pages that were read would be lost."""

FOR_REDACTION: Final = frozenset({"find_pii", "redact"})


def flag_overdue(store: ObjectStore, tenant: str, run_id: str, job_id: str) -> None:
    """Tell every worker that a job has reached its soft limit."""
    store.create(_flag(tenant, run_id, job_id), b"")


NOTE_EVERY_S: Final = 30.0
"""A shard notes what a job took each time this has grown by so much; quicker ones note and look at nothing."""


class JobTime:
    """The time that the jobs of one shard have taken so far, in seconds by job."""

    def __init__(self, store: ObjectStore, shard: Shard) -> None:
        self._store, self._shard, self._limits = store, shard, shard.limits
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._noted: dict[str, float] = {}
        self._elsewhere: dict[str, float] = {}

    def add(self, item: Item, seconds: float) -> None:
        """Note what one item took, whether it was done or not."""
        self._spent[item.job_id] += seconds
        spent = self._spent[item.job_id]
        if self._shard.stage == "read" and spent - self._noted.get(item.job_id, 0.0) >= NOTE_EVERY_S:
            with suppress(StoreUnavailable):  # others learn of it by the next one, or when the shard is folded
                self._store.replace(f"{self._notes(item)}{self._shard.shard_id}", str(round(spent, 1)).encode())
            self._noted[item.job_id] = spent

    def used_up(self, item: Item) -> TimedOut | None:
        """The error of an item that is not begun any more; None while there is time."""
        if self._shard.stage in EVEN_LATE:
            return None  # what is done must come out
        if item.job_id in self._noted:
            self._elsewhere[item.job_id] = self._noted_elsewhere(item)
        spent, soft_s = self._of(item), self._limits.soft_limit_s(item.estimate_s)
        if self._shard.stage == "read" and (spent > soft_s or self._is_flagged(item)):
            flag_overdue(self._store, self._shard.tenant, self._shard.run_id, item.job_id)
            return TimedOut(f"the document took more than its {soft_s:g} s (job_soft_limit_s); pages done are kept", deadline_s=soft_s)
        return self._too_late(item) if spent > self._limits.hard_limit_s(item.estimate_s) else None

    def left_s(self, items: Sequence[Item]) -> float | None:
        """How long the cell may take for items that are milled together; None where only the stage's own deadline holds."""
        if self._shard.stage in EVEN_LATE:
            return None
        left = (self._limits.hard_limit_s(item.estimate_s) - self._of(item) for item in items)
        return max(LEAST_S, sum(max(0.0, one) for one in left))

    def named(self, error: DocmillError, items: Sequence[Item]) -> DocmillError:
        """The error of items that were cut, by the name of the limit that cut them."""
        left = self.left_s(items)
        is_ours = isinstance(error, TimedOut) and left is not None and left < self._shard.deadline_s
        return self._too_late(items[0]) if is_ours else error

    def _too_late(self, item: Item) -> TimedOut:
        hard_s = self._limits.hard_limit_s(item.estimate_s)
        return TimedOut(f"the document took more than its {hard_s:g} s (job_hard_limit_s){self._what_of_it(item)}", deadline_s=hard_s)

    def _what_of_it(self, item: Item) -> str:
        stage = self._shard.stage
        if stage in PAGE_STAGES:
            return ""
        if item.options.redact and stage in FOR_REDACTION:
            return f", so {stage} was not done; redaction was asked for, and nothing unredacted is published"
        return f", so {stage} was left out"

    def _of(self, item: Item) -> float:
        before = sum(float(value or 0.0) for name, value in item.facts.items() if name.startswith("seconds_"))
        # notes are of shards that are folded by now, too, which `before` has already: the two are never added up
        folded = float(item.facts.get("seconds_read") or 0.0)
        return before + max(0.0, self._elsewhere.get(item.job_id, 0.0) - folded) + self._spent[item.job_id]

    def _noted_elsewhere(self, item: Item) -> float:
        """What other shards of the job have noted, in seconds."""
        mine = f"{self._notes(item)}{self._shard.shard_id}"
        found = 0.0
        for info in list(self._store.list(self._notes(item))):
            if info.name != mine:
                with suppress(NotFound):  # the run's markers are being cleaned up
                    found += float(self._store.read(info.name))
        return found

    def _notes(self, item: Item) -> str:
        return f"{run_prefix(self._shard.tenant, self._shard.run_id)}/spent/{item.job_id}/"

    def _is_flagged(self, item: Item) -> bool:
        return self._store.exists(_flag(self._shard.tenant, self._shard.run_id, item.job_id))


def _flag(tenant: str, run_id: str, job_id: str) -> str:
    return f"{run_prefix(tenant, run_id)}/overdue/{job_id}"
