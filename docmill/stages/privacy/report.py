"""The report on the personal data of one document: numbers and types, never a value, as JSON and as a page for people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Final

from pydantic import Field

from docmill.values.evidence import Span
from docmill.values.model import Value
from docmill.values.page import Page

HIGH: Final = 0.8
LOW: Final = 0.5
_DIM_PAGE = 0.75  # mean word confidence below which OCR loses letters, and names with them


class ConfidenceFacts(Value):
    """Confidence over all findings, 0.0-1.0; `high` counts those above 0.8, `low` those below 0.5."""

    average: float
    minimum: float
    maximum: float
    high: int
    low: int


class PageLine(Value):
    """One page: number of findings, how it was read and how surely."""

    number: int
    findings: int
    source: str
    ocr_confidence: float


class PiiReport(Value):
    """The report.

    Attributes:
        kind: of the document, `unknown` when nobody said.
        seconds: that finding took.
        engines: what searched, and what could not.
        by_type: entity type -> findings.
        found_by: engine -> findings that it voted for; several may vote for one.
        confidence: None when nothing was found.
        recommendations: sentences for whoever decides.
    """

    document_id: str
    kind: str
    created_at: datetime
    seconds: float
    engines: dict[str, str]
    searched: tuple[str, ...]
    by_type: dict[str, int]
    total: int
    confidence: ConfidenceFacts | None
    pages: tuple[PageLine, ...]
    ocr_confidence: float
    recommendations: tuple[str, ...]
    found_by: dict[str, int] = Field(default_factory=dict)


def build_report(
    spans: Sequence[Span],
    pages: Sequence[Page],
    *,
    document_id: str,
    kind: str,
    searched: Sequence[str],
    engines: Mapping[str, str],
    seconds: float,
    created_at: datetime,
) -> PiiReport:
    """The report of one document; see `PiiReport`."""
    on_page = Counter(span.page for span in spans)
    seen = [  # in one go: pages may come out of files one by one
        (len(page.words), PageLine(number=page.number, findings=on_page[page.number], source=page.source, ocr_confidence=page.confidence))
        for page in pages
    ]
    words, lines = sum(count for count, _ in seen), tuple(line for _, line in seen)
    read = round(sum(line.ocr_confidence * count for count, line in seen) / words, 4) if words else 0.0
    confidence = _confidence([span.confidence for span in spans])
    return PiiReport(
        document_id=document_id,
        kind=kind,
        created_at=created_at,
        seconds=round(seconds, 3),
        engines=dict(engines),
        searched=tuple(searched),
        by_type=dict(sorted(Counter(span.type for span in spans).items())),
        total=len(spans),
        confidence=confidence,
        pages=lines,
        ocr_confidence=read,
        recommendations=tuple(_recommendations(confidence, lines, engines, has_words=bool(words))),
        found_by=dict(sorted(Counter(engine for span in spans for engine in {vote.engine for vote in span.votes}).items())),
    )


def _confidence(found: Sequence[float]) -> ConfidenceFacts | None:
    if not found:
        return None
    return ConfidenceFacts(
        average=round(sum(found) / len(found), 4),
        minimum=min(found),
        maximum=max(found),
        high=sum(one > HIGH for one in found),
        low=sum(one < LOW for one in found),
    )


def _recommendations(
    confidence: ConfidenceFacts | None, pages: Sequence[PageLine], engines: Mapping[str, str], *, has_words: bool
) -> list[str]:
    said = []
    if not has_words:
        said.append("No words were read: look at the pages before you call the document clean.")
    elif confidence is None:
        said.append("No personal data was found. Look at a few pages before you publish it: no search finds everything.")
    else:
        if confidence.low:
            said.append(f"{confidence.low} finding(s) below {LOW}: let a person review them.")
        if not confidence.low and confidence.minimum <= HIGH:
            said.append("Some findings are only fairly sure: a short look at them is worth it.")
        if confidence.minimum > HIGH:
            said.append("All findings are sure.")
    dim = [str(page.number) for page in pages if page.source != "text_layer" and 0 < page.ocr_confidence < _DIM_PAGE]
    if dim:
        said.append(f"Page(s) {', '.join(dim)} were hard to read: what OCR misread was not found. Scan them again or review them.")
    said += [f"Not everything was searched: {name} {state}." for name, state in engines.items() if state.startswith(("missing", "not "))]
    return said


def report_page(report: PiiReport) -> bytes:
    """The report as one HTML page that needs nothing else."""
    found = "".join(_row(kind, count) for kind, count in report.by_type.items()) or _row("none", 0)
    pages = "".join(_row(p.number, p.findings, p.source, f"{p.ocr_confidence:.0%}") for p in report.pages)
    engines = "".join(_row(name, state) for name, state in report.engines.items())
    facts = [("Document", report.document_id), ("Kind", report.kind), ("Pages", len(report.pages)), ("Findings", report.total)]
    facts += [("Read with confidence", f"{report.ocr_confidence:.0%}"), ("Made", f"{report.created_at:%Y-%m-%d %H:%M} UTC")]
    facts += [("Seconds", report.seconds), ("Searched for", ", ".join(report.searched))]
    if report.found_by:
        facts.append(("Found by", ", ".join(f"{engine} {count}" for engine, count in report.found_by.items())))
    if (sure := report.confidence) is not None:
        facts.append(
            ("Confidence", f"{sure.average:.2f} on average, {sure.minimum:.2f} to {sure.maximum:.2f}; {sure.high} high, {sure.low} low")
        )
    said = "".join(f"<li>{escape(one)}</li>" for one in report.recommendations)
    return _PAGE.format(facts="".join(_row(*fact) for fact in facts), said=said, found=found, pages=pages, engines=engines).encode()


def _row(*cells: object) -> str:
    return f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Personal data report</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff }}
h1 {{ font-size: 1.5rem }} h2 {{ font-size: 1.1rem; margin-top: 2rem }}
table {{ border-collapse: collapse; width: 100% }} td, th {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top }}
</style></head><body>
<h1>Personal data report</h1>
<table>{facts}</table>
<h2>What to do</h2><ul>{said}</ul>
<h2>Found</h2><table><tr><th>Type</th><th>Findings</th></tr>{found}</table>
<h2>Pages</h2><table><tr><th>Page</th><th>Findings</th><th>Read by</th><th>Read with confidence</th></tr>{pages}</table>
<h2>Engines</h2><table>{engines}</table>
</body></html>
"""
