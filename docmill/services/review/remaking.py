"""Decisions that reach further than fields: personal data that is none, or was missed, and passages that were misread or are none.

The stages that read what was decided are done again, with the words, spans and passages as people see them; what nothing decided touches is
taken over. So a redacted copy gets new boxes, is proven by the same gates and has a certificate of its own, and search finds the corrected words.
Belongs here: which stages, in which order. Does not belong here: what decisions mean (rulings, correcting, rewriting).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pydantic import Field

from docmill import __version__
from docmill.errors import Conflict, error_from_code
from docmill.scratch import scratch_folder
from docmill.services.learning.in_use import limits_of_today
from docmill.services.milling.publish import RESULTS
from docmill.services.milling.shard import Shard
from docmill.services.milling.stage_work import CHUNKS, JSON, PAGE_WORDS, REDACTED_PAGES, SPANS, UNDERSTANDING
from docmill.services.milling.stages_privacy import REPORT, REPORT_PAGE, report_of
from docmill.services.milling.work import mill_shard
from docmill.services.review.changes import Changes, changes_of, corrected_pages, fresh_doubts
from docmill.services.review.indexing import index_again
from docmill.services.review.rewriting import Decided, decided_facts, rewritten_understanding, settled_checks
from docmill.services.review.rulings import MARKED, ruled
from docmill.services.review.standing import REVIEW, Standing, decided_before, keep_artefact
from docmill.services.running.ending import published_end
from docmill.services.running.heart import Heart
from docmill.services.running.room import Room
from docmill.services.running.tracked import Tracked
from docmill.services.running.waves import STAGE_INPUTS
from docmill.services.withdrawing import promise_withdrawal
from docmill.stages.knowledge.chunk_file import without_passages
from docmill.stages.privacy.report import report_page
from docmill.values.evidence import Span, Understanding
from docmill.values.jobs import Artefact, ClaimedJob, ItemStatus, JobEnd, JobProgress
from docmill.values.keys import digest, private_name, public_name
from docmill.values.model import Value
from docmill.values.outcome import CHECK_FAILED, Problem
from docmill.values.page import Page
from docmill.values.pages_file import read_pages
from docmill.values.review import Subject, Verdict

RULINGS = "rulings"
"""Name of the artefact that carries what people said of spans and passages from version to version."""

_STAGE_OF = {UNDERSTANDING: "understand", PAGE_WORDS: "read", SPANS: "find_pii", CHUNKS: "index"}
_NOT_TAKEN_OVER = frozenset({RESULTS, "text"})


def must_remake(decided: Sequence[Decided]) -> bool:
    """Whether decisions reach further than fields."""
    return any(_reaches(one) for one in decided)


def _reaches(one: Decided) -> bool:
    if one.task.subject is Subject.SPAN:  # one that was found and is right changes nothing
        return one.decision.verdict is Verdict.REJECTED or one.task.reason == MARKED
    return one.task.subject is Subject.CHUNK and one.decision.verdict is not Verdict.ACCEPTED


def remake(room: Room, job: ClaimedJob, before: Standing, *, run_id: str, lease_s: float) -> JobEnd:
    """Do again what decisions change, under a lease that is renewed meanwhile, and say how the job ends.

    Raises:
        Conflict: the run was stopped, or another one has taken the job over.
        DocmillError: a stage failed: nothing of it is published, and the version before stays the current one.
    """
    work = _Remaking(room, job, before, run_id)
    with Heart(work, lease_s=lease_s):
        return work.carry_out()


class _SpansFile(Value):
    """What find_pii keeps."""

    spans: tuple[Span, ...] = ()
    engines: dict[str, str] = Field(default_factory=dict)


class _Remaking:
    """One document on its way to the version that decisions make of it."""

    def __init__(self, room: Room, job: ClaimedJob, before: Standing, run_id: str) -> None:
        self.room, self.job, self.before, self.run_id = room, job, before, run_id
        self.limits = limits_of_today(room)
        self.tracked = _taken_over(job, before)

    def drop(self, job_ids: Iterable[str]) -> None:
        """Part of `Beating`: a cancelled job is refused when it ends."""
        del job_ids

    def progress_now(self) -> list[JobProgress]:
        """Part of `Beating`: too short for progress."""
        return []

    def carry_out(self) -> JobEnd:
        old = self._pages()
        asked = changes_of(self.before.decided, self._earlier(), old, self._masked())
        new = corrected_pages(old, asked, self._hidden())
        is_misread = new != old
        if is_misread:
            self._read_again(old, new)
            asked = asked.on(old, new)
        decided = [*decided_before(self.room, self.job), *self.before.decided] if is_misread else list(self.before.decided)
        understanding = self._understand(decided, again=is_misread)
        self._keep(RULINGS, asked.model_dump_json().encode(), REVIEW)
        has_other_spans = self._rule(asked, new)
        self._show_again(is_misread=is_misread, has_other_spans=has_other_spans)
        self._drop_passages(asked)
        if is_misread:
            self._stage("validate")
        said = decided_facts(self._shown_decided(decided))
        self.tracked.facts |= {"decided": said, "failed_checks": ",".join(self._failed(decided))}
        self._stage("publish")
        index_again(self.room, self.job, understanding, [a for a in self.tracked.inputs("index") if a.name == CHUNKS])
        return self._end(decided if is_misread else None)

    def _show_again(self, *, is_misread: bool, has_other_spans: bool) -> None:
        """The redacted copy, what is told of the text, the spoken one and the passages, where other words or other spans make others of them."""
        options = self.job.options
        shows_other = is_misread or (options.redact and has_other_spans)
        if options.redact and shows_other:
            self._stage("redact")
        if is_misread or has_other_spans:
            self._stage("enrich")
        if options.speech and shows_other:
            self._stage("speak")
        if options.index and shows_other:
            self._stage("index")

    def _pages(self) -> list[Page]:
        return [Page.model_validate_json(self.room.store.read(a.object_name)) for a in self.tracked.inputs("read") if a.name == PAGE_WORDS]

    def _masked(self) -> list[Page]:
        found = [a for a in self.tracked.inputs("redact") if a.name == REDACTED_PAGES]
        return read_pages(self.room.store.read(found[0].object_name)) if found and self.job.options.redact else []

    def _earlier(self) -> Changes:
        found = self.tracked.artefacts.get((REVIEW, RULINGS, 0))
        return Changes.model_validate_json(self.room.store.read(found.object_name)) if found else Changes()

    def _hidden(self) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = {}
        for span in self._found_spans().spans if self.job.options.redact else ():
            found.setdefault(span.page, []).append((span.start, span.end))
        return found

    def _found_spans(self) -> "_SpansFile":
        found = self.tracked.artefacts.get(("find_pii", SPANS, 0))
        return _SpansFile.model_validate_json(self.room.store.read(found.object_name)) if found else _SpansFile()

    def _read_again(self, old: Sequence[Page], new: Sequence[Page]) -> None:
        for page in (page for page, before in zip(new, old, strict=True) if page != before):
            self._keep(PAGE_WORDS, page.model_dump_json().encode(), "read", page=page.number)
            self.tracked.page_facts[page.number] = _page_facts(page)
        self._stage("understand")
        self._stage("find_pii")

    def _understand(self, decided: Sequence[Decided], *, again: bool) -> Understanding:
        found = self.tracked.artefacts.get(("understand", UNDERSTANDING, 0))
        stored = self.room.store.read(found.object_name) if found else self.before.understanding.model_dump_json().encode()
        new = rewritten_understanding(Understanding.model_validate_json(stored), decided, again=again)
        self._keep(UNDERSTANDING, new.model_dump_json().encode(), "understand")
        self.tracked.facts["kind"] = new.kind.name
        return new

    def _rule(self, asked: Changes, pages: Sequence[Page]) -> bool:
        """Keep the spans as people see them; whether other characters are personal now than were found."""
        found = self._found_spans()
        spans = tuple(ruled(found.spans, asked.rulings, pages)) if asked.rulings else found.spans
        now, before = ({(one.page, one.start, one.end) for one in some} for some in (spans, found.spans))
        if self.job.options.redact and (asked.corrections or now - before):
            promise_withdrawal(self.room, self.job)  # copies before this one may show what is hidden now
        if spans == found.spans:
            return False
        self._keep(SPANS, found.model_copy(update={"spans": spans}).model_dump_json().encode(), "find_pii")
        report = report_of(self.tracked.item(), spans, pages, found.engines, float(self.tracked.facts.get("seconds_find_pii") or 0.0))
        self._keep_report(REPORT, report.model_dump_json().encode(), "json", JSON)
        self._keep_report(REPORT_PAGE, report_page(report), "html", "text/html")
        return now != before

    def _keep_report(self, name: str, data: bytes, ext: str, media_type: str) -> None:
        tenant, key = self.room.tenant, digest(REVIEW, self.job.job_id, name)
        place = public_name(tenant, "find_pii", key, f"report.{ext}")
        self.tracked.artefacts[("find_pii", name, 0)] = keep_artefact(
            self.room, name, key, place, data, stage="find_pii", media_type=media_type
        )

    def _drop_passages(self, asked: Changes) -> None:
        found = self.tracked.artefacts.get(("index", CHUNKS, 0))
        places = asked.dropped_on(self._pages(), self._masked())
        if found is None or not places:
            return
        with scratch_folder("review") as folder:
            kept = folder / "kept.arrow"
            without_passages(self.room.store.fetch(found.object_name, folder), kept, places)
            self._keep(CHUNKS, kept.read_bytes(), "index", media_type=found.media_type, ext="arrow")

    def _shown_decided(self, decided: Sequence[Decided]) -> list[tuple[str, str, str]]:
        earlier = [
            (one.name, one.decided_by, one.decided_at.isoformat())
            for one in self.before.results.fields
            if one.decided_by and one.decided_at
        ]
        said = [(one.record.field, one.decision.user_id, one.decision.created_at.isoformat()) for one in decided if one.record.field]
        return [*earlier, *said]

    def _failed(self, decided: Sequence[Decided]) -> list[str]:
        failed = [name for name in str(self.tracked.facts.get("failed_checks") or "").split(",") if name]
        return [name for name in failed if name not in settled_checks(decided)]

    def _keep(self, name: str, data: bytes, stage: str, *, page: int | None = None, media_type: str = JSON, ext: str = "json") -> Artefact:
        key = digest(REVIEW, self.job.job_id, name, page)
        made = keep_artefact(
            self.room, name, key, private_name(self.room.tenant, REVIEW, key, ext), data, stage=stage, media_type=media_type, page=page
        )
        self.tracked.artefacts[(stage, name, page or 0)] = made
        return made

    def _stage(self, stage: str) -> None:
        """Run a stage as milling does, in this process; what is there already is found."""
        room, item = self.room, self.tracked.item(inputs=self.tracked.inputs(*STAGE_INPUTS[stage]))
        # the fence in the name: an earlier attempt's markers are not this one's
        name = f"{REVIEW}-{self.job.job_id}-{self.job.fence}"
        shard = Shard(room.tenant, self.run_id, name, stage, (item,), room.store_spec, self.limits, __version__)
        report = mill_shard(shard, last_try=True)
        if not report.outcomes:
            raise Conflict("the run that applies this decision was stopped")
        for outcome in report.outcomes:
            if outcome.status is ItemStatus.FAILED:
                raise error_from_code(outcome.error_code or "", outcome.error_message or "")
            self.tracked.take(outcome)

    def _end(self, decided: Sequence[Decided] | None) -> JobEnd:
        end = published_end(self.tracked)
        made = tuple(a for a in self.tracked.artefacts.values() if a != end.results)
        doubts = None if decided is None or end.doubts is None else fresh_doubts(end.doubts, decided)
        return replace(end, published=made, doubts=doubts)


def _taken_over(job: ClaimedJob, before: Standing) -> Tracked:
    results = before.results
    tracked = Tracked(job, results.document.media_type, page_count=results.document.page_count)
    for one in before.made:
        made = one.model_copy(update={"stage": _STAGE_OF.get(one.name, one.stage)})
        if one.name not in _NOT_TAKEN_OVER:
            tracked.artefacts[(made.stage, made.name, made.page or 0)] = made
    tracked.page_facts = {page.number: {"words": page.words, "confidence": page.confidence} for page in results.pages}
    tracked.problems = [Problem(**one.model_dump()) for one in results.outcome.problems if one.code != CHECK_FAILED]
    times = {f"seconds_{stage}": seconds for stage, seconds in results.timings_s.items()}
    tracked.facts = {"kind": results.kind.name, "failed_checks": ",".join(results.validation.failed_checks), **times}
    return tracked


def _page_facts(page: Page) -> dict[str, str | int | float | bool | None]:
    size = {"width_px": page.width_px, "height_px": page.height_px}
    return {"words": len(page.words), "confidence": page.confidence, "source": page.source, **size}
