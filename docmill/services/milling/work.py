"""`mill_shard`: one stage over one shard, whatever carries it."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from docmill import __version__
from docmill.errors import Cancelled, DocmillError, StageFailed, StoreUnavailable, VersionMismatch
from docmill.logs import log_ids
from docmill.services.milling import journal
from docmill.services.milling.bench import Bench
from docmill.services.milling.beside import Beside
from docmill.services.milling.job_time import JobTime
from docmill.services.milling.receipts import Receipt, find_receipt, keep_marker, keep_receipt, outcome_of, read_markers
from docmill.services.milling.shard import Item, Shard, ShardReport
from docmill.services.milling.stage_work import Keep
from docmill.services.milling.stages import STAGE_WORK, StageWork
from docmill.services.milling.wear import WEAR
from docmill.values.jobs import ItemOutcome, ItemStatus
from docmill.values.usage import Calls, Used

log = logging.getLogger(__name__)

NOTHING: Final[Mapping[str, float]] = MappingProxyType({})


def mill_shard(shard: Shard, last_try: bool = False) -> ShardReport:  # noqa: FBT001, FBT002 - sent by position through Dask
    """Run one stage over the items of a shard; what is there already is skipped.

    Args:
        shard: the work.
        last_try: retryable errors become final ones.

    Returns:
        An outcome for each item that ended, the codes of those worth another try, and whether the run was stopped.

    Raises:
        VersionMismatch: this worker runs another version of docmill.
        StoreUnavailable: the store did not answer at all.
    """
    check_version(shard.version)
    ids = log_ids(tenant=shard.tenant, run_id=shard.run_id, shard=shard.shard_id, stage=shard.stage)
    with ids, Bench(shard) as bench:
        with Beside() as beside:
            work = _ShardWork(bench, beside, STAGE_WORK[shard.stage], last_try=last_try)
            stopped = work.run()
        report = work.report(was_stopped=stopped)
    WEAR.note(len(report.outcomes), shard.limits.cell_items, shard.limits.worker_life_s)
    return report


def check_version(planned: str) -> None:
    """Refuse work that another docmill planned.

    Raises:
        VersionMismatch: this process runs another version.
    """
    if planned != __version__:
        raise VersionMismatch(f"the run was planned by docmill {planned}, this worker runs {__version__}")


@dataclass(frozen=True, slots=True)
class _Begun:
    """An item on the bench, and the calls of services outside that were made for it."""

    item: Item
    key: str
    attempt: journal.Try
    calls: Mapping[str, Calls] = field(default_factory=dict)

    def used(self, spent: Mapping[str, float]) -> Used:
        """What this try used."""
        return Used(cpu_s=spent.get("cpu_s", 0.0), calls=dict(self.calls))

    def told(self, spent: Mapping[str, float]) -> dict[str, Any]:
        """What a receipt says of who made it: the wall time of this try, what all tries of the job used."""
        used = self.attempt.before.plus(self.used(spent))
        return {"job_id": self.item.job_id, "seconds": spent.get("seconds", 0.0), "cpu_s": used.cpu_s, "calls": used.calls}


class _Spent:
    """Wall and processor time of one call of a stage, shared evenly by its items, and of the thread that began to count."""

    def __init__(self, items: int, cell: Callable[[], float] = lambda: 0.0) -> None:
        self._cell, self._items = cell, items
        self._began = self._now()

    def each(self, before: Mapping[str, float] = NOTHING) -> dict[str, float]:
        """`seconds` and `cpu_s` of each item since the start, and what was spent on it before."""
        (wall, cpu), (wall_began, cpu_began) = self._now(), self._began
        own = {"seconds": (wall - wall_began) / self._items, "cpu_s": (cpu - cpu_began) / self._items}
        return {name: round(spent + before.get(name, 0.0), 4) for name, spent in own.items()}

    def _now(self) -> tuple[float, float]:
        return time.perf_counter(), time.thread_time() + self._cell()


class _ShardWork:
    """The state of one pass over a shard. While an item is kept, the next one is made: outcomes are noted by two threads."""

    def __init__(self, bench: Bench, beside: Beside, work: StageWork, *, last_try: bool) -> None:
        self.bench, self.beside, self.work, self.last_try = bench, beside, work, last_try
        self.store, self.shard = bench.store, bench.shard
        self.outcomes: list[ItemOutcome] = []
        self.retryable: list[str] = []
        self.kept_now = ""
        self.time = JobTime(self.store, self.shard)

    def run(self) -> bool:
        """Mill what has no outcome yet. True when the run was stopped."""
        noted = read_markers(self.store, self.shard)
        self.outcomes += [known for item in self.shard.items if (known := noted.get((item.job_id, item.name))) is not None]
        return self._mill([item for item in self.shard.items if (item.job_id, item.name) not in noted])

    def report(self, *, was_stopped: bool) -> ShardReport:
        """What came of it, when nothing is kept any more: outcomes in the order of the items, whichever thread noted them first."""
        noted = {(one.job_id, one.item): one for one in self.outcomes}
        in_order = [noted[place] for item in self.shard.items if (place := (item.job_id, item.name)) in noted]
        return ShardReport(tuple(in_order), tuple(self.retryable), was_stopped)

    def _mill(self, items: list[Item]) -> bool:
        """Mill items one by one, or all at once where the stage looks at a whole shard. True when the run was stopped."""
        together: list[_Begun] = []
        begun: _Begun | None = None
        try:
            for item in items:
                if self.bench.watch.should_stop():
                    _cut(together)
                    return True
                with log_ids(job_id=item.job_id):
                    if self.bench.watch.is_dropped(item.job_id) or (begun := self._begin(item)) is None:
                        continue  # a dropped one is without an outcome: the ledger has ended the job already
                    if (late := self.time.used_up(item)) is not None:
                        self._failed(item, late, begun)
                    # one that was on the bench when a worker died runs alone: if the worker dies again, nobody else is suspected
                    elif self.work.whole_shard and not begun.attempt.deaths:
                        together.append(begun)
                    elif self._make([begun]):
                        _cut(together)
                        return True
            return bool(together) and self._make(together)
        except Exception:
            # what is on the bench was not run to its end, and nobody died of it: the one before could not be kept, or the store is away
            _cut([*together, begun] if begun and begun not in together else together)
            raise

    def _begin(self, item: Item) -> _Begun | None:
        """An item that must be run; None when it has an outcome already or cannot be begun."""
        try:
            key = self.work.key(self.bench, item)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one item, its neighbours go on
            self._failed(item, _typed(error), None)
            return None
        if key == self.kept_now:
            self.beside.wait()  # the same bytes twice: the second finds what the first kept
        try:
            receipt = find_receipt(self.store, self.shard, item, key)
            attempt = journal.begin_first(self.store, self.shard, item) if receipt is None else None
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(item, _typed(error), None)
            return None
        if receipt is not None:
            self._note(item, outcome_of(item, self.shard.stage, receipt, status=ItemStatus.PRESENT))
            return None
        if attempt is None:
            self.beside.wait()  # a suspect is begun when nothing else is open
            try:
                attempt = journal.begin_again(self.store, self.shard, item)
            except Exception as error:  # noqa: BLE001 - as above
                self._failed(item, _typed(error), None)
                return None
        return _Begun(item, key, attempt)

    def _make(self, begun: list[_Begun]) -> bool:
        """Make begun items, and keep each beside what comes next. True when the run was stopped meanwhile."""
        items = [one.item for one in begun]
        self.bench.most_s = self.time.left_s(items)
        spent = _Spent(len(begun), lambda: self.bench.cpu_s)
        try:
            made = self.work.make(self.bench, [(one.item, one.key) for one in begun])
        except Cancelled:
            _cut(self._called(begun), spent.each())
            return True
        except Exception as error:  # noqa: BLE001 - as above
            used = spent.each()
            for one in self._called(begun):
                self.time.add(one.item, used["seconds"])
                self._failed(one.item, self.time.named(_typed(error), items), one, used)
            return False
        called, used = self._called(begun), spent.each()
        try:
            self._keep(called, made, used)
        except Exception:
            _cut(called, used)  # made and paid for, but the one before could not be kept
            raise
        return False

    def _keep(self, begun: Sequence[_Begun], made: Sequence[Receipt | Keep], used: Mapping[str, float]) -> None:
        for one, each in zip(begun, made, strict=True):
            self.time.add(one.item, used["seconds"])
            self.beside.submit(partial(self._made, one, each, used))
            self.kept_now = one.key
            if one.attempt.deaths:
                self.beside.wait()  # nor is anything begun while one is kept

    def _called(self, begun: list[_Begun]) -> list[_Begun]:
        """Begun items with the calls that were made for them; of items that were made together the first carries them all."""
        return [replace(begun[0], calls=self.bench.take_calls()), *begun[1:]]

    def _made(self, one: _Begun, made: Receipt | Keep, used: Mapping[str, float]) -> None:
        """The second half of an item, beside the first half of the next."""
        spent = _Spent(1)
        try:
            kept = made if isinstance(made, Receipt) else made()
            receipt = kept.model_copy(update=one.told(spent.each(used)))
            keep_receipt(self.store, self.shard, one.item, one.key, receipt)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(one.item, _typed(error), one, spent.each(used))
        else:
            self._note(one.item, outcome_of(one.item, self.shard.stage, receipt, status=ItemStatus.DONE, tries=one.attempt.number))

    def _failed(self, item: Item, error: DocmillError, one: _Begun | None, used: Mapping[str, float] = NOTHING) -> None:
        receipt = Receipt(error_code=error.code, error_message=error.message).model_copy(update=one.told(used) if one else {})
        if one and error.kind.is_verdict:
            try:
                keep_receipt(self.store, self.shard, one.item, one.key, receipt)
            except DocmillError as lost:
                self._failed(item, lost, one, used)
                return
        elif one:
            one.attempt.cut(one.used(used))
        with log_ids(job_id=item.job_id):  # of items that are made together no one job was named
            log.info("%s failed: %s", item.name, error.code)
        if isinstance(error, StoreUnavailable):
            self.store.exists(f"{self.shard.markers}/any")  # a store that does not answer at all fails the shard, and quickly
        if error.retryable and not self.last_try:
            self.retryable.append(error.code)
            return
        tries = one.attempt.number if one else int(error.facts.get("tries") or 1)
        if error.retryable and tries > 1:
            receipt = receipt.model_copy(update={"error_message": f"{error.message} (tried {tries} times)"})
        self._note(item, outcome_of(item, self.shard.stage, receipt, status=ItemStatus.FAILED, tries=tries))

    def _note(self, item: Item, outcome: ItemOutcome) -> None:
        try:
            outcome = keep_marker(self.store, self.shard, item, outcome)
        except StoreUnavailable as error:
            if not self.last_try:
                self.retryable.append(error.code)
                return
        self.outcomes.append(outcome)


def _cut(begun: Sequence[_Begun], spent: Mapping[str, float] = NOTHING) -> None:
    for one in begun:
        one.attempt.cut(one.used(spent))


def _typed(error: Exception) -> DocmillError:
    """The error itself, or for a surprise one that names its type only: its text may hold what a document says."""
    return error if isinstance(error, DocmillError) else StageFailed(f"unexpected {type(error).__name__}")


Mill = Callable[[Shard, bool], ShardReport]
"""The type of `mill_shard`, for runners."""
