"""How a receipt compares with its order, line by line, for whoever has to decide: the decision, what it was made of, where it was read, and why.

Belongs here: putting together what is kept. Does not belong here: who may see it (gateway), how it looks (pages).
"""

from contextlib import suppress
from dataclasses import dataclass

from docmill.errors import NotFound
from docmill.services.purchasing.evidence import MatchEvidence, is_reproduced, read_evidence
from docmill.services.purchasing.extraction import understanding_of
from docmill.services.purchasing.match_deciding import reason_of
from docmill.services.running.room import Room
from docmill.values.evidence import Evidence
from docmill.values.purchase_records import MatchView


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of a match.

    Attributes:
        match: the ledger's row.
        evidence: None when it went with the document.
        reproduced: whether the rules say the same again; None when they are other rules by now, or there is nothing to compare.
        reason: of the person who decided.
        lines: where each line of the receipt was read, in its order.
        fields: name -> where it was read.
    """

    match: MatchView
    evidence: MatchEvidence | None
    reproduced: bool | None
    reason: str | None
    lines: tuple[Evidence, ...]
    fields: dict[str, Evidence]


def explain(room: Room, match: MatchView) -> Explanation:
    """Everything that is still kept of a match; what is gone is left out."""
    evidence = reason = understood = None
    with suppress(NotFound):
        evidence = read_evidence(room, match.evidence_object)
    with suppress(NotFound):
        reason = reason_of(room, match)
    with suppress(NotFound):
        understood = understanding_of(room, match.job_id)
    return Explanation(
        match=match,
        evidence=evidence,
        reproduced=is_reproduced(evidence) if evidence else None,
        reason=reason,
        lines=tuple(one.evidence for one in understood.line_items) if understood else (),
        fields={one.name: one.evidence for one in understood.fields} if understood else {},
    )
