"""Jobs as people and APIs see them."""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from docmill.errors import NotFound
from docmill.storage.ledger.bulk import chunks
from docmill.storage.ledger.seals import opened
from docmill.storage.ledger.tables_jobs import BATCH_FILES, DOCUMENTS, JOBS
from docmill.values.jobs import ClaimedJob, JobState, JobView
from docmill.values.options import MillOptions

_SAME = ("job_id", "document_id", "batch_id", "parent_job_id", "state", "stage", "progress", "message", "current", "total", "error_code",
         "error_message", "options", "tags", "collection", "kind", "page_count", "accepted_at", "started_at", "finished_at", "changed_at", "results_object",
         "problems", "usage")  # fmt: skip
_OF_DOCUMENT = (JOBS.c.tenant_id == DOCUMENTS.c.tenant_id) & (JOBS.c.document_id == DOCUMENTS.c.document_id)
_COLUMNS = (*(JOBS.c[name] for name in _SAME), JOBS.c.attempt.label("attempts"), DOCUMENTS.c.size_bytes)


def job(conn: sa.Connection, tenant: str, job_id: str) -> JobView:
    """One job.

    Raises:
        NotFound: no such job.
    """
    query = sa.select(*_COLUMNS, JOBS.c.file_name.label("name")).join(DOCUMENTS, _OF_DOCUMENT)
    found = conn.execute(query.where(JOBS.c.tenant_id == tenant, JOBS.c.job_id == job_id)).mappings().one_or_none()
    if found is None:
        raise NotFound("no such job")
    return _view(conn, found)


def newest(conn: sa.Connection, tenant: str, *, state: JobState | None, limit: int, before: str | None) -> list[JobView]:
    """Jobs newest first, at most `limit`; `before` is the last job id of the page before."""
    query = sa.select(*_COLUMNS, JOBS.c.file_name.label("name")).join(DOCUMENTS, _OF_DOCUMENT).where(JOBS.c.tenant_id == tenant)
    if state is not None:
        query = query.where(JOBS.c.state == state)
    if before is not None:
        query = query.where(JOBS.c.job_id < before)
    return [_view(conn, row) for row in conn.execute(query.order_by(JOBS.c.job_id.desc()).limit(limit)).mappings()]


def matching(conn: sa.Connection, conditions: Sequence[sa.ColumnElement[bool]], *, limit: int) -> list[JobView]:
    """Jobs that meet all conditions (one of them names the tenant), newest first, at most `limit`."""
    query = sa.select(*_COLUMNS, JOBS.c.file_name.label("name")).join(DOCUMENTS, _OF_DOCUMENT).where(*conditions)
    return [_view(conn, row) for row in conn.execute(query.order_by(JOBS.c.job_id.desc()).limit(limit)).mappings()]


def of_batch(conn: sa.Connection, tenant: str, batch_id: str, *, after: int = -1, most: int | None = None) -> list[tuple[int, JobView]]:
    """One job per file of the batch, in the order the files came, under the name the file had in this batch; each behind its position.

    Args:
        conn: an open connection.
        tenant: whose batch it is.
        batch_id: which one.
        after: the position of the last file of the page before; positions begin at 0.
        most: how many; None: all.
    """
    query = sa.select(BATCH_FILES.c.position, *_COLUMNS, BATCH_FILES.c.file_name.label("name")).join(DOCUMENTS, _OF_DOCUMENT)
    query = query.join(BATCH_FILES, (BATCH_FILES.c.tenant_id == JOBS.c.tenant_id) & (BATCH_FILES.c.job_id == JOBS.c.job_id))
    query = query.where(BATCH_FILES.c.tenant_id == tenant, BATCH_FILES.c.batch_id == batch_id, BATCH_FILES.c.position > after)
    found = conn.execute(query.order_by(BATCH_FILES.c.position).limit(most)).mappings()
    return [(row["position"], _view(conn, {name: row[name] for name in row if name != "position"})) for row in found]


def claimed(conn: sa.Connection, tenant: str, job_ids: Iterable[str]) -> list[ClaimedJob]:
    """Running jobs as their run needs them, oldest first."""
    of_document = (DOCUMENTS.c.sha256, DOCUMENTS.c.size_bytes, DOCUMENTS.c.media_type, DOCUMENTS.c.count)
    query = sa.select(JOBS.c.job_id, JOBS.c.document_id, JOBS.c.options, JOBS.c.accepted_at, JOBS.c.fence, *of_document)
    query = query.join(DOCUMENTS, _OF_DOCUMENT).where(JOBS.c.tenant_id == tenant).order_by(JOBS.c.job_id)
    return [
        ClaimedJob(**row | {"options": _options(row["options"])}, tenant=tenant)
        for part in chunks(sorted(job_ids))
        for row in map(dict, conn.execute(query.where(JOBS.c.job_id.in_(part))).mappings())
    ]


def _view(conn: sa.Connection, row: sa.RowMapping | dict[str, Any]) -> JobView:
    return JobView(**dict(row) | {"name": opened(conn, row["name"]), "options": _options(row["options"])})


def _options(kept: dict[str, Any]) -> MillOptions:
    return _parsed_options(json.dumps(kept, sort_keys=True))


@lru_cache(maxsize=256)
def _parsed_options(text: str) -> MillOptions:
    # a batch's jobs share their options; parsing them a thousand times would cost more than the query
    return MillOptions.kept(json.loads(text))
