"""Matching receipts with orders: which order, what was taken of it before, the rules' decision, its evidence, and whom it concerns.

What a person decides about one that was not approved stands in match_deciding.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from docmill.errors import Conflict, DocmillError, NotFound
from docmill.services.purchasing.candidates import Chosen, choose_order
from docmill.services.purchasing.evidence import MatchEvidence, keep_evidence
from docmill.services.purchasing.extraction import receipt_from, understanding_of
from docmill.services.review.opening import close_task, open_review_task
from docmill.services.running.room import Room
from docmill.storage.ledger import Connection, purchase_orders, receipt_matches, views
from docmill.storage.ledger import documents as document_rows
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.ids import new_ids
from docmill.storage.ledger.outbox import Notice, put_notices
from docmill.values.matching import Receipt, ReceiptKind
from docmill.values.purchase_records import MatchDecision, MatchView
from docmill.values.review import Doubt, Priority, Subject

log = logging.getLogger(__name__)

TRIES = 5
"""How often a receipt is compared anew because another one of the same order was matched meanwhile."""

RECEIPT_KINDS = frozenset(kind.value for kind in ReceiptKind)


def match_finished(room: Room, ends: Iterable[tuple[str, str | None]]) -> list[MatchView]:
    """Match the receipts among jobs (id, kind) that have just published; nothing happens where nobody has ordered anything.

    What fails here is left to `match_open`: a receipt's milling must not fail for its order.
    """
    job_ids = [job_id for job_id, kind in ends if kind in RECEIPT_KINDS]
    if not job_ids or not _has_orders(room):
        return []
    return _each_matched(room, job_ids)


def match_open(room: Room) -> list[MatchView]:
    """Match every current receipt that never was, oldest first; one that cannot be matched now holds up no other."""
    if not _has_orders(room):
        return []
    with room.ledger.reading() as conn:
        job_ids = receipt_matches.unmatched_jobs(conn, room.tenant)
    return _each_matched(room, job_ids)


def match_job(room: Room, job_id: str) -> MatchView | None:
    """Match the result version that a job made: once; later calls give the same answer. None when it is no receipt.

    Raises:
        NotFound: no such job.
        Conflict: other receipts of the order kept coming in between; try again.
    """
    with room.ledger.reading() as conn:
        if (there := receipt_matches.of_job(conn, room.tenant, job_id)) is not None:
            return there
        job = views.job(conn, room.tenant, job_id)
    understood = understanding_of(room, job_id) if job.results_object else None
    receipt = receipt_from(understood) if understood else None
    if receipt is None:
        return None
    for _ in range(TRIES):
        chosen = choose_order(room, receipt, document_id=job.document_id)
        evidence = MatchEvidence.of(receipt, chosen, document_id=job.document_id, job_id=job_id)
        name = keep_evidence(room, evidence)
        try:
            with room.ledger.transaction() as conn:
                if (there := receipt_matches.of_job(conn, room.tenant, job_id)) is not None:
                    return there
                if chosen.state is None or purchase_orders.count_match(conn, room.tenant, chosen.state.number, after=chosen.counted):
                    return _write(room, conn, receipt, chosen, evidence, name)
        except Conflict:
            continue  # another process wrote this very match first
    raise Conflict("other receipts of the order kept coming in between")


def match_document(room: Room, document_id: str) -> MatchView:
    """Match a document's current version.

    Raises:
        NotFound: no such document, nothing was published of it, or it is no receipt.
    """
    from docmill.services.documents import current_result  # noqa: PLC0415 - documents import the stages of milling

    job = current_result(room.ledger, room.tenant, document_id)
    found = match_job(room, job.job_id) if job else None
    if found is None:
        raise NotFound("this document is no invoice, receipt or delivery note that has been read")
    return found


def newest_match(room: Room, document_id: str) -> MatchView:
    """The newest match of a document, also of one that was deleted since: that is asked for by its whole id.

    Raises:
        NotFound: no such document, or it was not compared yet.
        InvalidOptions: several documents begin so.
    """
    with room.ledger.reading() as conn:
        found = receipt_matches.of_document(conn, room.tenant, document_id)
        if found is None:
            found = receipt_matches.of_document(conn, room.tenant, document_rows.resolve(conn, room.tenant, document_id))
    if found is None:
        raise NotFound("this document was not compared with an order yet")
    return found


def list_matches(room: Room, *, limit: int = 100, only_open: bool = False, before: str | None = None) -> list[MatchView]:
    """Matches, newest first; those of earlier versions are left out. `before` an id: only older ones."""
    with room.ledger.reading() as conn:
        return receipt_matches.newest(conn, room.tenant, limit=limit, only_open=only_open, before=before)


def matches_of_order(room: Room, number: str) -> list[MatchView]:
    """The receipts of an order, newest first; those of earlier versions are left out."""
    with room.ledger.reading() as conn:
        return [one for one in receipt_matches.of_order(conn, room.tenant, number) if not one.is_superseded]


def _each_matched(room: Room, job_ids: Iterable[str]) -> list[MatchView]:
    found = []
    for job_id in job_ids:
        try:
            found.append(match_job(room, job_id))
        except DocmillError as error:
            log.warning("job %s was not matched: %s", job_id, error.code)
    return [one for one in found if one is not None]


def _has_orders(room: Room) -> bool:
    with room.ledger.reading() as conn:
        return bool(purchase_orders.newest(conn, room.tenant, limit=1))


def _write(room: Room, conn: Connection, receipt: Receipt, chosen: Chosen, evidence: MatchEvidence, evidence_object: str) -> MatchView:
    at, match = room.ledger.now(), chosen.match
    (match_id,) = new_ids(1, at)
    view = MatchView(
        match_id=match_id,
        document_id=evidence.document_id,
        job_id=evidence.job_id,
        order_number=chosen.state.number if chosen.state else None,
        kind=receipt.kind,
        outcome=match.outcome,
        score=match.score,
        decision=MatchDecision.APPROVED if match.approved else MatchDecision.OPEN,
        total=receipt.total,
        currency=receipt.currency if receipt.currency and len(receipt.currency) == 3 else None,  # noqa: PLR2004 - ISO 4217
        taken={m.order_line: m.quantity for m in match.line_matches if m.order_line is not None and m.quantity > 0},
        codes=tuple(dict.fromkeys(f.code for f in match.findings)),
        fingerprint=match.fingerprint,
        evidence_object=evidence_object,
        task_id=None if match.approved else _ask(conn, room.tenant, match_id, chosen, evidence, at),
        is_superseded=False,
        created_at=at,
    )
    earlier = receipt_matches.of_document(conn, room.tenant, view.document_id)
    if earlier is not None and earlier.task_id:
        close_task(conn, room.tenant, earlier.task_id, at=at)  # it asks about a version that no longer counts
    receipt_matches.insert(conn, room.tenant, view)
    _tell(conn, room.tenant, view)
    return view


def _ask(conn: Connection, tenant: str, match_id: str, chosen: Chosen, evidence: MatchEvidence, at: datetime) -> str:
    """Ask a person to look at a receipt that was not approved; returns the task's id."""
    codes = ", ".join(dict.fromkeys(f.code for f in chosen.match.findings)) or "low score"
    reason = f"receipt {chosen.match.outcome}: {codes}"
    doubt = Doubt(subject=Subject.MATCH, name=match_id, reason=reason, priority=Priority.HIGH, confidence=chosen.match.score)
    return open_review_task(conn, tenant, evidence.document_id, evidence.job_id, doubt, at=at)


def _tell(conn: Connection, tenant: str, view: MatchView) -> None:
    facts: dict[str, str | int | None] = {
        "match_id": view.match_id,
        "document_id": view.document_id,
        "order_number": view.order_number,
        "outcome": view.outcome.value,
        "score_percent": round(view.score * 100),
        "codes": ",".join(view.codes),
    }
    append_event(conn, tenant, view.document_id, "receipt.compared", facts, at=view.created_at)
    kinds: Sequence[str] = ("receipt.compared", "finance.receipt_needs_review") if view.task_id else ("receipt.compared",)
    put_notices(conn, tenant, [Notice(kind, facts) for kind in kinds], at=view.created_at)
