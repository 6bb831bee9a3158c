"""Requests, orders and matches as the ledger knows them: states and views. What is bought stands in values/purchasing.py."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from docmill.values.matching import MatchOutcome, ReceiptKind
from docmill.values.model import Value
from docmill.values.purchasing import Difference, PurchaseContent


class RequestState(StrEnum):
    """submitted -> approved -> ordered; or rejected. A change of a submitted or rejected request makes it submitted again."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    ORDERED = "ordered"
    REJECTED = "rejected"


class PaperState(StrEnum):
    """Where the order's PDF and JSON stand: pending -> made, or failed until another try makes them."""

    PENDING = "pending"
    MADE = "made"
    FAILED = "failed"


class MatchDecision(StrEnum):
    """What was decided about a receipt: by the rules, or by a person."""

    APPROVED = "approved"
    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class ApprovalView(Value):
    """One step of a request's approval chain, counted from 1 in each revision."""

    revision: int
    step: int
    verdict: str
    user_id: str
    reason: str | None
    at: datetime


class ProformaWait(Value):
    """An approved request's order waits for attachments that are being read; it is made when they are, or without them soon after `until`."""

    document_ids: tuple[str, ...]
    until: datetime


class RequestView(Value):
    """A purchase request.

    Attributes:
        approvals_needed: what the amount asked for when this revision was submitted.
        proforma_wait: what the order waits for; null when it is made or nothing keeps it from being made.
    """

    request_id: str
    state: RequestState
    revision: int
    content: PurchaseContent
    approvals_needed: int
    approvals: tuple[ApprovalView, ...]
    submitted_by: str
    created_at: datetime
    order_number: str | None = None
    proforma_wait: ProformaWait | None = None

    @property
    def approved_at(self) -> datetime | None:
        """When this revision got the last of its approvals; None while one is missing."""
        given = [one.at for one in self.approvals if one.revision == self.revision and one.verdict == "approved"]
        return max(given) if len(given) >= self.approvals_needed else None


class OrderView(Value):
    """A purchase order. `differences` are those of request and proforma when it was made."""

    order_number: str
    request_id: str
    content: PurchaseContent
    differences: tuple[Difference, ...]
    paper_state: PaperState
    paper_tries: int
    paper_error: str | None
    pdf_object: str | None
    json_object: str | None
    created_at: datetime


class MatchView(Value):
    """What came of one result version of a receipt.

    Attributes:
        taken: index of the order line -> quantity that this receipt takes of it.
        codes: of the findings.
        evidence_object: the receipt, the order's state, the tolerances and the whole decision, under private/.
        task_id: of the review task, when a person must look.
        decided_by, decided_at: who decided, when; None where no person did.
        reason_object: why, under private/.
    """

    match_id: str
    document_id: str
    job_id: str
    order_number: str | None
    kind: ReceiptKind
    outcome: MatchOutcome
    score: float
    decision: MatchDecision
    total: Decimal | None
    currency: str | None
    taken: dict[int, Decimal]
    codes: tuple[str, ...]
    fingerprint: str | None
    evidence_object: str
    task_id: str | None
    is_superseded: bool
    created_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason_object: str | None = None
