"""Review tasks for tests: jobs that end with doubts, and users who decide. Used with ledger_fixtures."""

from docmill.services import jobs
from docmill.storage.ledger import review_tasks
from docmill.storage.ledger.review_tasks import TaskFilter
from docmill.storage.ledger.tables_accounts import USERS
from docmill.values.jobs import JobState
from docmill.values.outcome import CHECK_FAILED, Problem
from docmill.values.review import Doubt, Priority, Subject

TOTAL = Doubt(
    subject=Subject.FIELD, name="total", reason="low confidence", priority=Priority.HIGH, page=1, box=(1, 2, 3, 4), confidence=0.4
)
VENDOR = Doubt(subject=Subject.FIELD, name="vendor_name", reason="low confidence", page=1, confidence=0.6)
FRAUD = Doubt(subject=Subject.FRAUD, reason="XML and page differ: total", priority=Priority.URGENT)


def add_users(ledger, tenant="default", **roles):
    """Users by name with their role, beside `local`, who is an admin."""
    with ledger.transaction() as conn:
        for name, role in roles.items():
            row = {"tenant_id": tenant, "user_id": name, "name": name, "role": role, "created_at": ledger.now()}
            conn.execute(USERS.insert(), row)


def ended(work, *doubts, n=1, force=False, doubts_known=True):
    """A job of file n that ended in need of review with these doubts."""
    batch_id, _ = work.one(n, force=force)
    (job,) = work.claim(batch_id)
    problem = Problem(code=CHECK_FAILED, stage="understand", message="XML and page differ: total")
    end = work.end(job, JobState.NEEDS_REVIEW, problem)
    from dataclasses import replace

    assert jobs.finish_jobs(work.ledger, work.tenant, [replace(end, doubts=doubts if doubts_known else None)]) == []
    return job


def tasks_of(work, **wanted):
    with work.ledger.reading() as conn:
        return review_tasks.search(conn, work.tenant, TaskFilter(**wanted), limit=1000)
