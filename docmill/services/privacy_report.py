"""The personal data report of a batch, from the reports of its documents: numbers, types and ids, never a value or a file name."""

from collections import Counter
from html import escape

from docmill.services.batches import batch_jobs, batch_view
from docmill.services.milling.stages_privacy import REPORT
from docmill.services.running.room import Room
from docmill.stages.privacy.report import ConfidenceFacts, PiiReport
from docmill.storage.ledger import artefacts
from docmill.values.model import Value


class DocumentLine(Value):
    """One document: its id, kind, pages, findings, what finding took, and whether a person should look."""

    document_id: str
    kind: str
    pages: int
    total: int
    seconds: float
    low: int
    ocr_confidence: float


class BatchPrivacy(Value):
    """The report.

    Attributes:
        documents: that have a report; `missing` are the ids of those that have none (finding failed or has not been).
        engines: what searched, and what could not, of all documents together.
        by_type: entity type -> findings.
        confidence: over all findings; None when nothing was found.
        ocr_confidence: mean over pages.
    """

    batch_id: str
    documents: int
    pages: int
    total: int
    seconds: float
    engines: dict[str, str]
    by_type: dict[str, int]
    confidence: ConfidenceFacts | None
    ocr_confidence: float
    lines: tuple[DocumentLine, ...]
    missing: tuple[str, ...]
    recommendations: tuple[str, ...]


def batch_privacy(room: Room, batch_id: str) -> BatchPrivacy:
    """The report of a batch as it is now.

    Raises:
        NotFound: no such batch.
        StoreUnavailable: the store did not answer.
    """
    batch_view(room.ledger, room.tenant, batch_id)  # an unknown batch has no jobs either
    by_document = {job.document_id: job.job_id for job in batch_jobs(room.ledger, room.tenant, batch_id)}
    reports: list[PiiReport] = []
    missing = []
    for document_id, job_id in by_document.items():
        with room.ledger.reading() as conn:
            names = [a.object_name for a in artefacts.of_job(conn, room.tenant, job_id) if a.name == REPORT]
        if names and room.store.exists(names[-1]):
            reports.append(PiiReport.model_validate_json(room.store.read(names[-1])))
        else:
            missing.append(document_id)
    return joined(batch_id, reports, missing)


def joined(batch_id: str, reports: list[PiiReport], missing: list[str]) -> BatchPrivacy:
    """One report of many."""
    by_type = Counter[str]()
    for report in reports:
        by_type.update(report.by_type)
    pages = [page for report in reports for page in report.pages]
    confidence = _confidence(reports)
    return BatchPrivacy(
        batch_id=batch_id,
        documents=len(reports),
        pages=len(pages),
        total=by_type.total(),
        seconds=round(sum(report.seconds for report in reports), 3),
        engines={name: state for report in reports for name, state in report.engines.items()},
        by_type=dict(sorted(by_type.items())),
        confidence=confidence,
        ocr_confidence=round(sum(page.ocr_confidence for page in pages) / len(pages), 4) if pages else 0.0,
        lines=tuple(_line(report) for report in reports),
        missing=tuple(missing),
        recommendations=tuple(_recommendations(reports, missing, confidence)),
    )


def privacy_page(report: BatchPrivacy) -> bytes:
    """The report as one HTML page that needs nothing else."""
    facts = [("Batch", report.batch_id), ("Documents", report.documents), ("Pages", report.pages), ("Findings", report.total)]
    facts += [("Seconds", report.seconds), ("Read with confidence", f"{report.ocr_confidence:.0%}")]
    if (sure := report.confidence) is not None:
        spread = f"{sure.average:.2f} on average, {sure.minimum:.2f} to {sure.maximum:.2f}; {sure.high} high, {sure.low} low"
        facts.append(("Confidence", spread))
    lines = (_row(o.document_id, o.kind, o.pages, o.total, f"{o.ocr_confidence:.0%}") for o in report.lines)
    return _PAGE.format(
        facts="".join(_row(*fact) for fact in facts),
        said="".join(f"<li>{escape(one)}</li>" for one in report.recommendations),
        found="".join(_row(kind, count) for kind, count in report.by_type.items()) or _row("none", 0),
        lines="".join(lines),
        engines="".join(_row(name, state) for name, state in report.engines.items()),
    ).encode()


def _line(report: PiiReport) -> DocumentLine:
    return DocumentLine(
        document_id=report.document_id,
        kind=report.kind,
        pages=len(report.pages),
        total=report.total,
        seconds=report.seconds,
        low=report.confidence.low if report.confidence else 0,
        ocr_confidence=report.ocr_confidence,
    )


def _confidence(reports: list[PiiReport]) -> ConfidenceFacts | None:
    found = [(report.confidence, report.total) for report in reports if report.confidence is not None]
    if not found:
        return None
    return ConfidenceFacts(
        average=round(sum(facts.average * total for facts, total in found) / sum(total for _, total in found), 4),
        minimum=min(facts.minimum for facts, _ in found),
        maximum=max(facts.maximum for facts, _ in found),
        high=sum(facts.high for facts, _ in found),
        low=sum(facts.low for facts, _ in found),
    )


def _recommendations(reports: list[PiiReport], missing: list[str], confidence: ConfidenceFacts | None) -> list[str]:
    said = []
    if missing:
        said.append(f"{len(missing)} document(s) were not searched: `docmill status DOCUMENT` says why.")
    if confidence is None:
        said.append("No personal data was found. Look at a few documents before you publish them: no search finds everything.")
    elif confidence.low:
        said.append(
            f"{confidence.low} finding(s) in {sum(1 for r in reports if r.confidence and r.confidence.low)} document(s) are unsure: review them."
        )
    empty = sum(1 for report in reports if not report.total)
    if empty and confidence is not None:
        said.append(f"Nothing was found in {empty} document(s): look at them.")
    gaps = {f"Not everything was searched: {n} {s}." for r in reports for n, s in r.engines.items() if s.startswith(("missing", "not "))}
    return said + sorted(gaps)


def _row(*cells: object) -> str:
    return f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Personal data in a batch</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff }}
h1 {{ font-size: 1.5rem }} h2 {{ font-size: 1.1rem; margin-top: 2rem }}
table {{ border-collapse: collapse; width: 100% }} td, th {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top }}
</style></head><body>
<h1>Personal data in a batch</h1>
<table>{facts}</table>
<h2>What to do</h2><ul>{said}</ul>
<h2>Found</h2><table><tr><th>Type</th><th>Findings</th></tr>{found}</table>
<h2>Documents</h2>
<table><tr><th>Document</th><th>Kind</th><th>Pages</th><th>Findings</th><th>Read with confidence</th></tr>{lines}</table>
<h2>Engines</h2><table>{engines}</table>
</body></html>
"""
