"""Which findings become doubts: the rules, pure. Doubts say where to look and why, never what the document says.

Belongs here: the rules and their priorities. Does not belong here: making tasks of doubts (opening), or thresholds' text (thresholds).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from docmill.services.review.thresholds import Thresholds
from docmill.stages.validation.suite import Checks, checks, is_doubt, title_of
from docmill.values.evidence import Field, Kind, Span, Understanding
from docmill.values.geometry import Box, union
from docmill.values.outcome import Problem
from docmill.values.review import PRIORITY_RANK, Doubt, Priority, Subject

MOST = 100
"""Tasks of one document; a document with more doubts is one to look at as a whole, which the last task says."""

SAMPLE = "sample"
"""The reason of tasks that ask about every field of a document: only they teach what confidence is worth."""

WEIGHTY_FIELDS = frozenset({"total", "amount_due", "vendor_iban", "vendor_tax_id", "document_number"})
"""Fields by which money goes to somebody: doubts about them come first."""

FRAUD_SIGNS = ("XML and page differ",)
"""How messages begin of contradictions that somebody may have planted: one invoice that says two things."""

CHECK_FIELDS: MappingProxyType[str, str] = MappingProxyType(
    {
        "total_present": "total",
        "total_positive": "total",
        "number_present": "document_number",
        "date_present": "issue_date",
        "date_not_in_future": "issue_date",
        "date_after_1970": "issue_date",
        "currency_known": "currency",
    },
)
"""Failed check -> the field that a person can put right."""


@dataclass(frozen=True, slots=True)
class ChunkFact:
    """A passage of the search index: its place and its confidence (0.0-1.0)."""

    page: int
    start: int
    end: int
    confidence: float
    box: tuple[float, float, float, float] | None = None


def find_doubts(
    understanding: Understanding,
    *,
    spans: Sequence[Span] = (),
    chunks: Sequence[ChunkFact] = (),
    failed_checks: Iterable[str] = (),
    known: Checks | None = None,
    is_redacted: bool = False,
    is_sampled: bool = False,
    thresholds: Thresholds,
) -> list[Doubt]:
    """What a person should look at in one document: urgent doubts first, then the least sure; at most 100.

    Args:
        understanding: kind, fields and contradictions.
        spans: personal data found.
        chunks: the least sure passages of the search index.
        failed_checks: names of validation checks that failed; those of severity info are no doubts.
        known: the suite's checks; None for those that come with docmill.
        is_redacted: whether spans decide what is burned out; else doubts about them are of low priority.
        is_sampled: whether every field is shown, however sure.
        thresholds: below which confidence a finding is doubted.
    """
    known = checks() if known is None else known
    found = [
        *_kind(understanding.kind, thresholds, is_sampled=is_sampled),
        *(doubt for one in understanding.fields if (doubt := _field(one, thresholds, is_sampled=is_sampled)) is not None),
        *(_contradiction(one) for one in understanding.problems),
        *(check_doubt(name, known) for name in failed_checks if is_doubt(name, known)),
        *(_span(one, is_redacted=is_redacted) for one in spans if one.confidence < thresholds.of("span", one.type)),
        *(_chunk(one) for one in chunks if one.confidence < thresholds.of("chunk")),
    ]
    found.sort(key=lambda one: (-PRIORITY_RANK[one.priority], 1.0 if one.confidence is None else one.confidence))
    if len(found) <= MOST:
        return found
    rest = len(found) - MOST + 1
    return [*found[: MOST - 1], Doubt(subject=Subject.PROBLEM, reason=f"{rest} further doubts: look at the document as a whole")]


def _corners(box: Box | None) -> tuple[float, float, float, float] | None:
    if box is None:
        return None
    around = box.rounded()
    return around.x0, around.y0, around.x1, around.y1


def _field(one: Field, thresholds: Thresholds, *, is_sampled: bool) -> Doubt | None:
    seen = one.evidence
    is_sure = seen.confidence >= thresholds.of("field", one.name)
    if is_sure and not is_sampled:
        return None
    priority = Priority.HIGH if one.name in WEIGHTY_FIELDS else Priority.MEDIUM
    return Doubt(
        subject=Subject.FIELD,
        name=one.name,
        reason=SAMPLE if is_sampled else "low confidence",
        priority=Priority.LOW if is_sure else priority,
        page=seen.page,
        box=_corners(seen.box),
        start=seen.start,
        end=seen.end,
        confidence=seen.confidence,
    )


def _kind(kind: Kind, thresholds: Thresholds, *, is_sampled: bool) -> list[Doubt]:
    is_sure = kind.confidence >= thresholds.of_kinds
    if is_sure and not is_sampled:
        return []
    reason = SAMPLE if is_sampled else "low confidence"
    priority = Priority.LOW if is_sure else Priority.MEDIUM
    return [Doubt(subject=Subject.FIELD, name="kind", reason=reason, priority=priority, page=1, confidence=kind.confidence)]


def _contradiction(problem: Problem) -> Doubt:
    is_fraud = problem.message.startswith(FRAUD_SIGNS)
    return Doubt(
        subject=Subject.FRAUD if is_fraud else Subject.CONTRADICTION,
        reason=problem.message,
        priority=Priority.URGENT if is_fraud else Priority.HIGH,
        page=problem.page,
    )


def check_doubt(name: str, known: Checks) -> Doubt:
    """The doubt that a failed check is."""
    is_critical = name in known and known[name]["severity"] == "critical"
    return Doubt(subject=Subject.CHECK, name=name, reason=title_of(name, known), priority=Priority.HIGH if is_critical else Priority.MEDIUM)


def _span(one: Span, *, is_redacted: bool) -> Doubt:
    return Doubt(
        subject=Subject.SPAN,
        name=one.type,
        reason="low confidence",
        priority=Priority.MEDIUM if is_redacted else Priority.LOW,
        page=one.page,
        box=_corners(union(one.boxes)) if one.boxes else None,
        start=one.start,
        end=one.end,
        confidence=one.confidence,
    )


def _chunk(one: ChunkFact) -> Doubt:
    return Doubt(
        subject=Subject.CHUNK,
        reason="low confidence",
        priority=Priority.LOW,
        page=one.page,
        box=one.box,
        start=one.start,
        end=one.end,
        confidence=round(one.confidence, 4),
    )
