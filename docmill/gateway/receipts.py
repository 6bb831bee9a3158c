"""`/api/v1/receipts` and `/api/v1/purchase-reports`: how receipts compare with orders, what people decide about them, and the reports."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from docmill.errors import NotFound
from docmill.gateway.access import may_see_original_of
from docmill.gateway.acting import acting_user
from docmill.gateway.desk import Desk
from docmill.gateway.openapi import problems
from docmill.gateway.purchasing import Limit, Reason, RowCursor
from docmill.services.jobs import job_view
from docmill.services.purchasing import match_deciding, matching
from docmill.services.purchasing.explaining import explain
from docmill.values.matching import Match, Receipt
from docmill.values.model import Value
from docmill.values.purchase_records import MatchDecision, MatchView

DocumentId = Annotated[str, Path(description="At least 6 characters of it.", pattern=r"^[0-9a-f]{6,32}$")]
ReportName = Literal["open-orders", "unmatched-receipts", "spend-by-vendor", "matching-quality"]
FORMS: Final = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


class ReceiptDecision(Value):
    """What a person decides about a receipt, and why."""

    accept: bool
    reason: Reason


class MatchAnswer(Value):
    """How a receipt compares, with the whole decision of the rules.

    `decision` is null when the evidence went with the document. `receipt` and `reason` repeat the document: null where it is redacted and whoever
    asks may not see originals (`is_hidden`). `is_reproduced`: the rules, asked again, say the same; null when they are other rules by now.
    """

    match: MatchView
    decision: Match | None
    is_reproduced: bool | None
    receipt: Receipt | None
    reason: str | None
    is_hidden: bool


def receipts_router(desk: Desk) -> APIRouter:
    """Receipts and reports."""
    router = APIRouter(prefix="/api/v1", tags=["purchasing"])
    _add_receipts(router, desk)
    _add_decisions(router, desk)
    _add_reports(router, desk)
    return router


def is_hidden(desk: Desk, match: MatchView) -> bool:
    """Whether what a receipt says is kept from whoever makes this request: it is redacted or gone, and they may not see originals."""
    try:
        redacted = job_view(desk.room.ledger, desk.room.tenant, match.job_id).options.redact
    except NotFound:
        redacted = True
    return not may_see_original_of(redacted=redacted)


def _add_receipts(router: APIRouter, desk: Desk) -> None:
    room = desk.room

    @router.get("/receipts", summary="List compared receipts", responses=problems(422))
    def listed(*, only_open: bool = False, limit: Limit = 100, before: RowCursor = None) -> list[MatchView]:
        """Newest first; `only_open`: those that wait for a person."""
        return matching.list_matches(room, limit=limit, only_open=only_open, before=before)

    @router.post("/receipts/{document_id}/match", summary="Compare a receipt with its order", responses=problems(404, 409, 422))
    def match(document_id: DocumentId) -> MatchView:
        """Milling does so by itself; asking again gives the same answer."""
        return matching.match_document(room, document_id)

    @router.get("/receipts/{document_id}/match", summary="Look at how a receipt compares", responses=problems(404, 422))
    def matched(document_id: DocumentId) -> MatchView:
        """The comparison of the document's newest version."""
        return matching.newest_match(room, document_id)

    @router.get("/receipts/{document_id}/match/explanation", summary="Look at why", responses=problems(404, 422))
    def explained(document_id: DocumentId) -> MatchAnswer:
        """Every line, every check, every finding, and what a person decided."""
        found = explain(room, matching.newest_match(room, document_id))
        hidden = is_hidden(desk, found.match)
        evidence = found.evidence
        return MatchAnswer(
            match=found.match,
            decision=evidence.match if evidence else None,
            is_reproduced=found.reproduced,
            receipt=None if hidden or evidence is None else evidence.receipt,
            reason=None if hidden else found.reason,
            is_hidden=hidden,
        )


def _add_decisions(router: APIRouter, desk: Desk) -> None:
    room = desk.room

    @router.post("/receipts/{document_id}/decision", summary="Decide about a receipt", responses=problems(404, 409, 422))
    def decide(document_id: DocumentId, decision: ReceiptDecision, request: Request) -> MatchView:
        """For one that waits for a person; an accepted one counts as delivered or invoiced."""
        match_id = matching.newest_match(room, document_id).match_id
        verdict = MatchDecision.ACCEPTED if decision.accept else MatchDecision.REJECTED
        return match_deciding.decide_match(room, match_id, verdict, by=acting_user(request), reason=decision.reason)


def _add_reports(router: APIRouter, desk: Desk) -> None:
    @router.get(
        "/purchase-reports/{name}",
        summary="A report as a file",
        response_class=Response,
        responses={**problems(422), 200: {"description": "The table.", "content": {kind: {} for kind in FORMS.values()}}},
    )
    def report(name: ReportName, form: Annotated[Literal["csv", "parquet"], Query()] = "csv") -> Response:
        """Open orders, receipts that wait, spend by vendor, quality of matching: CSV (UTF-8) or Parquet."""
        from docmill.services.purchasing import reports  # noqa: PLC0415 - pandas loads only here

        made = reports.report_bytes(reports.report(desk.room, name), form)
        return Response(made, media_type=FORMS[form], headers={"Content-Disposition": f'attachment; filename="{name}.{form}"'})
