"""The row that the suite looks at: figures and flags about one document, without its words.

Belongs here: the row's shape and how it is made from what earlier stages found. Which values are right is said in suite.json alone.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from docmill.values.evidence import Understanding
from docmill.values.model import Value

COLUMNS: MappingProxyType[str, str] = MappingProxyType({
    "document_id": "object", "kind": "object", "kind_confidence": "float64", "page_count": "int64", "words": "int64",
    "ocr_confidence": "float64", "has_text": "bool", "document_number_present": "bool", "issue_year": "float64",
    "issue_date_age_days": "float64", "total_amount": "float64", "sums_rest": "float64", "currency": "object",
    "least_field_confidence": "float64", "chunks": "float64",
})  # fmt: skip
"""Columns of the frame with their types, said outright: a column of None alone would otherwise have none to compare with."""

BATCH_COLUMNS: MappingProxyType[str, str] = MappingProxyType(
    {"document_number_digest": "object", "vendor_digest": "object", "total_digest": "object"}
)
"""Columns that only the frame of a whole batch has: keyed digests, by which the same text is known again and nothing else."""


class ValidationRow(Value):
    """One document as the suite sees it.

    Attributes:
        document_id: what a failing check names.
        kind, kind_confidence: of understanding; confidence 0.0-1.0.
        page_count, words: how many were read.
        ocr_confidence: mean word confidence over all pages weighted by their words, 0.0-1.0; 0.0 without words.
        document_number_present: whether a number was found; the number itself is not handed on.
        issue_date: ISO 8601 or None.
        checked_on: the day that `issue_date` is compared with, ISO 8601; the job's day of acceptance, so that a rerun judges the same.
        total, net_total, tax_total: decimal numbers or None.
        currency: ISO 4217 or None.
        least_field_confidence: of the fields found, 0.0-1.0; None without fields.
        chunks: pieces in the search index; None when the document isn't indexed.
        document_number_digest, vendor_digest, total_digest: keyed digests of what the document says; None where it does not say it, and always
            in a shard, because workers have no key.
    """

    document_id: str
    kind: str
    kind_confidence: float
    page_count: int
    words: int
    ocr_confidence: float
    document_number_present: bool
    issue_date: str | None
    checked_on: str
    total: str | None
    currency: str | None
    least_field_confidence: float | None
    chunks: int | None
    net_total: str | None = None
    tax_total: str | None = None
    document_number_digest: str | None = None
    vendor_digest: str | None = None
    total_digest: str | None = None

    @property
    def has_text(self) -> bool:
        """Whether any word was read."""
        return self.words > 0

    @property
    def issue_date_age_days(self) -> int | None:
        """Days from the date of issue to the day of the check; negative when it lies in the future, None without a date."""
        return (date.fromisoformat(self.checked_on) - date.fromisoformat(self.issue_date)).days if self.issue_date else None

    @property
    def issue_year(self) -> int | None:
        """The year of issue."""
        return date.fromisoformat(self.issue_date).year if self.issue_date else None

    @property
    def total_amount(self) -> float | None:
        """The total as a number for comparison; None when there is none or it isn't a number."""
        value = _decimal(self.total)
        return None if value is None else float(value)

    @property
    def sums_rest(self) -> float | None:
        """By how much net and tax miss the total, 0 or more; None where one of the three is missing or isn't a number."""
        net, tax, total = (_decimal(text) for text in (self.net_total, self.tax_total, self.total))
        return None if net is None or tax is None or total is None else float(abs(net + tax - total))


def _decimal(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None


def row_from(
    document_id: str,
    understanding: Understanding,
    *,
    pages: Sequence[tuple[int, float]],
    chunks: int | None,
    checked_on: date,
) -> ValidationRow:
    """The row of one document.

    Args:
        document_id: of the document.
        understanding: its kind and fields.
        pages: per page the number of words and their mean confidence (0.0-1.0).
        chunks: pieces in the search index; None when the document isn't indexed.
        checked_on: the job's day of acceptance in UTC.
    """
    value = {f.name: f.value for f in understanding.fields}
    words = sum(count for count, _ in pages)
    return ValidationRow(
        document_id=document_id,
        kind=understanding.kind.name,
        kind_confidence=understanding.kind.confidence,
        page_count=len(pages),
        words=words,
        ocr_confidence=round(sum(count * sure for count, sure in pages) / words, 4) if words else 0.0,
        document_number_present=value.get("document_number") is not None,
        issue_date=value.get("issue_date"),
        checked_on=checked_on.isoformat(),
        total=value.get("total"),
        net_total=value.get("net_total"),
        tax_total=value.get("tax_total"),
        currency=value.get("currency"),
        least_field_confidence=min((f.evidence.confidence for f in understanding.fields), default=None),
        chunks=chunks,
    )
