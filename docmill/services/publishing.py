"""What is published of a document: the results JSON built from what the stages found, with masked fields where redaction was asked for.

Pure: nothing is stored here. The shape of the results is in docmill/values/results.py.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from docmill import __version__
from docmill.services.publishing_masked import Hidden, hidden_by, mask_fields, mask_line_items
from docmill.stages.validation.suite import Checks, checks, is_doubt, title_of
from docmill.values import results as shape
from docmill.values.enrichment import Enrichment
from docmill.values.evidence import DocumentPart, Field, Kind, LineItem, Span, Understanding
from docmill.values.jobs import Artefact, ClaimedJob
from docmill.values.keys import PUBLIC
from docmill.values.outcome import CHECK_FAILED, Outcome, Problem, judge
from docmill.values.page import Line, Page
from docmill.values.result_fields import ResultDocument, ResultField, ResultKind, ResultLineItem, ResultProblem, ResultTax

UNKNOWN_KIND = Kind(name="other", confidence=0.0, reason="not understood")
"""The kind of a document that the understanding stage never saw."""


@dataclass(frozen=True, slots=True)
class PublishInput:
    """Everything the results are built from.

    Attributes:
        job: the job and its options.
        page_count: of the document, also of pages that could not be read.
        pages: what may be shown: the redacted pages where redaction was asked for, else the pages as read.
        read_pages: the pages as read, which spans and fields point at; they never reach the results where redaction was asked for.
        understanding: kind and fields; None when the stage failed.
        enrichment: what the shown pages tell beside that; None when the stage failed.
        spans: personal data found.
        searched: entity types searched for; empty when the stage failed.
        failed_checks: names of validation checks that failed.
        known_checks: of the suite that they failed.
        problems: of all stages, without failed checks.
        artefacts: what was made; with redaction only those under public/ are listed.
        timings_s: wall time in seconds by stage.
        engines: by stage, names and versions.
        created_at: now, in UTC.
        decided: field -> who decided it and when.
    """

    job: ClaimedJob
    page_count: int
    pages: Sequence[Page]
    read_pages: Sequence[Page]
    understanding: Understanding | None
    created_at: datetime
    enrichment: Enrichment | None = None
    spans: Sequence[Span] = ()
    searched: Sequence[str] = ()
    failed_checks: Sequence[str] = ()
    known_checks: Checks = field(default_factory=checks)
    problems: Sequence[Problem] = ()
    artefacts: Sequence[Artefact] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)
    engines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    decided: Mapping[str, tuple[str, datetime]] = field(default_factory=dict)


def outcome_of(given: PublishInput) -> Outcome:
    """How the document's milling ended: problems of the stages, contradictions found by understanding, and failed checks as doubts.

    Checks of severity info are no doubts.
    """
    doubts = tuple(Problem(code=CHECK_FAILED, stage="validate", message=title_of(name, given.known_checks)) for name in _doubtful(given))
    contradictions = given.understanding.problems if given.understanding else ()
    return judge((*given.problems, *contradictions, *doubts), something_done=bool(given.pages))


@dataclass(slots=True)
class _Shown:
    """What the results say of the pages, gathered in one pass that keeps no page: there may be thousands."""

    blocks: list[shape.TextBlock] = field(default_factory=list)
    dropped: int = 0
    texts: list[str] = field(default_factory=list)
    facts: list[shape.PageFacts] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)


def _shown(given: PublishInput) -> _Shown:
    shown, least = _Shown(), given.job.options.confidence_threshold
    for page in given.pages:
        lines = [line for line in page.lines if line.words]
        kept = [_block(page, line) for line in lines if line.confidence >= least]
        shown.blocks += kept
        shown.dropped += len(lines) - len(kept)
        shown.texts.append(page.text)
        shown.facts.append(_page(page))
        shown.words[page.language] += len(page.words)
    return shown


def build_results(given: PublishInput) -> shape.Results:
    """The results of one job. With redaction the fields are masked here, whoever calls."""
    options, found = given.job.options, given.understanding or Understanding(kind=UNKNOWN_KIND)
    hidden = hidden_by(given.spans, given.read_pages, given.pages) if options.redact else None
    told = _told(found, hidden, given.decided)
    shown = _shown(given)
    return shape.Results(
        schema_version=shape.SCHEMA_VERSION,
        task_id=given.job.job_id,
        document=_document(given),
        outcome=_outcome(outcome_of(given)),
        options=shape.ResultOptions.model_validate(options.model_dump()),
        kind=ResultKind.model_validate(found.kind.model_dump()),
        fields=told.fields,
        full_text="\n\n".join(shown.texts),
        language=shown.words.most_common(1)[0][0] if shown.words.total() else options.language,
        format=options.extract_format,
        text_blocks=tuple(shown.blocks),
        text_blocks_count=len(shown.blocks),
        text_blocks_dropped=shown.dropped,
        pages=tuple(shown.facts),
        personal_data=_personal_data(given),
        validation=shape.ValidationFacts(passed=not _doubtful(given), failed_checks=tuple(given.failed_checks)),
        artefacts=tuple(_artefact(one) for one in given.artefacts if one.prefix == PUBLIC or not options.redact),
        timings_s={stage: round(seconds, 3) for stage, seconds in given.timings_s.items()},
        engines={stage: dict(names) for stage, names in given.engines.items()},
        created_at=given.created_at,
        docmill_version=__version__,
        line_items=told.line_items,
        taxes=told.taxes,
        enrichment=_enrichment(given),
        model_use=found.model_use,
        parts=tuple(_part(part, hidden, given.decided if part.is_main else {}) for part in found.parts),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What the results say of one document's sense."""

    fields: tuple[ResultField, ...]
    line_items: tuple[ResultLineItem, ...]
    taxes: tuple[ResultTax, ...]


