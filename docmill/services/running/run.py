"""`BatchRun`: the course of one batch. The flow sends the shards it names and folds what comes back; when no shard is open, the run is over."""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from docmill import __version__
from docmill.errors import DocmillError
from docmill.services import jobs as ledger_jobs
from docmill.services.learning.in_use import limits_of_today
from docmill.services.milling.job_time import flag_overdue
from docmill.services.milling.receipts import read_markers
from docmill.services.milling.shard import Item, Shard, ShardReport
from docmill.services.purchasing.matching import match_finished
from docmill.services.purchasing.ordering import order_what_was_read
from docmill.services.running import plan
from docmill.services.running.ending import failed_end, published_end
from docmill.services.running.indexing import forget_unindexed, index_documents
from docmill.services.running.room import Room
from docmill.services.running.tracked import Tracked, read_by
from docmill.services.running.unlocking import unlock_documents
from docmill.services.running.waves import STAGE_INPUTS, Wave, is_lost, next_stage, wants
from docmill.services.withdrawing import promise_hiding, withdraw_promised, withdraw_unredacted
from docmill.values.jobs import ItemOutcome, ItemStatus, JobEnd, JobProgress

log = logging.getLogger(__name__)

WINDOW = 4000
"""A run looks at so many jobs at once, or more where many workers want them: it remembers some 8 kB of each, and a batch may have a million."""


