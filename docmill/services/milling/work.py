"""`mill_shard`: one stage over one shard, whatever carries it."""

import time
from collections.abc import Callable

from docmill import __version__
from docmill.errors import Cancelled, DocmillError, VersionMismatch
from docmill.services.milling import journal
from docmill.services.milling.bench import Bench
from docmill.services.milling.receipts import Receipt, find_receipt, keep_marker, keep_receipt, outcome_of, read_markers
from docmill.services.milling.shard import Item, Shard, ShardReport
from docmill.services.milling.stages import STAGE_WORK, StageWork
from docmill.values.jobs import ItemOutcome, ItemStatus


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
        return _ShardWork(bench, STAGE_WORK[shard.stage], last_try=last_try).run()


class _ShardWork:
    """The state of one pass over a shard."""

    def __init__(self, bench: Bench, work: StageWork, *, last_try: bool) -> None:
        self.bench, self.work, self.last_try = bench, work, last_try
        self.store, self.shard = bench.store, bench.shard
        self.outcomes: list[ItemOutcome] = []
        self.retryable: list[str] = []

    def run(self) -> ShardReport:
        noted = read_markers(self.store, self.shard)
        todo = []
        for item in self.shard.items:
            if (known := noted.get((item.job_id, item.name))) is not None:
                self.outcomes.append(known)
            else:
                todo.append(item)
        stopped = self._mill(todo)
        return ShardReport(tuple(self.outcomes), tuple(self.retryable), stopped)

    def _mill(self, items: list[Item]) -> bool:
        """Mill items one by one, or all at once where the stage looks at a whole shard. True when the run was stopped."""
        waiting: list[tuple[Item, str, journal.Try]] = []
        for item in items:
            if self.bench.watch.should_stop():
                return True
            begun = self._begin(item)
            if begun is None:
                continue
            waiting.append((item, *begun))
            if not self.work.whole_shard:
                if self._run(waiting):
                    return True
                waiting = []
        return bool(waiting) and self._run(waiting)

    def _begin(self, item: Item) -> tuple[str, journal.Try] | None:
        """The key and the begun try of an item that must be run; None when it has an outcome already."""
        key = self.work.key(self.shard, item)
        if (receipt := find_receipt(self.store, self.shard, key)) is not None:
            self._note(item, outcome_of(item, self.shard.stage, receipt, status=ItemStatus.PRESENT))
            return None
        try:
            return key, journal.begin(self.store, self.shard, item)
        except DocmillError as error:
            self._failed(item, error, tries=int(error.facts.get("tries") or 1), began=None)
            return None

    def _run(self, begun: list[tuple[Item, str, journal.Try]]) -> bool:
        started = time.perf_counter()
        try:
            made = self.work.make(self.bench, [(item, key) for item, key, _ in begun])
        except Cancelled:
            for _, _, attempt in begun:
                attempt.cut()
            return True
        except DocmillError as error:
            for item, key, attempt in begun:
                self._failed(item, error, tries=attempt.number, began=(key, attempt))
            return False
        seconds = round((time.perf_counter() - started) / len(begun), 4)
        for (item, key, attempt), receipt in zip(begun, made, strict=True):
            timed = receipt.model_copy(update={"seconds": seconds})
            keep_receipt(self.store, self.shard, key, timed)
            self._note(item, outcome_of(item, self.shard.stage, timed, status=ItemStatus.DONE, tries=attempt.number))
        return False

    def _failed(self, item: Item, error: DocmillError, *, tries: int, began: tuple[str, journal.Try] | None) -> None:
        if error.retryable and not self.last_try:
            if began:
                began[1].cut()
            self.retryable.append(error.code)
            return
        receipt = Receipt(error_code=error.code, error_message=error.message)
        if began:
            keep_receipt(self.store, self.shard, began[0], receipt)
        self._note(item, outcome_of(item, self.shard.stage, receipt, status=ItemStatus.FAILED, tries=tries))

    def _note(self, item: Item, outcome: ItemOutcome) -> None:
        self.outcomes.append(keep_marker(self.store, self.shard, item, outcome))


Mill = Callable[[Shard, bool], ShardReport]
"""The type of `mill_shard`, for runners."""
