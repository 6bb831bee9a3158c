"""How long reading one document may take in all: pages that are done stay, the others fail with `timed_out`, and the result is partial.

The flow process adds up what folded shards report and leaves a flag under the run when it is too much; a worker adds up its own shard.
"""

from collections import Counter

from docmill.errors import TimedOut
from docmill.services.milling.shard import Item, Shard
from docmill.values.keys import run_prefix
from docmill.values.ports import ObjectStore


def flag_overdue(store: ObjectStore, tenant: str, run_id: str, job_id: str) -> None:
    """Tell every worker that the reading time of a job is used up."""
    store.create(_flag(tenant, run_id, job_id), b"")


class ReadingTime:
    """The time that the documents of one shard have taken so far, in seconds by job."""

    def __init__(self, store: ObjectStore, shard: Shard) -> None:
        self._store, self._shard = store, shard
        self._spent: Counter[str] = Counter()

    def add(self, item: Item, seconds: float) -> None:
        """Note what one page took, whether it was read or not."""
        self._spent[item.job_id] += seconds  # type: ignore[assignment] # a Counter counts seconds as well

    def used_up(self, item: Item) -> TimedOut | None:
        """The error of a page that is not begun any more; None while there is time."""
        if self._shard.stage != "read":
            return None
        limit_s = self._shard.limits.reading_deadline_s
        if self._spent[item.job_id] <= limit_s and not self._store.exists(_flag(self._shard.tenant, self._shard.run_id, item.job_id)):
            return None
        return TimedOut(f"reading the document took more than {limit_s:g} s (reading_deadline_s); pages done are kept", deadline_s=limit_s)


def _flag(tenant: str, run_id: str, job_id: str) -> str:
    return f"{run_prefix(tenant, run_id)}/overdue/{job_id}"