class BatchRun:
    """One run over the jobs of a batch: it claims them all, and looks at a window of them.

    Not for several threads, but `progress_now` may be called from another one.

    Args:
        room: the opened parts.
        batch_id: whose jobs to claim.
        run_id: the flow run's id; names the lease and the markers.
        workers: how many shards can run at once.
        lease_s: how long the ledger believes in this run without a renewal.
    """

    def __init__(self, room: Room, batch_id: str, run_id: str, *, workers: int, lease_s: float) -> None:
        self.room, self.batch_id, self.run_id, self.workers = room, batch_id, run_id, workers
        self.limits = limits_of_today(room)  # before anything is claimed: settings that cannot be used must leave no leases
        claimed = ledger_jobs.claim_ids(room.ledger, room.tenant, batch_id, run_id=run_id, lease_s=lease_s)
        self.waiting = deque(claimed)
        self.tracked: dict[str, Tracked] = {}
        self._dropped: set[str] = set()
        self._look()
        self.open: dict[str, Shard] = {}
        self.refused: list[str] = []
        self._sent: dict[str, Shard] = {}
        self._deadlines: dict[str, float] = {}
        self._waves: dict[str, Wave] = {}
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._markers = 0
        self._progressed = time.monotonic()

    def progressed(self) -> None:
        """Note that something moved; the stall deadline runs from here."""
        self._progressed = time.monotonic()

    @property
    def still_s(self) -> float:
        """Seconds since anything moved anywhere on the cluster."""
        return time.monotonic() - self._progressed

    @property
    def longest_item_s(self) -> float:
        """The longest time that an item of any shard on its way may take by itself."""
        return max(list(self._deadlines.values()), default=0.0)

    @property
    def total(self) -> int:
        """How many jobs this run still works on, or will."""
        return len(self.tracked) + len(self.waiting)

    @property
    def estimated_s(self) -> float:
        """A first guess at the work, from the sizes of the jobs that it looks at."""
        in_hand = sum(plan.guess_cost_s(t.job.size_bytes, t.job.media_type) for t in self.tracked.values())
        return in_hand * self.total / max(1, len(self.tracked))

    def first_shards(self) -> list[Shard]:
        """The shards to begin with: inspection of the jobs that it looks at."""
        return [*self._inspection(list(self.tracked)), *self._more()]

    def _look(self) -> list[str]:
        """Look at claimed jobs that wait until the window is full; the ids of those that are still to be milled."""
        most = min(len(self.waiting), self._window - len(self.tracked))
        ids = [job_id for _ in range(most) if (job_id := self.waiting.popleft()) not in self._dropped]
        found = ledger_jobs.claimed_jobs(self.room.ledger, self.room.tenant, self.run_id, ids)
        self.tracked |= {job.job_id: Tracked(read_by(job, self.room.ocr_provider), job.media_type) for job in found}
        return [job.job_id for job in found]

    @property
    def _window(self) -> int:
        return max(WINDOW, 2 * plan.MOST_MEMBERS * self.workers)

    def _more(self) -> list[Shard]:
        """Inspection of jobs that wait, once the window is half empty."""
        shards: list[Shard] = []
        while not shards and self.waiting and len(self.tracked) <= self._window // 2:
            shards = self._inspection(self._look())
        return shards

    def _inspection(self, job_ids: Sequence[str]) -> list[Shard]:
        """Inspection of claimed jobs, from the unlocked copy where a password came; one that is wrong ends its job."""
        claimed = {i: self.tracked[i] for i in job_ids}
        for job_id, error in unlock_documents(self.room, claimed).items():
            self._take([_failed(claimed[job_id].item(), "inspect", error)])
        self._end([failed_end(t) for t in claimed.values() if is_lost(t)])
        costs = [(i, plan.inspect_cost_s(t.job.size_bytes)) for i, t in claimed.items() if i in self.tracked]
        target = plan.target_s(sum(cost for _, cost in costs), self.workers, self.room.settings.shard_seconds)
        return [self._shard("inspect", [self.tracked[i].item() for i in group], cost_s=target) for group in plan.cut_by_cost(costs, target)]

    def sent(self, shard: Shard) -> None:
        """Note that a shard is on its way to a worker; only such ones can move."""
        self._sent[shard.shard_id] = shard
        # once: it looks at every item, and every waiting thread asks several times a second
        self._deadlines[shard.shard_id] = shard.deadline_s

    def drop(self, job_ids: Iterable[str]) -> None:
        """Go on without jobs that were cancelled; what workers still bring of them is not asked for. For any thread."""
        self._dropped.update(job_ids)

    def fold(self, shard: Shard, report: ShardReport) -> list[Shard]:
        """Take what a shard left into the ledger, in one transaction, and name the shards that come next."""
        with self._lock:
            self.progressed()
            for job_id in list(self._dropped):
                self.tracked.pop(job_id, None)
            del self.open[shard.shard_id]
            self._sent.pop(shard.shard_id, None)
            self._deadlines.pop(shard.shard_id, None)
            touched = self._take(report.outcomes)
            progress = [t.progress(shard.stage) for t in touched]
            lost = ledger_jobs.fold_outcomes(
                self.room.ledger, self.room.tenant, run_id=self.run_id, outcomes=report.outcomes, progress=progress
            )
            for job_id in lost:  # another run holds it now: its work counts, ours does not
                self.tracked.pop(job_id, None)
            for late in (t for t in touched if shard.stage == "read" and t.is_overdue(self.room.limits)):
                flag_overdue(self.room.store, self.room.tenant, self.run_id, late.job.job_id)
            if shard.stage == "index":
                index_documents(self.room, [t for t in touched if t.job.job_id in self.tracked])
            known = [t.job.job_id for t in touched if t.job.job_id in self.tracked]
            after = self._plan_reading(known) if shard.stage == "inspect" else self._advance(shard)
            return [*after, *self._more()]

    def fail_shard(self, shard: Shard, error: DocmillError) -> list[Shard]:
        """Give up on a shard: items without an outcome fail with the error; the others count."""
        noted = read_markers(self.room.store, shard)
        lost = [i for i in shard.items if (i.job_id, i.name) not in noted]
        outcomes = (*noted.values(), *(_failed(i, shard.stage, error) for i in lost))
        return self.fold(shard, ShardReport(outcomes))

    def progress_now(self) -> list[JobProgress]:
        """Where jobs stand that are being read, from the names of outcome markers; nothing is written. Notes any progress seen."""
        shards = list(self._sent.values())
        noted = {
            s.shard_id: [info.name.rsplit("/", 1)[1].split(".", 1)[0] for info in self.room.store.list(f"{s.markers}/")] for s in shards
        }
        if not self._lock.acquire(blocking=False):
            self.progressed()  # a shard is being folded, which is progress itself; the heart must not wait for it
            return []
        try:
            return self._moved([(s, noted[s.shard_id]) for s in shards if s.shard_id in self.open])
        finally:
            self._lock.release()

    def _moved(self, noted: Sequence[tuple[Shard, list[str]]]) -> list[JobProgress]:
        """Jobs whose page count grew, from the job ids of each open shard's markers."""
        markers = sum(len(job_ids) for _, job_ids in noted)
        if markers > self._markers:
            self.progressed()
        self._markers = markers
        moved = []
        for job_id, pages in Counter(i for shard, job_ids in noted if shard.stage == "read" for i in job_ids).items():
            tracked = self.tracked.get(job_id)
            if tracked and (now := len(tracked.page_facts) + pages) > tracked.pages_seen:
                tracked.pages_seen = min(now, tracked.page_count)
                moved.append(tracked.progress("read"))
        return moved

    def _take(self, outcomes: Iterable[ItemOutcome]) -> list[Tracked]:
        touched = {}
        for outcome in outcomes:
            if (tracked := self.tracked.get(outcome.job_id)) is not None:
                tracked.take(outcome)
                touched[outcome.job_id] = tracked
        return list(touched.values())

    def _plan_reading(self, job_ids: Sequence[str]) -> list[Shard]:
        self._end([failed_end(self.tracked[i]) for i in job_ids if is_lost(self.tracked[i])])
        alive = [self.tracked[i] for i in job_ids if i in self.tracked]
        for t in alive:
            t.media_type, t.page_count = str(t.facts.get("media_type") or t.media_type), int(t.facts.get("page_count") or 0)
        cost_of = {t.job.job_id: plan.document_cost_s(t.media_type, t.page_count) for t in alive}
        target = plan.target_s(sum(cost_of.values()), self.workers, self.room.settings.shard_seconds)
        shards = []
        for group in plan.cut_by_cost(list(cost_of.items()), target):
            wave, each_s = Wave(group), plan.even_s(sum(cost_of[i] for i in group), target)
            pages = plan.cut_pages(((i, self.tracked[i].media_type, self.tracked[i].page_count) for i in group), each_s)
            shards += [self._shard("read", self._page_items(ranges), wave=wave, cost_s=each_s) for ranges in pages]
            if not wave.open_shards:  # documents without pages have nothing to read
                shards += self._enter(wave, next_stage("read"))
        return shards

    def _page_items(self, ranges: Sequence[plan.PageRange]) -> list[Item]:
        found = {r.job_id: self.tracked[r.job_id].inputs("inspect") for r in ranges}
        return [self.tracked[r.job_id].item(f"page-{n}", inputs=found[r.job_id]) for r in ranges for n in range(r.first, r.last + 1)]

    def _advance(self, shard: Shard) -> list[Shard]:
        wave = self._waves.pop(shard.shard_id)
        wave.open_shards -= 1
        if wave.open_shards:
            return []
        if shard.stage == "publish":
            self._end([published_end(self.tracked[i]) for i in wave.job_ids if i in self.tracked])
            return []
        lost = [i for i in wave.job_ids if i in self.tracked and is_lost(self.tracked[i])]
        self._end([failed_end(self.tracked[i]) for i in lost])
        return self._enter(wave, next_stage(shard.stage))

    def _enter(self, wave: Wave, stage: str | None) -> list[Shard]:
        """The shard for a wave's stage; stages that no document of it wants are passed over."""
        while stage is not None:
            members = [t for i in wave.job_ids if (t := self.tracked.get(i)) and wants(stage, t.job.options)]
            if members:
                items = [t.item(inputs=t.inputs(*STAGE_INPUTS[stage])) for t in members]
                return [self._shard(stage, items, wave=wave)]
            stage = next_stage(stage)
        return []

    def _shard(self, stage: str, items: Sequence[Item], *, wave: Wave | None = None, cost_s: float = 0.0) -> Shard:
        room = self.room
        shard = Shard(
            tenant=room.tenant,
            run_id=self.run_id,
            shard_id=f"{next(self._numbers):05d}",
            stage=stage,
            items=tuple(items),
            store=room.store_spec,
            limits=self.limits,
            version=__version__,
            cost_s=cost_s,
        )
        self.open[shard.shard_id] = shard
        if wave is not None:
            wave.open_shards += 1
            self._waves[shard.shard_id] = wave
        return shard

    def _end(self, ends: Sequence[JobEnd]) -> None:
        if ends:
            ends = [replace(end, usage=self.tracked[end.job_id].usage(self.room.settings)) for end in ends]
            promised = promise_hiding(self.room, ends, {e.job_id for e in ends if self.tracked[e.job_id].job.options.redact})
            self.refused += ledger_jobs.finish_jobs(self.room.ledger, self.room.tenant, ends)
            self._hide(promised, {e.document_id for e in ends}.difference(promised.values()))
            forget_unindexed(self.room, [e.document_id for e in ends if e.results and not self.tracked[e.job_id].job.options.index])
            match_finished(self.room, [(e.job_id, e.kind) for e in ends if e.results and e.job_id not in self.refused])
            order_what_was_read(self.room, [e.document_id for e in ends])
        for end in ends:
            del self.tracked[end.job_id]

    def _hide(self, promised: Mapping[str, str], others: Collection[str]) -> None:
        for withdraw, which in ((withdraw_promised, promised), (withdraw_unredacted, others)):
            try:
                withdraw(self.room, which)
            except DocmillError as error:  # what there is to hide is promised, so the sweep comes back to it; the run has other documents
                log.warning("what redacted versions hide waits for the next sweep: %s", error.code)


def _failed(item: Item, stage: str, error: DocmillError) -> ItemOutcome:
    return ItemOutcome(
        job_id=item.job_id,
        document_id=item.document_id,
        stage=stage,
        item=item.name,
        status=ItemStatus.FAILED,
        error_code=error.code,
        error_message=error.message,
    )