def _told(found: Understanding | DocumentPart, hidden: Hidden | None, decided: Mapping[str, tuple[str, datetime]]) -> _Told:
    """Fields, line items and taxes of a file or of a part of it, masked unless `hidden` is None: then no redaction was asked for."""
    fields, items = found.fields, found.line_items
    if hidden is not None:
        fields, items = mask_fields(fields, hidden), mask_line_items(items, hidden)
    return _Told(
        fields=tuple(_field(one, decided.get(one.name)) for one in fields),
        line_items=tuple(_line_item(one) for one in items),
        taxes=tuple(
            ResultTax(rate=share.rate, net=share.net, tax=share.tax, confidence=share.evidence.confidence) for share in found.taxes
        ),
    )


def _part(part: DocumentPart, hidden: Hidden | None, decided: Mapping[str, tuple[str, datetime]]) -> ResultDocument:
    """One document of a package; `decided` is empty but for the main part, whose fields are the file's, which people decide about."""
    told = _told(part, hidden, decided)
    return ResultDocument(
        first_page=part.first_page,
        last_page=part.last_page,
        is_main=part.is_main,
        kind=ResultKind.model_validate(part.kind.model_dump()),
        fields=told.fields,
        line_items=told.line_items,
        taxes=told.taxes,
        problems=_problems(part.problems),
    )


def _enrichment(given: PublishInput) -> Enrichment | None:
    """The enrichment with what is known of the file. Under redaction the producer is left out: nobody searched it for personal data."""
    found = given.enrichment
    if found is None:
        return None
    file = found.file.model_copy(update={"producer": None}) if given.job.options.redact else found.file
    return found.model_copy(update={"page_count": given.page_count, "file": file})


def _doubtful(given: PublishInput) -> list[str]:
    return [name for name in given.failed_checks if is_doubt(name, given.known_checks)]


def _document(given: PublishInput) -> shape.DocumentFacts:
    job = given.job
    return shape.DocumentFacts(
        id=job.document_id, sha256=job.sha256, media_type=job.media_type, size_bytes=job.size_bytes, page_count=given.page_count
    )


def _outcome(outcome: Outcome) -> shape.ResultOutcome:
    return shape.ResultOutcome(name=outcome.name, problems=_problems(outcome.problems))


def _problems(problems: Sequence[Problem]) -> tuple[ResultProblem, ...]:
    return tuple(ResultProblem.model_validate(problem.model_dump()) for problem in problems)


def _field(one: Field, decided: tuple[str, datetime] | None) -> ResultField:
    seen = one.evidence
    box = (seen.box.x0, seen.box.y0, seen.box.x1, seen.box.y1) if seen.box else None
    return ResultField(
        name=one.name,
        value=one.value,
        text=one.text,
        page=seen.page,
        box=box,
        confidence=seen.confidence,
        source=seen.source,
        decided_by=decided[0] if decided else None,
        decided_at=decided[1] if decided else None,
    )


def _line_item(one: LineItem) -> ResultLineItem:
    seen = one.evidence
    return ResultLineItem(
        **one.model_dump(exclude={"evidence"}),
        page=seen.page,
        box=None if seen.box is None else tuple(seen.box),
        confidence=seen.confidence,
        source=seen.source,
    )


def _personal_data(given: PublishInput) -> shape.PersonalData:
    by_type = dict(sorted(Counter(span.type for span in given.spans).items()))
    return shape.PersonalData(
        searched=tuple(given.searched), by_type=by_type, total=len(given.spans), redacted=given.job.options.redact and bool(given.pages)
    )


def _block(page: Page, line: Line) -> shape.TextBlock:
    box = line.box.rounded()
    corners = ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1))
    return shape.TextBlock(
        text=line.text,
        bounding_box=corners,
        confidence=line.confidence,
        page=page.number,
        width_px=page.width_px,
        height_px=page.height_px,
    )


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
        turned_deg=page.turned_deg,
        exif_orientation=page.exif_orientation,
        quality=page.quality,
        quality_reasons=page.quality_reasons,
    )


def _artefact(one: Artefact) -> shape.ResultArtefact:
    return shape.ResultArtefact(
        name=one.name, media_type=one.media_type, size_bytes=one.size_bytes, sha256=one.sha256, object=one.object_name
    )
