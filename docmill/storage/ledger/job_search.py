"""Finding jobs by what people know of them: state, day, kind, tag, a part of the name."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import sqlalchemy as sa

from docmill.storage.ledger import views
from docmill.storage.ledger.seals import opened
from docmill.storage.ledger.tables_jobs import JOBS
from docmill.values.jobs import JobState, JobView

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class JobFilter:
    """What to look for; None (or no state) means any.

    Attributes:
        states: any of these.
        accepted_from, accepted_before: when it was accepted, half open.
        kind: kind of document.
        tag: one of its tags, exactly.
        name_part: letters of the file name, whatever their case.
    """

    states: Sequence[JobState] = ()
    accepted_from: datetime | None = None
    accepted_before: datetime | None = None
    kind: str | None = None
    tag: str | None = None
    name_part: str | None = None


def search(conn: sa.Connection, tenant: str, wanted: JobFilter, *, limit: int, before: str | None) -> list[JobView]:
    """Jobs newest first, at most `limit`; `before` is the last job id of the page before."""
    conditions = [JOBS.c.tenant_id == tenant, *_conditions(wanted)]
    if before is not None:
        conditions.append(JOBS.c.job_id < before)
    if wanted.name_part is not None:
        named = list(islice(_named(conn, conditions, wanted.name_part.casefold()), limit))
        conditions = [JOBS.c.tenant_id == tenant, JOBS.c.job_id.in_(named)]
    return views.matching(conn, conditions, limit=limit)


def _named(conn: sa.Connection, conditions: Sequence[sa.ColumnElement[bool]], part: str) -> Iterator[str]:
    """Ids of the jobs whose name holds the part, newest first. Names are sealed, so each is opened here (some microseconds)."""
    query = sa.select(JOBS.c.job_id, JOBS.c.file_name).where(*conditions).order_by(JOBS.c.job_id.desc())
    for row in conn.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
        if part in opened(conn, row.file_name).casefold():
            yield row.job_id


def _conditions(wanted: JobFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.states:
        found.append(JOBS.c.state.in_(wanted.states))
    if wanted.accepted_from is not None:
        found.append(JOBS.c.accepted_at >= wanted.accepted_from)
    if wanted.accepted_before is not None:
        found.append(JOBS.c.accepted_at < wanted.accepted_before)
    if wanted.kind is not None:
        found.append(JOBS.c.kind == wanted.kind)
    if wanted.tag is not None:
        # both databases keep the list as the JSON text that was written; replace() tells letters' case apart where LIKE does not
        text = sa.cast(JOBS.c.tags, sa.Text)
        found.append(sa.func.replace(text, json.dumps(wanted.tag), "") != text)
    return found
