"""`mill_shard`: one stage over one shard, whatever carries it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from docmill import __version__
from docmill.errors import Cancelled, DocmillError, StageFailed, StoreUnavailable, VersionMismatch
from docmill.services.milling import journal
from docmill.services.milling.bench import Bench
from docmill.services.milling.job_time import JobTime
from docmill.services.milling.receipts import Receipt, find_receipt, keep_marker, keep_receipt, outcome_of, read_markers
from docmill.services.milling.shard import Item, Shard, ShardReport
from docmill.services.milling.stages import STAGE_WORK, StageWork
from docmill.services.milling.wear import WEAR
from docmill.values.jobs import ItemOutcome, ItemStatus

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
    if shard.version != __version__:
        raise VersionMismatch(f"the run was planned by docmill {shard.version}, this worker runs {__version__}")
    with Bench(shard) as bench:
        report = _ShardWork(bench, STAGE_WORK[shard.stage], last_try=last_try).run()
    WEAR.note(len(report.outcomes), shard.limits.cell_items, shard.limits.worker_life_s)
    return report


@dataclass(frozen=True, slots=True)
class _Begun:
    """An item on the bench."""

    item: Item
    key: str
    attempt: journal.Try


class _Spent:
    """Wall and processor time of one call of a stage, shared evenly by its items."""

    def __init__(self, bench: Bench, items: int) -> None:
        self._bench, self._items = bench, items
        self._began = self._now()

    def each(self) -> dict[str, float]:
        """`seconds` and `cpu_s` of each item since the start."""
        (wall, cpu), (wall_before, cpu_before) = self._now(), self._began
        return {"seconds": round((wall - wall_before) / self._items, 4), "cpu_s": round((cpu - cpu_before) / self._items, 4)}

    def _now(self) -> tuple[float, float]:
        return time.perf_counter(), time.thread_time() + self._bench.cpu_s


class _ShardWork:
    """The state of one pass over a shard."""

    def __init__(self, bench: Bench, work: StageWork, *, last_try: bool) -> None:
        self.bench, self.work, self.last_try = bench, work, last_try
        self.store, self.shard = bench.store, bench.shard
        self.outcomes: list[ItemOutcome] = []
        self.retryable: list[str] = []
        self.time = JobTime(self.store, self.shard)

    def run(self) -> ShardReport:
        noted = read_markers(self.store, self.shard)
        self.outcomes += [known for item in self.shard.items if (known := noted.get((item.job_id, item.name))) is not None]
        stopped = self._mill([item for item in self.shard.items if (item.job_id, item.name) not in noted])
        return ShardReport(tuple(self.outcomes), tuple(self.retryable), stopped)

    def _mill(self, items: list[Item]) -> bool:
        """Mill items one by one, or all at once where the stage looks at a whole shard. True when the run was stopped."""
        together: list[_Begun] = []
        for item in items:
            if self.bench.watch.should_stop():
                _cut(together)
                return True
            if self.bench.watch.is_dropped(item.job_id):
                continue  # without an outcome: the ledger has ended the job already
            begun = self._begin(item)
            if begun is None:
                continue
            if (late := self.time.used_up(item)) is not None:
                self._failed(item, late, begun)
                continue
            # one that was on the bench when a worker died runs alone: if the worker dies again, nobody else is suspected
            if self.work.whole_shard and not begun.attempt.deaths:
                together.append(begun)
            elif self._run([begun]):
                _cut(together)
                return True
        return bool(together) and self._run(together)

    def _begin(self, item: Item) -> _Begun | None:
        """An item that must be run; None when it has an outcome already or cannot be begun."""
        try:
            key = self.work.key(self.bench, item)
            receipt = find_receipt(self.store, self.shard, item, key)
            if receipt is None:
                return _Begun(item, key, journal.begin(self.store, self.shard, item))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one item, its neighbours go on
            self._failed(item, _typed(error), None)
            return None
        self._note(item, outcome_of(item, self.shard.stage, receipt, status=ItemStatus.PRESENT))
        return None

    def _run(self, begun: list[_Begun]) -> bool:
        """Make the artefacts of begun items. True when the run was stopped meanwhile."""
        items = [one.item for one in begun]
        self.bench.most_s = self.time.left_s(items)
        spent = _Spent(self.bench, len(begun))
        try:
            made = self.work.make(self.bench, [(one.item, one.key) for one in begun])
        except Cancelled:
            _cut(begun)
            return True
        except Exception as error:  # noqa: BLE001 - as above
            used = spent.each()
            for one in begun:
                self.time.add(one.item, used["seconds"])
                self._failed(one.item, self.time.named(_typed(error), items), one, used)
            return False
        used = spent.each()
        for one, receipt in zip(begun, made, strict=True):
            self.time.add(one.item, used["seconds"])
            self._made(one, receipt.model_copy(update=used))
        return False

    def _made(self, one: _Begun, receipt: Receipt) -> None:
        try:
            keep_receipt(self.store, self.shard, one.item, one.key, receipt)
        except DocmillError as error:
            self._failed(one.item, error, one)
        else:
            self._note(one.item, outcome_of(one.item, self.shard.stage, receipt, status=ItemStatus.DONE, tries=one.attempt.number))

    def _failed(self, item: Item, error: DocmillError, one: _Begun | None, used: Mapping[str, float] = NOTHING) -> None:
        receipt = Receipt(error_code=error.code, error_message=error.message, **used)
        if one and error.kind.is_verdict:
            try:
                keep_receipt(self.store, self.shard, one.item, one.key, receipt)
            except DocmillError as lost:
                self._failed(item, lost, one)
                return
        elif one:
            one.attempt.cut()
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


def _cut(begun: list[_Begun]) -> None:
    for one in begun:
        one.attempt.cut()


def _typed(error: Exception) -> DocmillError:
    """The error itself, or for a surprise one that names its type only: its text may hold what a document says."""
    return error if isinstance(error, DocmillError) else StageFailed(f"unexpected {type(error).__name__}")


Mill = Callable[[Shard, bool], ShardReport]
"""The type of `mill_shard`, for runners."""
