"""Figures for those who run docmill: counts and times, no ids and no names."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from docmill.storage.ledger.tables_jobs import JOBS
from docmill.storage.ledger.tables_results import PAGES
from docmill.values.jobs import JobState
from docmill.values.usage import Usage

ROWS_AT_ONCE = 5000
LOOKED_AT = 2000
"""Jobs that percentiles are taken from: the last that ended."""

NOT_OCR = ("text_layer", "plain_text", "none")
"""Sources of pages that no engine has read."""


def oldest_waiting(conn: sa.Connection, tenant: str) -> datetime | None:
    """When the job that has waited longest was accepted."""
    query = sa.select(sa.func.min(JOBS.c.accepted_at, type_=JOBS.c.accepted_at.type))
    found: datetime | None = conn.execute(query.where(JOBS.c.tenant_id == tenant, JOBS.c.state == JobState.ACCEPTED)).scalar()
    return found


def ended_since(conn: sa.Connection, tenant: str, since: datetime) -> dict[str, int]:
    """State -> how many jobs came into it since an instant."""
    query = sa.select(JOBS.c.state, sa.func.count()).where(JOBS.c.tenant_id == tenant, JOBS.c.finished_at > since)
    return {str(state): int(count) for state, count in conn.execute(query.group_by(JOBS.c.state))}


def documents_since(conn: sa.Connection, tenant: str, since: datetime, *, review: str) -> list[tuple[str, str | None, int]]:
    """(state, error code, documents) of what was milled since an instant; of a document that was milled several times the latest job that ended.

    Jobs that only apply what reviewers decided mill nothing; `review` is who submits those. The job that was accepted last is not always the one
    that ended last: a night's may wait for hours while a person has the same document milled anew.
    """
    newest_first = (JOBS.c.finished_at.desc(), JOBS.c.job_id.desc())
    place = sa.func.row_number().over(partition_by=JOBS.c.document_id, order_by=newest_first).label("place")
    query = sa.select(JOBS.c.state, JOBS.c.error_code, place).where(JOBS.c.tenant_id == tenant, JOBS.c.finished_at > since)
    ended = query.where(JOBS.c.submitted_by != review).subquery()
    counted = sa.select(ended.c.state, ended.c.error_code, sa.func.count()).where(ended.c.place == 1)
    found = conn.execute(counted.group_by(ended.c.state, ended.c.error_code))
    return [(str(state), code, int(count)) for state, code, count in found]


def ocr_confidences_since(conn: sa.Connection, tenant: str, since: datetime) -> list[tuple[str, float]]:
    """(engine, confidence 0.0-1.0) of the pages that an engine read, of the jobs that ended last since an instant."""
    ended = sa.select(JOBS.c.job_id).where(JOBS.c.tenant_id == tenant, JOBS.c.finished_at > since)
    ended = ended.order_by(JOBS.c.finished_at.desc()).limit(LOOKED_AT)
    query = sa.select(PAGES.c.source, PAGES.c.confidence).where(PAGES.c.tenant_id == tenant, PAGES.c.job_id.in_(ended))
    query = query.where(PAGES.c.confidence.is_not(None), PAGES.c.source.not_in(NOT_OCR))
    return [(str(source), float(confidence)) for source, confidence in conn.execute(query)]


def usage_since(conn: sa.Connection, tenant: str, since: datetime) -> Usage:
    """What the jobs that ended since an instant used together."""
    query = sa.select(JOBS.c.usage).where(JOBS.c.tenant_id == tenant, JOBS.c.finished_at > since, JOBS.c.usage.is_not(None))
    plain: dict[str, dict[str, float]] = {name: defaultdict(int) for name in ("cpu_s", "api_calls", "api_tokens")}
    costs: defaultdict[str, Decimal] = defaultdict(Decimal)
    cost = Decimal(0)
    # as they are kept, without a model for each: a large night ends 100,000 an hour, and a scrape must not take seconds for them
    for found in conn.execute(query.execution_options(yield_per=ROWS_AT_ONCE)).scalars():
        for name, together in plain.items():
            for part, value in found.get(name, {}).items():
                together[part] += value
        for service, price in found.get("api_costs", {}).items():
            costs[service] += Decimal(price)
        cost += Decimal(found.get("cost", 0))
    return Usage.model_validate({**plain, "api_costs": costs, "cost": cost})


def times_since(conn: sa.Connection, tenant: str, since: datetime) -> list[tuple[float, float]]:
    """(seconds waited, seconds of work) of the jobs that ended last since an instant; work includes waiting for their batch's other jobs."""
    query = sa.select(JOBS.c.accepted_at, JOBS.c.started_at, JOBS.c.finished_at).where(JOBS.c.tenant_id == tenant)
    query = query.where(JOBS.c.finished_at > since, JOBS.c.started_at.is_not(None)).order_by(JOBS.c.finished_at.desc()).limit(LOOKED_AT)
    rows = conn.execute(query)
    return [((begun - accepted).total_seconds(), (ended - begun).total_seconds()) for accepted, begun, ended in rows]


def stage_seconds_since(conn: sa.Connection, tenant: str, since: datetime) -> list[dict[str, float]]:
    """Stage -> seconds of work, of the jobs that ended last since an instant."""
    query = sa.select(JOBS.c.stage_seconds).where(JOBS.c.tenant_id == tenant, JOBS.c.finished_at > since, JOBS.c.stage_seconds.is_not(None))
    return list(conn.execute(query.order_by(JOBS.c.finished_at.desc()).limit(LOOKED_AT)).scalars())


def ended_by_time(conn: sa.Connection, tenant: str, begins: Sequence[datetime]) -> list[int]:
    """How many jobs ended from each instant on until the next, after the last one until now; the instants in their order."""
    number = sa.case(*((JOBS.c.finished_at >= begin, n) for n, begin in reversed(list(enumerate(begins)))))
    # a query of its own: PostgreSQL takes an expression with parameters that stands twice for two
    ends = sa.select(number.label("n")).where(JOBS.c.tenant_id == tenant, JOBS.c.finished_at >= begins[0]).subquery()
    found = {int(n): int(count) for n, count in conn.execute(sa.select(ends.c.n, sa.func.count()).group_by(ends.c.n))}
    return [found.get(n, 0) for n in range(len(begins))]
