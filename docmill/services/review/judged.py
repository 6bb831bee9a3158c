"""From decisions to promises: what people judged in the ledger, what it teaches, and the thresholds a promise comes down to.

Only documents of the sample count: fields that were shown because they were doubtful say nothing about sure ones.
"""

from collections.abc import Mapping, Sequence

from docmill.services.review.calibration import Calibration, Judged
from docmill.services.review.promise import DRAW, Promise
from docmill.services.review.records import KIND
from docmill.services.review.rules import SAMPLE
from docmill.storage.ledger import Ledger, decisions
from docmill.values.review import Verdict

_STEPS = 1000


def judged_fields(ledger: Ledger, tenant: str, companies: Mapping[str, str] | None = None) -> list[Judged]:
    """Every decided field of sampled documents.

    Args:
        ledger: the open ledger.
        tenant: whose decisions.
        companies: document id -> whom it is from, and only those documents count; without it every document is a group of its own.
    """
    with ledger.reading() as conn:
        found = decisions.on_fields(conn, tenant, SAMPLE)
    return [
        Judged(
            kind=one.kind or "other",
            field=one.field,
            confidence=one.confidence or 0.0,
            is_right=one.verdict == Verdict.ACCEPTED or (one.new_digest is not None and one.new_digest == one.old_digest),
            group=companies[one.document_id] if companies is not None else one.document_id,
            document=one.document_id,
        )
        for one in found
        if one.field != KIND and (companies is None or one.document_id in companies)
    ]


def thresholds_text(made: Promise, judged: Sequence[Judged]) -> str:
    """The promise as the setting DOCMILL_REVIEW_THRESHOLDS takes it: per field the least confidence that goes through.

    Fields that nobody has judged stay with people (1.0); of kinds that differ the strictest counts.
    """
    needed: dict[str, float] = {}
    for kind, field in sorted({(one.kind, one.field) for one in judged}):
        needed[field] = max(needed.get(field, 0.0), _least(made.calibration, kind, field, made.threshold + DRAW))
    return ",".join(["field=1", *(f"field.{field}={least:g}" for field, least in needed.items())])


def _least(order: Calibration, kind: str, field: str, threshold: float) -> float:
    """The least confidence, in steps of 0.001, whose score reaches the threshold; 1.0 when none does."""
    return next((step / _STEPS for step in range(_STEPS + 1) if order.score(kind, field, step / _STEPS) >= threshold), 1.0)
