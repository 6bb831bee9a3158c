"""Jobs in the ledger: making, locking, changing."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from pydantic import SecretStr

from docmill.errors import Cancelled
from docmill.storage.ledger.bulk import Row, chunks, insert_rows, update_rows
from docmill.storage.ledger.records import JobRequest, JobRow
from docmill.storage.ledger.seals import opened, opened_json, opened_secret
from docmill.storage.ledger.states import may_follow
from docmill.storage.ledger.tables_jobs import DOCUMENTS, JOBS
from docmill.storage.ledger.texts import storable
from docmill.values.jobs import JobProgress, JobState

_LOCKED = tuple(JOBS.c[name] for name in JobRow.__slots__)
_REQUEST = tuple((DOCUMENTS if name in {"sha256", "size_bytes", "media_type"} else JOBS).c[name] for name in JobRequest.__slots__)


def insert(conn: sa.Connection, rows: Sequence[Row]) -> None:
    """Insert new jobs; see tables_jobs for the columns. Counters begin at zero."""
    zero: Row = {"progress": 0, "message": "", "current": 0, "total": 0, "attempt": 0, "fence": 0, "problems": 0, "seconds": 0.0}
    insert_rows(conn, JOBS, [zero | row for row in rows])


def locked(conn: sa.Connection, tenant: str, job_ids: Iterable[str]) -> dict[str, JobRow]:
    """The jobs by id, locked until the transaction ends; unknown ids are left out."""
    found: dict[str, JobRow] = {}
    for part in chunks(sorted(set(job_ids))):
        query = sa.select(*_LOCKED).where(JOBS.c.tenant_id == tenant, JOBS.c.job_id.in_(part))
        for row in conn.execute(query.order_by(JOBS.c.job_id).with_for_update(key_share=True)).mappings():
            found[row["job_id"]] = _job_row(row)
    return found


def newest_of_documents(conn: sa.Connection, tenant: str, document_ids: Sequence[str]) -> dict[tuple[str, str], JobRow]:
    """The newest job of each document under each plan: (document id, plan digest) -> job."""
    found: dict[tuple[str, str], JobRow] = {}
    for part in chunks(document_ids):
        query = sa.select(*_LOCKED, JOBS.c.plan_digest).where(JOBS.c.tenant_id == tenant, JOBS.c.document_id.in_(part))
        for row in conn.execute(query.order_by(JOBS.c.accepted_at, JOBS.c.job_id)).mappings():
            found[row["document_id"], row["plan_digest"]] = _job_row(row)
    return found


def change_states(conn: sa.Connection, tenant: str, old: Iterable[JobRow], changes: Sequence[Row]) -> None:
    """Put locked jobs into new states, with whatever else changes beside it. A job that is over loses its password.

    Raises:
        ValueError: a state may not follow; the caller has not looked at the row it locked.
    """
    states = {row.job_id: row.state for row in old}
    for change in changes:
        before, after = states[change["job_id"]], JobState(change["state"])
        if before is not after and not may_follow(before, after):
            raise ValueError(f"a job that is {before} cannot become {after}")
    update_rows(conn, JOBS, tenant, ["job_id"], changes)
    over = [change["job_id"] for change in changes if JobState(change["state"]).is_final]
    for part in chunks(over):
        of_jobs = sa.update(JOBS).where(JOBS.c.tenant_id == tenant, JOBS.c.job_id.in_(part), JOBS.c.password.is_not(None))
        conn.execute(of_jobs.values(password=None))


def passwords(conn: sa.Connection, tenant: str, job_ids: Iterable[str]) -> dict[str, SecretStr]:
    """The passwords that came with jobs which are not over; those that this process's key does not open are left out."""
    found: dict[str, SecretStr] = {}
    query = sa.select(JOBS.c.job_id, JOBS.c.password).where(JOBS.c.tenant_id == tenant, JOBS.c.password.is_not(None))
    for part in chunks(sorted(set(job_ids))):
        for row in conn.execute(query.where(JOBS.c.job_id.in_(part))):
            if (secret := opened_secret(conn, row.password)) is not None:
                found[row.job_id] = secret
    return found


def set_progress(conn: sa.Connection, tenant: str, rows: dict[str, JobRow], progress: Sequence[JobProgress]) -> None:
    """Note where locked jobs stand; only under the current fence, only while running, and never backwards."""
    moved: dict[str, Row] = {}
    for step in progress:
        row = rows.get(step.job_id)
        if row is None or row.state is not JobState.RUNNING or row.fence != step.fence:
            continue
        before = moved[step.job_id]["progress"] if step.job_id in moved else row.progress
        moved[step.job_id] = {
            "job_id": step.job_id,
            "stage": step.stage,
            "progress": max(before, min(100, step.progress)),
            "message": storable(step.message),
            "current": step.current,
            "total": step.total,
        }
    update_rows(conn, JOBS, tenant, ["job_id"], list(moved.values()))


