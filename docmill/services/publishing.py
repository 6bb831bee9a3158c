"""What is published of a document: the results JSON built from what the stages found, with masked fields where redaction was asked for.

Pure: nothing is stored here. The shape of the results is in docmill/values/results.py.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from docmill import __version__
from docmill.stages.validation.suite import checks
from docmill.values import results as shape
from docmill.values.evidence import Field, Kind, LineItem, Span, Understanding
from docmill.values.jobs import Artefact, ClaimedJob
from docmill.values.keys import PUBLIC
from docmill.values.outcome import CHECK_FAILED, Outcome, Problem, judge
from docmill.values.page import Line, Page

UNKNOWN_KIND = Kind(name="other", confidence=0.0, reason="not understood")
"""The kind of a document that the understanding stage never saw."""

EINVOICE = "einvoice:"
"""How the source of a value begins that was taken from an e-invoice's XML."""

FIGURES_AND_WORDS = frozenset(
    {"issue_date", "due_date", "delivery_date", "currency", "net_total", "tax_total", "total", "amount_due", "payment_method"}
)
"""Fields that cannot hold a person's name or number."""

_LEAST_SHARED = 3
"""A field and a span share text only from so many letters and figures on; `5` or `no` prove nothing."""


@dataclass(frozen=True, slots=True)
class PublishInput:
    """Everything the results are built from.

    Attributes:
        job: the job and its options.
        page_count: of the document, also of pages that could not be read.
        pages: what may be shown: the redacted pages where redaction was asked for, else the pages as read.
        read_pages: the pages as read, which spans and fields point at; they never reach the results where redaction was asked for.
        understanding: kind and fields; None when the stage failed.
        spans: personal data found.
        searched: entity types searched for; empty when the stage failed.
        failed_checks: names of validation checks that failed.
        problems: of all stages, without failed checks.
        artefacts: what was made; with redaction only those under public/ are listed.
        timings_s: wall time in seconds by stage.
        engines: by stage, names and versions.
        created_at: now, in UTC.
    """

    job: ClaimedJob
    page_count: int
    pages: Sequence[Page]
    read_pages: Sequence[Page]
    understanding: Understanding | None
    created_at: datetime
    spans: Sequence[Span] = ()
    searched: Sequence[str] = ()
    failed_checks: Sequence[str] = ()
    problems: Sequence[Problem] = ()
    artefacts: Sequence[Artefact] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)
    engines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def outcome_of(given: PublishInput) -> Outcome:
    """How the document's milling ended: problems of the stages, contradictions found by understanding, and failed checks as doubts.

    Checks of severity info are no doubts.
    """
    doubts = tuple(
        Problem(
            code=CHECK_FAILED, stage="validate", message=checks()[name]["meta"]["title"] if name in checks() else f"check {name} failed"
        )
        for name in _doubtful(given.failed_checks)
    )
    contradictions = given.understanding.problems if given.understanding else ()
    return judge((*given.problems, *contradictions, *doubts), something_done=bool(given.pages))


def build_results(given: PublishInput) -> shape.Results:
    """The results of one job. With redaction the fields are masked here, whoever calls."""
    options, found = given.job.options, given.understanding or Understanding(kind=UNKNOWN_KIND)
    fields, items = found.fields, found.line_items
    if options.redact:
        fields = mask_fields(fields, given.spans, given.read_pages)
        items = mask_line_items(items, given.spans, given.read_pages)
    lines = [(page.number, line) for page in given.pages for line in page.lines if line.words]
    blocks = [_block(number, line) for number, line in lines if line.confidence >= options.confidence_threshold]
    return shape.Results(
        schema_version=shape.SCHEMA_VERSION,
        task_id=given.job.job_id,
        document=_document(given),
        outcome=_outcome(outcome_of(given)),
        options=shape.ResultOptions.model_validate(options.model_dump()),
        kind=shape.ResultKind.model_validate(found.kind.model_dump()),
        fields=tuple(_field(one) for one in fields),
        full_text="\n\n".join(page.text for page in given.pages),
        language=_language(given),
        format=options.extract_format,
        text_blocks=tuple(blocks),
        text_blocks_count=len(blocks),
        text_blocks_dropped=len(lines) - len(blocks),
        pages=tuple(_page(page) for page in given.pages),
        personal_data=_personal_data(given),
        validation=shape.ValidationFacts(passed=not _doubtful(given.failed_checks), failed_checks=tuple(given.failed_checks)),
        artefacts=tuple(_artefact(one) for one in given.artefacts if one.prefix == PUBLIC or not options.redact),
        timings_s={stage: round(seconds, 3) for stage, seconds in given.timings_s.items()},
        engines={stage: dict(names) for stage, names in given.engines.items()},
        created_at=given.created_at,
        docmill_version=__version__,
        line_items=tuple(_line_item(one) for one in items),
        taxes=tuple(
            shape.ResultTax(rate=share.rate, net=share.net, tax=share.tax, confidence=share.evidence.confidence) for share in found.taxes
        ),
        model_use=found.model_use,
    )


