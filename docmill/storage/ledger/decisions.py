"""Decisions in the ledger: what people said about review tasks, and which job applies it."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from docmill.errors import NotFound
from docmill.storage.ledger.bulk import Row, chunks, insert_rows
from docmill.storage.ledger.states import GOOD_STATES
from docmill.storage.ledger.tables_jobs import JOBS
from docmill.storage.ledger.tables_review import DECISIONS, REVIEW_TASKS
from docmill.values.review import DecisionView


@dataclass(frozen=True, slots=True)
class FieldDecision:
    """What calibration needs of a decision on a field: no value, only whether it changed one."""

    kind: str | None
    field: str
    confidence: float | None
    document_id: str
    verdict: str
    old_digest: str | None
    new_digest: str | None


_COLUMNS = [DECISIONS.c[name] for name in DecisionView.model_fields]
_OF_TASK = (DECISIONS.c.tenant_id == REVIEW_TASKS.c.tenant_id) & (DECISIONS.c.task_id == REVIEW_TASKS.c.task_id)


def insert(conn: sa.Connection, rows: Sequence[Row]) -> None:
    """Insert decisions; see tables_review for the columns.

    Raises:
        Conflict: the user has decided this task already (raised where the transaction ends, or here).
    """
    insert_rows(conn, DECISIONS, rows)


def decision(conn: sa.Connection, tenant: str, decision_id: str) -> DecisionView:
    """One decision.

    Raises:
        NotFound: no such decision.
    """
    query = sa.select(*_COLUMNS).where(DECISIONS.c.tenant_id == tenant, DECISIONS.c.decision_id == decision_id)
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound("no such decision")
    return DecisionView(**row)


def of_task(conn: sa.Connection, tenant: str, task_id: str) -> list[DecisionView]:
    """All decisions on a task, first to last."""
    query = sa.select(*_COLUMNS).where(DECISIONS.c.tenant_id == tenant, DECISIONS.c.task_id == task_id)
    return [DecisionView(**row) for row in conn.execute(query.order_by(DECISIONS.c.decision_id)).mappings()]


def of_job(conn: sa.Connection, tenant: str, job_id: str) -> list[DecisionView]:
    """The decisions that a job applies, first to last."""
    query = sa.select(*_COLUMNS).where(DECISIONS.c.tenant_id == tenant, DECISIONS.c.job_id == job_id)
    return [DecisionView(**row) for row in conn.execute(query.order_by(DECISIONS.c.decision_id)).mappings()]


def unapplied(conn: sa.Connection, tenant: str, document_id: str) -> list[str]:
    """Final decisions on a document that no job applies yet, first to last."""
    query = sa.select(DECISIONS.c.decision_id).join(REVIEW_TASKS, _OF_TASK)
    query = query.where(DECISIONS.c.tenant_id == tenant, REVIEW_TASKS.c.document_id == document_id)
    return list(conn.execute(query.where(DECISIONS.c.is_final, DECISIONS.c.job_id.is_(None)).order_by(DECISIONS.c.decision_id)).scalars())


def give_to_job(conn: sa.Connection, tenant: str, decision_ids: Sequence[str], job_id: str) -> None:
    """Note which job applies decisions of a locked document."""
    for part in chunks(decision_ids):
        change = sa.update(DECISIONS).where(DECISIONS.c.tenant_id == tenant, DECISIONS.c.decision_id.in_(part))
        conn.execute(change.values(job_id=job_id))


def on_fields(conn: sa.Connection, tenant: str, reason: str) -> list[FieldDecision]:
    """Final decisions on fields whose tasks were opened for a reason."""
    of_job = (JOBS.c.tenant_id == REVIEW_TASKS.c.tenant_id) & (JOBS.c.job_id == REVIEW_TASKS.c.job_id)
    columns = (JOBS.c.kind, REVIEW_TASKS.c.name, REVIEW_TASKS.c.confidence, REVIEW_TASKS.c.document_id)
    said = (DECISIONS.c.verdict, DECISIONS.c.old_digest, DECISIONS.c.new_digest)
    query = sa.select(*columns, *said).select_from(DECISIONS).join(REVIEW_TASKS, _OF_TASK).join(JOBS, of_job)
    query = query.where(DECISIONS.c.tenant_id == tenant, DECISIONS.c.is_final, REVIEW_TASKS.c.subject == "field")
    return [FieldDecision(*row) for row in conn.execute(query.where(REVIEW_TASKS.c.reason == reason).order_by(DECISIONS.c.decision_id))]


def on_field(conn: sa.Connection, tenant: str, name: str) -> dict[str, DecisionView]:
    """Document id -> the last final decision on a field of this name."""
    query = sa.select(REVIEW_TASKS.c.document_id, *_COLUMNS).join(REVIEW_TASKS, _OF_TASK)
    query = query.where(
        DECISIONS.c.tenant_id == tenant, DECISIONS.c.is_final, REVIEW_TASKS.c.subject == "field", REVIEW_TASKS.c.name == name
    )
    rows = conn.execute(query.order_by(DECISIONS.c.decision_id)).mappings()
    return {row["document_id"]: DecisionView(**{k: v for k, v in row.items() if k != "document_id"}) for row in rows}


def to_apply(conn: sa.Connection, tenant: str, *, limit: int) -> list[str]:
    """Final decisions that no job has applied yet, first to last."""
    query = sa.select(DECISIONS.c.decision_id).where(DECISIONS.c.tenant_id == tenant, DECISIONS.c.is_final)
    unapplied = sa.select(JOBS.c.job_id).where(
        JOBS.c.tenant_id == tenant, JOBS.c.state.not_in(GOOD_STATES), JOBS.c.submitted_by == "review"
    )
    waits = DECISIONS.c.job_id.is_(None) | DECISIONS.c.job_id.in_(unapplied)
    return list(conn.execute(query.where(waits).order_by(DECISIONS.c.decision_id).limit(limit)).scalars())