def start(row: JobRow, *, fence: int, at: datetime) -> Row:
    """The change that begins a new attempt at a locked job."""
    return {
        "job_id": row.job_id,
        "state": JobState.RUNNING,
        "attempt": row.attempt + 1,
        "fence": fence,
        "started_at": row.started_at or at,
    }


def end(row: JobRow, state: JobState, *, at: datetime) -> Row:
    """The change that ends a locked job without a result."""
    is_cancelled = state is JobState.CANCELLED
    return {
        "job_id": row.job_id,
        "state": state,
        "message": state.value,
        "finished_at": at,
        "error_code": Cancelled.code if is_cancelled else None,
        "error_message": Cancelled().message if is_cancelled else None,
    }


def being_read(conn: sa.Connection, tenant: str, document_ids: Sequence[str]) -> set[str]:
    """Those of the documents of which a job waits for its turn or runs."""
    found: set[str] = set()
    for part in chunks(document_ids):
        query = sa.select(JOBS.c.document_id).where(JOBS.c.tenant_id == tenant, JOBS.c.document_id.in_(part))
        found |= set(conn.execute(query.where(JOBS.c.state.in_((JobState.ACCEPTED, JobState.RUNNING)))).scalars())
    return found


def ids_of_document(conn: sa.Connection, tenant: str, document_id: str) -> list[str]:
    """All jobs of a document, oldest first."""
    query = sa.select(JOBS.c.job_id).where(JOBS.c.tenant_id == tenant, JOBS.c.document_id == document_id)
    return list(conn.execute(query.order_by(JOBS.c.accepted_at, JOBS.c.job_id)).scalars())


def fences_of_document(conn: sa.Connection, tenant: str, document_id: str) -> dict[str, int]:
    """Job id -> fence of its last attempt, for all jobs of a document; 0 for one that nobody began."""
    query = sa.select(JOBS.c.job_id, JOBS.c.fence).where(JOBS.c.tenant_id == tenant, JOBS.c.document_id == document_id)
    return {row.job_id: row.fence for row in conn.execute(query.order_by(JOBS.c.fence, JOBS.c.job_id))}


def with_open_jobs(conn: sa.Connection, tenant: str, document_ids: Sequence[str]) -> set[str]:
    """Those of the documents that anybody ever asked for without redaction."""
    found: set[str] = set()
    for part in chunks(document_ids):
        query = sa.select(JOBS.c.document_id, JOBS.c.options).where(JOBS.c.tenant_id == tenant, JOBS.c.document_id.in_(part))
        found |= {row.document_id for row in conn.execute(query) if not row.options.get("redact")}
    return found


def open_ones_in_vain(conn: sa.Connection, tenant: str, since: datetime) -> set[str]:
    """Documents of the unredacted jobs that failed or were cancelled since an instant, by whomever."""
    query = sa.select(JOBS.c.document_id, JOBS.c.options).where(JOBS.c.tenant_id == tenant, JOBS.c.finished_at > since)
    query = query.where(JOBS.c.state.in_((JobState.FAILED, JobState.CANCELLED)))
    return {row.document_id for row in conn.execute(query) if not row.options.get("redact")}


def requests(conn: sa.Connection, tenant: str, job_ids: Sequence[str]) -> list[JobRequest]:
    """What was asked for with each job, of jobs whose original is kept; in the order of the ids."""
    of_document = (JOBS.c.tenant_id == DOCUMENTS.c.tenant_id) & (JOBS.c.document_id == DOCUMENTS.c.document_id)
    query = sa.select(*_REQUEST).join(DOCUMENTS, of_document).where(JOBS.c.tenant_id == tenant, DOCUMENTS.c.stored)
    found = {
        row["job_id"]: JobRequest(
            **dict(row) | {"file_name": opened(conn, row["file_name"]), "client_metadata": opened_json(conn, row["client_metadata"])}
        )
        for part in chunks(job_ids)
        for row in conn.execute(query.where(JOBS.c.job_id.in_(part))).mappings()
    }
    return [found[job_id] for job_id in job_ids if job_id in found]


def _job_row(row: sa.RowMapping) -> JobRow:
    return JobRow(**{name: row[name] for name in JobRow.__slots__} | {"state": JobState(row["state"])})
