"""Applying decisions: a job of the document, child of the current one, whose result version carries what people decided.

Exactly once, by the machinery of every job: all waiting decisions of a document are given to one job in the transaction that makes it; the
job's attempt has a lease and a fence; its end and its version are one transaction. Killed anywhere, the next call goes on with the same job.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from docmill.errors import Conflict, DocmillError, NotFound
from docmill.services.batches_registering import Asked, Order, register
from docmill.services.jobs import claim_jobs, finish_jobs, give_back
from docmill.services.milling.stage_work import CHUNKS, UNDERSTANDING
from docmill.services.purchasing.matching import match_finished
from docmill.services.purchasing.ordering import order_what_was_read
from docmill.services.review.indexing import index_again
from docmill.services.review.remaking import must_remake, remake
from docmill.services.review.rewriting import resolved_messages, rewritten_results, rewritten_understanding
from docmill.services.review.standing import REVIEW, keep_artefact, standing_of
from docmill.services.running.room import Room
from docmill.services.withdrawing import withdraw_promised
from docmill.storage.ledger import Connection, decisions, review_tasks, versions, views
from docmill.storage.ledger import batches as batch_rows
from docmill.storage.ledger import documents as document_rows
from docmill.storage.ledger import jobs as job_rows
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.ids import new_id
from docmill.storage.ledger.records import NewJob
from docmill.values.jobs import Artefact, ClaimedJob, JobEnd, JobState, JobView, final_state
from docmill.values.keys import digest, private_name, results_name
from docmill.values.options import MillOptions
from docmill.values.outcome import Outcome, Problem
from docmill.values.results import Results, read_results, results_bytes

log = logging.getLogger(__name__)

LEASE_S = 60.0
RESULTS = "results"


@dataclass(frozen=True, slots=True)
class Applied:
    """The job that applied decisions, and its state; `is_new` when this call ended it."""

    job_id: str
    state: JobState
    is_new: bool


def apply_decision(room: Room, decision_id: str, *, run_id: str, lease_s: float = LEASE_S) -> Applied:
    """Apply a decision, with all others of its document that wait; doing it again changes nothing.

    Args:
        room: the opened parts.
        decision_id: a final decision.
        run_id: names the attempt.
        lease_s: how long the ledger believes in this attempt.

    Raises:
        NotFound: no such decision, or nothing is published of the document any more.
        Conflict: it is the first of two opinions, or another run is applying it.
    """
    job = _job_for(room, decision_id)
    if job.state.is_final:
        return Applied(job.job_id, job.state, is_new=False)
    claimed = {one.job_id: one for one in claim_jobs(room.ledger, room.tenant, str(job.batch_id), run_id=run_id, lease_s=lease_s)}
    if job.job_id not in claimed:
        now = _view(room, job.job_id)
        if now.state.is_final:
            return Applied(now.job_id, now.state, is_new=False)
        raise Conflict("another run is applying this decision")
    try:
        end = _carry_out(room, claimed[job.job_id], run_id, lease_s)
        refused = finish_jobs(room.ledger, room.tenant, [end])
    except Exception:
        give_back(room.ledger, room.tenant, run_id, [job.job_id])  # else the run's lease for its next decisions would hold this one as well
        raise
    if refused:
        raise Conflict("another run has taken over this decision")
    withdraw_promised(room, [job.job_id])
    match_finished(room, [(end.job_id, end.kind)])
    order_what_was_read(room, [end.document_id])
    return Applied(job.job_id, end.state, is_new=True)


@dataclass(frozen=True, slots=True)
class Round:
    """How many documents got a new version, and how many decisions were left for the next round."""

    applied: int
    left: int


def apply_waiting(room: Room, *, run_id: str) -> Round:
    """Apply all decisions that wait; one that cannot be applied now holds up no other document's."""
    applied, left = set(), 0
    for decision_id in waiting_decisions(room):
        try:
            done = apply_decision(room, decision_id, run_id=run_id)
        except DocmillError as error:
            log.warning("decision %s is not applied yet: %s", decision_id, error.code)
            left += 1
        else:
            applied.add(done.job_id)
    withdraw_promised(room)
    return Round(len(applied), left)


def waiting_decisions(room: Room, *, limit: int = 1000) -> list[str]:
    """Decisions that are not applied yet, oldest first."""
    with room.ledger.reading() as conn:
        return decisions.to_apply(conn, room.tenant, limit=limit)


