"""Batches in the ledger: the files that came together and the jobs that mill them."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from docmill.errors import NotFound
from docmill.storage.ledger import tenants
from docmill.storage.ledger.bulk import insert_rows
from docmill.storage.ledger.records import NewJob, Registration
from docmill.storage.ledger.seals import sealed
from docmill.storage.ledger.tables_jobs import BATCH_FILES, BATCHES, JOBS
from docmill.storage.ledger.texts import storable
from docmill.values.jobs import BatchView

_HAS_JOB = (BATCH_FILES.c.tenant_id == JOBS.c.tenant_id) & (BATCH_FILES.c.job_id == JOBS.c.job_id)


def insert(conn: sa.Connection, tenant: str, batch_id: str, *, total_files: int, submitted_by: str, at: datetime) -> None:
    """Make a batch.

    Raises:
        NotFound: no such tenant.
    """
    if not tenants.exists(conn, tenant):
        raise NotFound("no such tenant")
    row = {"tenant_id": tenant, "batch_id": batch_id, "total_files": total_files, "submitted_by": submitted_by, "created_at": at}
    insert_rows(conn, BATCHES, [row])


def recount(conn: sa.Connection, tenant: str, batch_id: str, *, total_files: int) -> None:
    """Set how many files a batch has."""
    mine = (BATCHES.c.tenant_id == tenant) & (BATCHES.c.batch_id == batch_id)
    conn.execute(sa.update(BATCHES).where(mine).values(total_files=total_files))


def exists(conn: sa.Connection, tenant: str, batch_id: str, *, lock: bool = False) -> bool:
    """Whether there is such a batch; with `lock` others wait who would add files to it."""
    query = sa.select(BATCHES.c.batch_id).where(BATCHES.c.tenant_id == tenant, BATCHES.c.batch_id == batch_id)
    return conn.execute(query.with_for_update(key_share=True) if lock else query).scalar() is not None


def add_files(conn: sa.Connection, tenant: str, batch_id: str, files: Sequence[NewJob], registered: Sequence[Registration]) -> None:
    """Note which job mills which file of a locked batch, after the files it has already."""
    in_batch = (BATCH_FILES.c.tenant_id == tenant) & (BATCH_FILES.c.batch_id == batch_id)
    first = conn.execute(sa.select(sa.func.coalesce(sa.func.max(BATCH_FILES.c.position) + 1, 0)).where(in_batch)).scalar_one()
    rows = [
        {
            "tenant_id": tenant,
            "batch_id": batch_id,
            "position": position,
            "job_id": registration.job_id,
            "file_name": sealed(conn, storable(file.name)),
            "reused": registration.reused,
        }
        for position, (file, registration) in enumerate(zip(files, registered, strict=True), first)
    ]
    insert_rows(conn, BATCH_FILES, rows)


def job_ids(conn: sa.Connection, tenant: str, batch_id: str, states: Sequence[str]) -> list[str]:
    """Jobs of the batch that are in one of the states."""
    in_batch = sa.select(BATCH_FILES.c.job_id).where(BATCH_FILES.c.tenant_id == tenant, BATCH_FILES.c.batch_id == batch_id)
    # a subquery: joined, SQLite would begin with the states and walk the whole batch for each job
    query = sa.select(JOBS.c.job_id).where(JOBS.c.tenant_id == tenant, JOBS.c.job_id.in_(in_batch), JOBS.c.state.in_(states))
    return list(conn.execute(query).scalars())


def newest_jobs(conn: sa.Connection, tenant: str, batch_id: str) -> list[str]:
    """One job per document of the batch, its last one there, in the order the documents came."""
    query = sa.select(JOBS.c.document_id, JOBS.c.job_id).join(BATCH_FILES, _HAS_JOB)
    query = query.where(BATCH_FILES.c.tenant_id == tenant, BATCH_FILES.c.batch_id == batch_id).order_by(BATCH_FILES.c.position)
    return list({row.document_id: row.job_id for row in conn.execute(query)}.values())


def finish(conn: sa.Connection, tenant: str, batch_id: str, *, report_object: str, at: datetime) -> None:
    """Note that the batch is over and where its report lies."""
    found = sa.update(BATCHES).where(BATCHES.c.tenant_id == tenant, BATCHES.c.batch_id == batch_id)
    conn.execute(found.values(finished_at=at, report_object=report_object))


def view(conn: sa.Connection, tenant: str, batch_id: str) -> BatchView:
    """The batch with its files counted by the state of their jobs.

    Raises:
        NotFound: no such batch.
    """
    columns = (BATCHES.c.batch_id, BATCHES.c.created_at, BATCHES.c.finished_at, BATCHES.c.total_files, BATCHES.c.report_object)
    query = sa.select(*columns).where(BATCHES.c.tenant_id == tenant, BATCHES.c.batch_id == batch_id)
    found = conn.execute(query).mappings().one_or_none()
    if found is None:
        raise NotFound("no such batch")
    counts = sa.select(JOBS.c.state, sa.func.count()).join(BATCH_FILES, _HAS_JOB)
    counts = counts.where(BATCH_FILES.c.tenant_id == tenant, BATCH_FILES.c.batch_id == batch_id).group_by(JOBS.c.state)
    return BatchView(**found, by_state={row[0]: row[1] for row in conn.execute(counts)})
