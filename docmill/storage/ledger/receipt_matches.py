"""Matches of receipts in the ledger: one per result version; what they take of an order counts once somebody approved it."""

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from docmill.storage.ledger.bulk import Row, insert_rows
from docmill.storage.ledger.tables_jobs import DOCUMENTS, JOBS
from docmill.storage.ledger.tables_purchasing import RECEIPT_MATCHES as MATCHES
from docmill.storage.ledger.tables_results import RESULT_VERSIONS
from docmill.values.matching import ReceiptKind
from docmill.values.purchase_records import MatchDecision, MatchView

TAKEN = (MatchDecision.APPROVED.value, MatchDecision.ACCEPTED.value)
"""Decisions with which a receipt's quantities count."""


def insert(conn: sa.Connection, tenant: str, view: MatchView) -> None:
    """Insert a match; earlier ones of the same document no longer count.

    Raises:
        Conflict: its result version was matched already (raised by the database).
    """
    is_earlier = (MATCHES.c.tenant_id == tenant) & (MATCHES.c.document_id == view.document_id)
    conn.execute(sa.update(MATCHES).where(is_earlier).values(is_superseded=True))
    row: Row = view.model_dump(mode="json") | {"tenant_id": tenant, "created_at": view.created_at}
    insert_rows(conn, MATCHES, [row])


def decide(conn: sa.Connection, tenant: str, match_id: str, decision: MatchDecision, *, by: str, at: datetime, reason_object: str) -> bool:
    """Note what a person decided; False when it was decided already."""
    is_open = MATCHES.c.decision == MatchDecision.OPEN.value
    update = sa.update(MATCHES).where(MATCHES.c.tenant_id == tenant, MATCHES.c.match_id == match_id, is_open)
    changes = {"decision": decision.value, "decided_by": by, "decided_at": at, "reason_object": reason_object}
    return conn.execute(update.values(**changes)).rowcount == 1


def of_job(conn: sa.Connection, tenant: str, job_id: str) -> MatchView | None:
    """The match of the result version that a job made."""
    return next(iter(_views(conn, tenant, MATCHES.c.job_id == job_id, limit=1)), None)


def find(conn: sa.Connection, tenant: str, match_id: str) -> MatchView | None:
    """One match by its id."""
    return next(iter(_views(conn, tenant, MATCHES.c.match_id == match_id, limit=1)), None)


def of_document(conn: sa.Connection, tenant: str, document_id: str) -> MatchView | None:
    """The newest match of a document."""
    return next(iter(_views(conn, tenant, MATCHES.c.document_id == document_id, limit=1)), None)


def of_order(conn: sa.Connection, tenant: str, number: str) -> list[MatchView]:
    """All matches of an order, newest first."""
    return _views(conn, tenant, MATCHES.c.order_number == number)


def newest(
    conn: sa.Connection, tenant: str, *, limit: int | None = None, only_open: bool = False, before: str | None = None
) -> list[MatchView]:
    """Matches that were not superseded, newest first; `before` an id: only older ones."""
    conditions: list[sa.ColumnElement[bool]] = [MATCHES.c.is_superseded.is_(False)]
    conditions += [MATCHES.c.decision == MatchDecision.OPEN.value] if only_open else []
    conditions += [MATCHES.c.match_id < before] if before else []
    return _views(conn, tenant, sa.and_(*conditions), limit=limit)


def taken(conn: sa.Connection, tenant: str, number: str, *, is_delivery: bool, but_of: str) -> dict[int, Decimal]:
    """What approved receipts took of each line of an order; invoices and delivery notes count apart. `but_of`: a document left out."""
    is_note = MATCHES.c.kind == ReceiptKind.DELIVERY_NOTE.value
    counts = MATCHES.c.decision.in_(TAKEN) & MATCHES.c.is_superseded.is_(False) & (MATCHES.c.document_id != but_of)
    found: dict[int, Decimal] = {}
    for one in _views(conn, tenant, (MATCHES.c.order_number == number) & counts & (is_note if is_delivery else ~is_note)):
        for line, quantity in one.taken.items():
            found[line] = found.get(line, Decimal(0)) + quantity
    return found


def is_known(conn: sa.Connection, tenant: str, fingerprint: str, *, but_of: str) -> bool:
    """Whether an approved receipt has this fingerprint, the document's own left out."""
    counts = MATCHES.c.decision.in_(TAKEN) & MATCHES.c.is_superseded.is_(False) & (MATCHES.c.document_id != but_of)
    return bool(_views(conn, tenant, (MATCHES.c.fingerprint == fingerprint) & counts, limit=1))


def unmatched_jobs(conn: sa.Connection, tenant: str) -> list[str]:
    """Jobs that made the current version of a receipt that was never compared, oldest first."""
    is_current = (DOCUMENTS.c.tenant_id == RESULT_VERSIONS.c.tenant_id) & (DOCUMENTS.c.current_version_id == RESULT_VERSIONS.c.version_id)
    of_job = (JOBS.c.tenant_id == RESULT_VERSIONS.c.tenant_id) & (JOBS.c.job_id == RESULT_VERSIONS.c.job_id)
    is_matched = (MATCHES.c.tenant_id == JOBS.c.tenant_id) & (MATCHES.c.job_id == JOBS.c.job_id)
    query = (
        sa.select(JOBS.c.job_id)
        .select_from(RESULT_VERSIONS)
        .join(DOCUMENTS, is_current)
        .join(JOBS, of_job)
        .join(MATCHES, is_matched, isouter=True)
        .where(JOBS.c.tenant_id == tenant, JOBS.c.kind.in_([kind.value for kind in ReceiptKind]))
        .where(MATCHES.c.match_id.is_(None))
    )
    return list(conn.execute(query.order_by(JOBS.c.job_id)).scalars())


def _views(conn: sa.Connection, tenant: str, condition: sa.ColumnElement[bool], *, limit: int | None = None) -> list[MatchView]:
    query = sa.select(MATCHES).where(MATCHES.c.tenant_id == tenant, condition).order_by(MATCHES.c.match_id.desc()).limit(limit)
    return [MatchView.model_validate({name: row[name] for name in MatchView.model_fields}) for row in conn.execute(query).mappings()]