def _job_for(room: Room, decision_id: str) -> JobView:
    """The job that applies a decision, made when there is none."""
    with room.ledger.transaction() as conn:
        made = decisions.decision(conn, room.tenant, decision_id)
        if not made.is_final:
            raise Conflict("this is the first of two opinions; a second person must decide")
        document_id = review_tasks.task(conn, room.tenant, made.task_id).document_id
        document_rows.locked(conn, room.tenant, [document_id])  # two that apply at once make one job: the second waits here
        job_id = decisions.decision(conn, room.tenant, decision_id).job_id
        if job_id is not None and not _has_failed(conn, room.tenant, job_id):
            return views.job(conn, room.tenant, job_id)
        again = [] if job_id is None else [one.decision_id for one in decisions.of_job(conn, room.tenant, job_id)]
        return _make_job(conn, room, document_id, sorted({*again, *decisions.unapplied(conn, room.tenant, document_id)}))


def _has_failed(conn: Connection, tenant: str, job_id: str) -> bool:
    return views.job(conn, tenant, job_id).state in {JobState.FAILED, JobState.CANCELLED}


def _make_job(conn: Connection, room: Room, document_id: str, decision_ids: Sequence[str]) -> JobView:
    parent = versions.current_job(conn, room.tenant, document_id)
    asked = job_rows.requests(conn, room.tenant, [parent] if parent else [])
    if not asked:
        raise NotFound("nothing is published of this document any more")
    at, request = room.ledger.now(), asked[0]
    batch_id = new_id(at)
    options = MillOptions.kept(request.options).model_copy(update={"force": False})
    order = Order(options, digest(REVIEW, list(decision_ids)), REVIEW, tuple(request.tags), request.collection, request.client_metadata)
    file = NewJob(request.sha256, request.size_bytes, request.media_type, request.file_name, stored=True)
    batch_rows.insert(conn, room.tenant, batch_id, total_files=1, submitted_by=REVIEW, at=at)
    append_event(conn, room.tenant, batch_id, "batch.created", {"total_files": 1, "by": REVIEW}, at=at)
    (made,) = register(conn, room.tenant, batch_id, [Asked(file, order, parent)], at=at)
    decisions.give_to_job(conn, room.tenant, decision_ids, made.job_id)
    append_event(
        conn, room.tenant, document_id, "review.applying", {"job_id": made.job_id, "decisions": ",".join(decision_ids)[:4000]}, at=at
    )
    return views.job(conn, room.tenant, made.job_id)


def _view(room: Room, job_id: str) -> JobView:
    with room.ledger.reading() as conn:
        return views.job(conn, room.tenant, job_id)


def _carry_out(room: Room, job: ClaimedJob, run_id: str, lease_s: float) -> JobEnd:
    """Write the next version's objects and say how the job ends."""
    before = standing_of(room, job)
    if must_remake(before.decided):
        return remake(room, job, before, run_id=run_id, lease_s=lease_s)
    new = rewritten_understanding(before.understanding, before.decided)
    key = digest(REVIEW, job.job_id)
    private = keep_artefact(room, UNDERSTANDING, key, private_name(room.tenant, REVIEW, key), new.model_dump_json().encode())
    rest = [one for one in before.made if one.name not in {RESULTS, UNDERSTANDING}]
    index_again(room, job, new, [one for one in rest if one.name == CHUNKS])
    resolved = resolved_messages(before.understanding, new, before.decided)
    results = rewritten_results(before.results, new, before.decided, task_id=job.job_id, resolved=resolved)
    return replace(_end(room, job, results, key, (*rest, private)), resolved=tuple(sorted(resolved)))


def _end(room: Room, job: ClaimedJob, results: Results, key: str, made: tuple[Artefact, ...]) -> JobEnd:
    name = results_name(room.tenant, job.accepted_at.date(), job.job_id)
    kept = keep_artefact(room, RESULTS, key, name, results_bytes(results.model_copy(update={"created_at": room.ledger.now()})))
    # an attempt before this one may have written them: then those are the results
    stored = read_results(room.store.read(name))
    outcome = Outcome(name=stored.outcome.name, problems=tuple(Problem(**one.model_dump()) for one in stored.outcome.problems))
    return JobEnd(
        job_id=job.job_id,
        document_id=job.document_id,
        fence=job.fence,
        state=JobState(final_state(outcome)),
        outcome=outcome,
        results=kept,
        published=made,
        kind=stored.kind.name,
        page_count=stored.document.page_count,
    )
