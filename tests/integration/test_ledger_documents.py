"""Documents: finding by name, milling again, deleting; and the audit chain of it all; on both databases."""

import threading
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from docmill.errors import Conflict, InvalidOptions, NotFound, TooLarge
from docmill.services import audit, batches, documents, jobs
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.tables_events import AUDIT_EVENTS, AUDIT_HEADS
from docmill.storage.ledger.tables_jobs import DOCUMENTS
from docmill.values.jobs import JobState
from docmill.values.keys import original_name
from docmill.values.options import MillOptions

if TYPE_CHECKING:
    from ledger_fixtures import Clock, Work

pytest_plugins = ("ledger_fixtures",)


def plan_of(options: MillOptions) -> str:
    return f"plan of {options.language}"


def test_a_result_is_found_by_document_beginning_or_job(work: "Work") -> None:
    job = work.mill(1)
    for named in (job.document_id, job.document_id[:6], job.document_id[:8].upper(), job.job_id, job.job_id.upper()):
        found = documents.current_result(work.ledger, work.tenant, named)
        assert found is not None
        assert found.job_id == job.job_id


@pytest.mark.parametrize("named", ["", "abcde", "%%%%%%", "______", "0" * 32, "01" * 13])
def test_names_that_name_nothing(work: "Work", named: str) -> None:
    work.mill(1)
    with pytest.raises(NotFound):
        documents.current_result(work.ledger, work.tenant, named)
    with pytest.raises(NotFound):
        documents.artefacts_of(work.ledger, work.tenant, named)


def test_an_ambiguous_beginning_lists_the_documents(work: "Work") -> None:
    row = {
        "tenant_id": "default", "size_bytes": 1, "media_type": "x", "stored": True, "created_at": work.ledger.now(), "current_fence": 0,
        "next_fence": 0, "versions": 0, "count": 0,
    }  # fmt: skip
    with work.ledger.transaction() as conn:
        conn.execute(DOCUMENTS.insert(), [row | {"document_id": "abcdef" + end, "sha256": end * 64} for end in "12"])
    with pytest.raises(InvalidOptions, match="abcdef1, abcdef2"):
        documents.current_result(work.ledger, work.tenant, "abcdef")
    assert documents.current_result(work.ledger, work.tenant, "abcdef1") is None


def test_a_document_without_result(work: "Work") -> None:
    job = work.mill(1, JobState.FAILED)
    assert documents.current_result(work.ledger, work.tenant, job.document_id) is None
    assert documents.artefacts_of(work.ledger, work.tenant, job.document_id) == []


@pytest.mark.parametrize("ended", ["completed", "failed"])
@pytest.mark.parametrize("by", ["document_id", "job_id"])
def test_milling_again_makes_a_child_in_a_new_batch(work: "Work", ended: str, by: str) -> None:
    before = work.mill(1, JobState(ended))
    batch_id = documents.remill(work.ledger, work.tenant, getattr(before, by), plan_digest=plan_of, submitted_by="u")
    (view,) = batches.batch_jobs(work.ledger, work.tenant, batch_id)
    assert (view.parent_job_id, view.state, view.name, view.options.force) == (before.job_id, JobState.ACCEPTED, "file-1.pdf", False)
    (job,) = work.claim(batch_id)
    assert (job.document_id, job.count, job.fence) == (before.document_id, before.count + 1, before.fence + 1)
    assert batches.batch_view(work.ledger, work.tenant, batch_id).total_files == 1


def test_milling_a_batch_again_with_other_options(work: "Work") -> None:
    first = work.batch(total_files=4)
    made = work.register(first, work.file(1), work.file(2), work.file(2), work.file(3, error=TooLarge("too large")), tags=("t",))
    work.finish(*(work.end(job) for job in work.claim(first)))
    options = MillOptions(language="de")
    batch_id = documents.remill(work.ledger, work.tenant, first, options, force=True, plan_digest=plan_of)
    views = batches.batch_jobs(work.ledger, work.tenant, batch_id)
    assert [(v.parent_job_id, v.tags) for v in views] == [(made[0].job_id, ("t",)), (made[1].job_id, ("t",))], (
        "the refused file has no bytes"
    )
    assert {(v.options.language, v.options.force) for v in views} == {("de", True)}


