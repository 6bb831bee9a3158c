"""Tasks are opened in the transaction in which their job ends; on both databases, and for a document that is really milled."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from milled_papers import INVOICE, ingest, mill_anew
from review_tasks import FRAUD, TOTAL, VENDOR, ended, tasks_of

from docmill.errors import Conflict
from docmill.services import documents, jobs
from docmill.services.review import opening
from docmill.storage.ledger.review_tasks import TaskFilter, search
from docmill.storage.ledger.tables_events import AUDIT_EVENTS, OUTBOX
from docmill.values.jobs import JobState
from docmill.values.review import Priority, Subject, TaskState

pytest_plugins = ("ledger_fixtures",)


def kinds(work, table=AUDIT_EVENTS):
    with work.ledger.reading() as conn:
        return list(conn.execute(sa.select(table.c.kind)).scalars())


def test_a_job_that_ends_with_doubts_opens_a_task_for_each(work, clock):
    job = ended(work, TOTAL, VENDOR, FRAUD)
    fraud, total, vendor = tasks_of(work)
    assert (fraud.subject, fraud.priority, fraud.eyes) == (Subject.FRAUD, Priority.URGENT, 2)
    assert (total.document_id, total.job_id, total.name, total.page, total.box) == (job.document_id, job.job_id, "total", 1, (1, 2, 3, 4))
    assert (total.state, total.eyes, total.version, total.role, total.confidence) == (TaskState.PENDING, 1, 1, "reviewer", 0.4)
    assert [t.due_at - clock() for t in (fraud, total, vendor)] == [timedelta(hours=4), timedelta(days=1), timedelta(days=3)]
    assert "review.opened" in kinds(work)
    assert "review.opened" in kinds(work, OUTBOX)


def test_opening_again_changes_nothing(work):
    job = ended(work, TOTAL)
    before = work.everything()
    with work.ledger.transaction() as conn:
        assert opening.open_tasks(conn, work.tenant, job.document_id, job.job_id, [TOTAL], at=work.ledger.now()) == 0
    assert work.everything() == before


def test_no_task_without_its_end_and_no_end_without_its_tasks(work, monkeypatch):
    def broken(*_given, **_more):
        raise Conflict("on purpose")

    monkeypatch.setattr("docmill.services.jobs_finishing.open_tasks", broken)
    with pytest.raises(Conflict):
        ended(work, TOTAL)
    assert tasks_of(work) == []
    assert "job.needs_review" not in kinds(work)


def test_a_newer_result_cancels_the_open_tasks_of_the_one_before(work):
    ended(work, TOTAL, VENDOR)
    newer = ended(work, VENDOR, force=True)
    open_now = tasks_of(work, states=(TaskState.PENDING,))
    assert [(t.job_id, t.name) for t in open_now] == [(newer.job_id, "vendor_name")]
    assert {t.version for t in tasks_of(work, states=(TaskState.CANCELLED,))} == {2}
    assert "review.cancelled" in kinds(work)


def test_a_job_that_has_not_looked_for_doubts_leaves_tasks_alone(work):
    ended(work, TOTAL)
    ended(work, force=True, doubts_known=False)
    assert [t.state for t in tasks_of(work)] == [TaskState.PENDING]


def test_a_late_writer_opens_nothing(work):
    batch_id, _ = work.one(1)
    (job,) = work.claim(batch_id)
    late = replace(work.end(job, JobState.NEEDS_REVIEW), fence=job.fence - 1, doubts=(TOTAL,))
    assert jobs.finish_jobs(work.ledger, work.tenant, [late]) == [job.job_id]
    assert tasks_of(work) == []


def test_deleting_a_document_takes_its_tasks(work):
    job = ended(work, TOTAL)
    documents.delete_document(work.ledger, work.tenant, job.document_id)
    assert tasks_of(work) == []


def test_a_milled_document_has_the_tasks_that_its_validation_counted(room, tmp_path, monkeypatch):
    paper = tmp_path / "invoice.txt"
    paper.write_text(INVOICE)
    limits = replace(room.limits, review_thresholds="field=1,span=1,chunk=0")
    (document_id,) = ingest(replace(room, limits=limits), paper)
    with room.ledger.reading() as conn:
        tasks = search(conn, room.tenant, TaskFilter(document_id=document_id), limit=100)
    names = [info.name for info in room.store.list(f"private/{room.tenant}/receipts/") if ".validate-" in info.name]
    receipts = [room.store.read(name) for name in names]
    (facts,) = [json.loads(one)["facts"] for one in receipts]
    assert facts["validation_tasks_created"] == len(tasks) > 2
    assert facts["total_chunks"] >= 1
    assert {t.subject for t in tasks} >= {Subject.FIELD}
    assert "1234.50" not in repr(tasks)
    assert all(t.page == 1 for t in tasks if t.subject is Subject.FIELD)

    mill_anew(room, document_id, force=True, index=False)  # the default thresholds ask for less: the old doubts are over
    with room.ledger.reading() as conn:
        left = search(conn, room.tenant, TaskFilter(document_id=document_id), limit=100)
    assert {t.state for t in left if t.job_id == tasks[0].job_id} == {TaskState.CANCELLED}
