"""What a decision was made from, kept under private/ so that it can be made again."""

from docmill.services.purchasing.candidates import Chosen
from docmill.services.running.room import Room
from docmill.stages.matching.verbs import match_receipt
from docmill.stages.matching.version import VERSION
from docmill.values.keys import digest, evidence_prefix
from docmill.values.matching import Match, OrderState, Receipt, Tolerances
from docmill.values.model import Value


class MatchEvidence(Value):
    """Everything that matching saw and said. `state` is None when no order fitted."""

    document_id: str
    job_id: str
    receipt: Receipt
    state: OrderState | None
    tolerances: Tolerances
    match: Match

    @classmethod
    def of(cls, receipt: Receipt, chosen: Chosen, *, document_id: str, job_id: str) -> "MatchEvidence":
        """The evidence of a decision."""
        return cls(
            document_id=document_id, job_id=job_id, receipt=receipt, state=chosen.state, tolerances=chosen.allowed, match=chosen.match
        )


def keep_evidence(room: Room, evidence: MatchEvidence) -> str:
    """Store the evidence; returns the object's name, which follows from what it holds."""
    data = evidence.model_dump_json()
    name = f"{evidence_prefix(room.tenant, evidence.document_id)}/{digest('evidence', data)}.json"
    room.store.create(name, data.encode(), media_type="application/json")
    return name


def read_evidence(room: Room, name: str) -> MatchEvidence:
    """The evidence of a match.

    Raises:
        NotFound: it is gone.
    """
    return MatchEvidence.model_validate_json(room.store.read(name))


def is_reproduced(evidence: MatchEvidence) -> bool | None:
    """Whether the rules say the same again from the evidence; None when it was made by other rules, or there was no order.

    Findings about the choice of the order (code order_...) are not the rules' own.
    """
    if evidence.state is None or evidence.match.version != VERSION:
        return None
    again = match_receipt(evidence.state, evidence.receipt, evidence.tolerances)
    own = tuple(f for f in evidence.match.findings if not f.code.startswith("order_"))
    figures = {"score", "vendor", "total", "lines", "line_matches", "fingerprint"}
    return again.findings == own and again.model_dump(include=figures) == evidence.match.model_dump(include=figures)