def test_milling_again_joins_a_job_under_way_unless_forced(work: "Work") -> None:
    before = work.mill(1)
    once = documents.remill(work.ledger, work.tenant, before.document_id, plan_digest=plan_of)
    twice = documents.remill(work.ledger, work.tenant, before.document_id, plan_digest=plan_of)
    forced = documents.remill(work.ledger, work.tenant, before.document_id, force=True, plan_digest=plan_of)
    (one,), (two,), (three,) = (batches.batch_jobs(work.ledger, work.tenant, b) for b in (once, twice, forced))
    assert one.job_id == two.job_id != three.job_id


def test_what_cannot_be_milled_again(work: "Work") -> None:
    (refused,) = work.register(work.batch(), work.file(1, error=TooLarge("too large")))
    with pytest.raises(Conflict):
        documents.remill(work.ledger, work.tenant, refused.document_id, plan_digest=plan_of)
    with pytest.raises(NotFound):
        documents.remill(work.ledger, work.tenant, "0" * 32, plan_digest=plan_of)


def test_deleting_leaves_only_the_audit_stream_and_notices(work: "Work", clock: "Clock") -> None:
    kept = work.mill(2)
    before = work.everything()
    batch_id, _ = work.one(1)
    (job,) = work.claim(batch_id, run_id="run")
    words = work.artefact(job, "page_words", prefix="private", page=1)
    jobs.fold_outcomes(work.ledger, work.tenant, run_id="run", outcomes=[work.outcome(job, "page-1", words)], progress=[])
    end = work.end(job)
    work.finish(end)
    again = work.mill(1, force=True)
    assert end.results is not None
    expected = {a.object_name for a in (words, end.results, *end.published)} | {original_name("default", job.sha256)}
    expected.add(work.end(again).results.object_name)  # type: ignore[union-attr]  # a good end has results

    clock.pass_seconds(3600)  # a lease that lasts is somebody's
    names = documents.delete_document(work.ledger, work.tenant, job.document_id, deleted_by="admin")
    assert names == sorted(expected)
    after = work.everything()
    events = {"audit_events", "audit_heads", "outbox", "batches"}
    assert {n: rows for n, rows in after.items() if n not in events} == {n: rows for n, rows in before.items() if n not in events}
    stream = [row for row in after["audit_events"] if row[1] == job.document_id]
    assert stream[-1][3] == "document.deleted"
    assert audit.verify_streams(work.ledger, work.tenant) == {}
    assert documents.current_result(work.ledger, work.tenant, kept.document_id) is not None
    assert work.finish(work.end(job)) == [job.job_id], "a writer from before changes nothing"
    with pytest.raises(NotFound):
        documents.delete_document(work.ledger, work.tenant, job.document_id)


@pytest.mark.parametrize("is_claimed", [False, True])
def test_a_document_whose_job_is_not_over_stays(work: "Work", is_claimed: bool) -> None:
    work.mill(1)
    batch_id, registered = work.one(1, force=True)
    if is_claimed:
        work.claim(batch_id)
    before = work.everything()
    with pytest.raises(Conflict):
        documents.delete_document(work.ledger, work.tenant, registered.document_id)
    assert work.everything() == before


def test_the_same_bytes_may_come_again_after_deletion(work: "Work") -> None:
    job = work.mill(1)
    documents.delete_document(work.ledger, work.tenant, job.document_id)
    again = work.mill(1)
    assert again.document_id == job.document_id
    assert documents.current_result(work.ledger, work.tenant, job.document_id[:10]) == work.view(again.job_id)
    assert audit.verify_streams(work.ledger, work.tenant) == {}