def mask_fields(fields: Sequence[Field], spans: Sequence[Span], pages: Sequence[Page]) -> tuple[Field, ...]:
    """Fields fit to be shown beside a redacted copy.

    A field is masked when its evidence overlaps a span, in characters or on the page, or when it shares a span's text wherever it was
    read: then its value is None and its text the span's type, such as [PERSON]. Its box stays: it frames what was burned out. A text that
    stands nowhere on the pages (an e-invoice's) was never searched for personal data, so it is masked as [NOT_SEARCHED]; figures, dates and
    the words of docmill's own lists stay.

    Args:
        fields: as found.
        spans: personal data on the pages as read.
        pages: as read; spans and evidence count characters of their text.
    """
    text = {page.number: page.text for page in pages}
    hidden = [(span, _bare(text.get(span.page, "")[span.start : span.end])) for span in spans]
    return tuple(_masked(one, hidden) for one in fields)


def mask_line_items(items: Sequence[LineItem], spans: Sequence[Span], pages: Sequence[Page]) -> tuple[LineItem, ...]:
    """Line items fit to be shown beside a redacted copy: a description is kept only where it was searched and nothing was found in it."""
    text = {page.number: page.text for page in pages}
    hidden = [(span, _bare(text.get(span.page, "")[span.start : span.end])) for span in spans]
    return tuple(one.model_copy(update={"description": _shown_description(one, hidden)}) for one in items)


def _shown_description(one: LineItem, hidden: Sequence[tuple[Span, str]]) -> str | None:
    if one.description is None or one.evidence.start is None:
        return None
    as_field = Field(name="description", value=one.description, text=one.description, evidence=one.evidence)
    return _masked(as_field, hidden).value


def _masked(one: Field, hidden: Sequence[tuple[Span, str]]) -> Field:
    if one.evidence.start is None and one.evidence.source.startswith(EINVOICE) and one.name not in FIGURES_AND_WORDS:
        return one.model_copy(update={"value": None, "text": "[NOT_SEARCHED]"})
    for span, bare in hidden:
        if _overlaps(one, span) or _shares(one.text, bare) or _shares(one.value or "", bare):
            return one.model_copy(update={"value": None, "text": f"[{span.type}]"})
    return one


def _overlaps(one: Field, span: Span) -> bool:
    seen = one.evidence
    if seen.page != span.page:
        return False
    if seen.start is not None and seen.end is not None and seen.start < span.end and span.start < seen.end:
        return True
    return seen.box is not None and any(seen.box.overlaps(box) for box in span.boxes)


def _shares(text: str, bare_span: str) -> bool:
    bare = _bare(text)
    return min(len(bare), len(bare_span)) >= _LEAST_SHARED and (bare_span in bare or bare in bare_span)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _doubtful(failed: Sequence[str]) -> list[str]:
    return [name for name in failed if name not in checks() or checks()[name]["severity"] != "info"]


def _document(given: PublishInput) -> shape.DocumentFacts:
    job = given.job
    return shape.DocumentFacts(
        id=job.document_id, sha256=job.sha256, media_type=job.media_type, size_bytes=job.size_bytes, page_count=given.page_count
    )


def _outcome(outcome: Outcome) -> shape.ResultOutcome:
    problems = tuple(shape.ResultProblem.model_validate(problem.model_dump()) for problem in outcome.problems)
    return shape.ResultOutcome(name=outcome.name, problems=problems)


def _field(one: Field) -> shape.ResultField:
    seen = one.evidence
    box = (seen.box.x0, seen.box.y0, seen.box.x1, seen.box.y1) if seen.box else None
    return shape.ResultField(
        name=one.name, value=one.value, text=one.text, page=seen.page, box=box, confidence=seen.confidence, source=seen.source
    )


def _line_item(one: LineItem) -> shape.ResultLineItem:
    seen = one.evidence
    return shape.ResultLineItem(
        **one.model_dump(exclude={"evidence"}),
        page=seen.page,
        box=None if seen.box is None else tuple(seen.box),
        confidence=seen.confidence,
        source=seen.source,
    )


def _language(given: PublishInput) -> str:
    words = Counter[str]()
    for page in given.pages:
        words[page.language] += len(page.words)
    return words.most_common(1)[0][0] if words.total() else given.job.options.language


def _personal_data(given: PublishInput) -> shape.PersonalData:
    by_type = dict(sorted(Counter(span.type for span in given.spans).items()))
    return shape.PersonalData(
        searched=tuple(given.searched), by_type=by_type, total=len(given.spans), redacted=given.job.options.redact and bool(given.pages)
    )


def _block(number: int, line: Line) -> shape.TextBlock:
    box = line.box.rounded()
    corners = ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1))
    return shape.TextBlock(text=line.text, bounding_box=corners, confidence=line.confidence, page=number)


def _page(page: Page) -> shape.PageFacts:
    return shape.PageFacts(
        number=page.number,
        width_px=page.width_px,
        height_px=page.height_px,
        dpi=page.dpi,
        source=page.source,
        confidence=page.confidence,
        language=page.language,
        words=len(page.words),
    )


def _artefact(one: Artefact) -> shape.ResultArtefact:
    return shape.ResultArtefact(
        name=one.name, media_type=one.media_type, size_bytes=one.size_bytes, sha256=one.sha256, object=one.object_name
    )