def test_history_tells_the_states_in_order_without_names(work: "Work") -> None:
    job = work.mill(1)
    work.mill(1, JobState.FAILED, force=True)
    rows = [row for row in work.everything()["audit_events"] if row[1] == job.document_id]
    kinds = ["job.accepted", "job.running", "job.completed", "job.accepted", "job.running", "job.failed"]
    assert [row[3] for row in rows] == kinds
    assert [row[2] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert "file-1" not in repr(rows)


TAMPERINGS = {
    "facts": ('UPDATE audit_events SET facts = \'{"job_id": "x"}\' WHERE stream = :s AND seq = 2', 2),
    "kind": ("UPDATE audit_events SET kind = 'job.failed' WHERE stream = :s AND seq = 3", 3),
    "time": ("UPDATE audit_events SET at = '2020-01-01 00:00:00.000000' WHERE stream = :s AND seq = 1", 1),
    "removed": ("DELETE FROM audit_events WHERE stream = :s AND seq = 2", 2),
    "first removed": ("DELETE FROM audit_events WHERE stream = :s AND seq = 1", 1),
    "cut off": ("DELETE FROM audit_events WHERE stream = :s AND seq >= 2", 2),
    "all removed": ("DELETE FROM audit_events WHERE stream = :s", 1),
    "swapped": ("UPDATE audit_events SET seq = CASE seq WHEN 2 THEN 13 WHEN 3 THEN 12 END WHERE stream = :s AND seq IN (2, 3)", 2),
    "head removed": ("DELETE FROM audit_heads WHERE stream = :s", 1),
    "hash": ("UPDATE audit_events SET hash = prev_hash WHERE stream = :s AND seq = 1", 1),
}


@pytest.mark.parametrize("case", TAMPERINGS)
def test_the_chain_shows_tampering(work: "Work", case: str) -> None:
    statement, broken = TAMPERINGS[case]
    job, other = work.mill(1), work.mill(2)
    assert audit.verify_stream(work.ledger, work.tenant, job.document_id) is None
    with work.ledger.transaction() as conn:  # somebody with the keys to the database
        if conn.dialect.name == "sqlite":
            conn.execute(sa.text("DROP TRIGGER audit_events_no_update"))
            conn.execute(sa.text("DROP TRIGGER audit_events_no_delete"))
        else:
            conn.execute(sa.text("ALTER TABLE audit_events DISABLE TRIGGER USER"))
        assert conn.execute(sa.text(statement), {"s": job.document_id}).rowcount >= 1
        if case == "swapped":
            conn.execute(sa.text("UPDATE audit_events SET seq = seq - 10 WHERE seq > 10"))
    assert audit.verify_stream(work.ledger, work.tenant, job.document_id) == broken
    assert audit.verify_streams(work.ledger, work.tenant) == {job.document_id: broken}
    assert audit.verify_stream(work.ledger, work.tenant, other.document_id) is None


def test_many_that_append_to_one_stream_at_once(work: "Work") -> None:
    gate, failures = threading.Barrier(4), []

    def append() -> None:
        try:
            gate.wait()
            for n in range(5):
                with work.ledger.transaction() as conn:
                    append_event(conn, work.tenant, "shared", "test.happened", {"n": n}, at=work.ledger.now())
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            failures.append(error)

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(row[2] for row in work.everything()["audit_events"]) == list(range(1, 21))
    assert audit.verify_streams(work.ledger, work.tenant) == {}


def test_a_stream_nobody_wrote_holds(work: "Work") -> None:
    assert audit.verify_stream(work.ledger, work.tenant, "nothing") is None
    with work.ledger.reading() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(AUDIT_HEADS)).scalar_one() == 0
        assert conn.execute(sa.select(sa.func.count()).select_from(AUDIT_EVENTS)).scalar_one() == 0
