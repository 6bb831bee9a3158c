"""One milled document by hand: what publishing is given in the tests of results."""

from dataclasses import replace
from datetime import UTC, datetime

from docmill.services.publishing import PublishInput
from docmill.values.enrichment import Enrichment
from docmill.values.evidence import DocumentPart, Evidence, Field, Kind, LineItem, Span, TaxShare, Understanding
from docmill.values.geometry import Box, union
from docmill.values.jobs import Artefact, ClaimedJob
from docmill.values.options import MillOptions
from docmill.values.outcome import CHECK_FAILED, Problem
from docmill.values.page import Line, Page, Word

TEXT = (("Jane", "Doe", "Consulting"), ("Invoice", "no", "A-17"), ("Total", "EUR", "42.00"), ("IBAN", "DE02", "1203"))
_SHARED = ("kind", "fields", "line_items", "taxes", "problems")
CONFIDENCES = (0.9, 0.95, 0.99, 0.5)


def read_page() -> Page:
    """Four lines; the last was read badly."""
    lines = tuple(
        Line(
            words=tuple(
                Word(text=text, box=Box(100.0 * n, 50.0 * row, 100.0 * n + 80, 50.0 * row + 30), confidence=CONFIDENCES[row])
                for n, text in enumerate(words)
            )
        )
        for row, words in enumerate(TEXT)
    )
    return Page(number=1, width_px=1000, height_px=1400, dpi=200, lines=lines, source="tesseract", language="en", seconds=1.5)


def span(page: Page, text: str, type_: str) -> Span:
    """The first place where `text` stands."""
    start = page.text.index(text)
    boxes = tuple(word.box for word in page.words_in(start, start + len(text)))
    return Span(page=1, start=start, end=start + len(text), type=type_, confidence=0.9, source="test", boxes=boxes)


def field(page: Page, name: str, text: str, value: str) -> Field:
    """A field seen at the first place where `text` stands."""
    start = page.text.index(text)
    box = union([word.box for word in page.words_in(start, start + len(text))])
    where = Evidence(page=1, box=box, start=start, end=start + len(text), confidence=0.8, source="label:test")
    return Field(name=name, value=value, text=text, evidence=where)


def understood(page: Page) -> Understanding:
    """An invoice with three fields."""
    fields = (
        field(page, "vendor_name", "Jane Doe Consulting", "Jane Doe Consulting"),
        field(page, "document_number", "A-17", "A-17"),
        field(page, "total", "42.00", "42.00"),
    )
    return Understanding(kind=Kind(name="invoice", confidence=0.85, reason="invoice: title"), fields=fields)


def packaged(found: Understanding) -> Understanding:
    """The same as the first of two documents in one file, the second of which has doubts of its own."""
    seen = Evidence(page=2, confidence=0.8, source="label:test")
    problem = Problem(code=CHECK_FAILED, stage="understand", message="line 1 does not add up (receipt on pages 2-3)", page=2)
    second = DocumentPart(
        first_page=2,
        last_page=3,
        is_main=False,
        kind=Kind(name="receipt", confidence=0.8, reason="receipt: title"),
        fields=(
            Field(name="vendor_name", value="Jane Doe Consulting", text="JANE DOE CONSULTING", evidence=seen),
            Field(name="total", value="7.00", text="7.00", evidence=seen),
            Field(name="vendor_iban", value="DE021203", text="DE02 1203", evidence=seen.model_copy(update={"page": 3})),
        ),
        line_items=(LineItem(description="Walk with Jane Doe", amount="7.00", evidence=seen.model_copy(update={"start": 0, "end": 18})),),
        taxes=(TaxShare(rate="5", tax="0.33", evidence=seen),),
        problems=(problem,),
    )
    main = DocumentPart(first_page=1, last_page=1, is_main=True, **{name: getattr(found, name) for name in _SHARED})
    return found.model_copy(update={"problems": (*found.problems, problem), "parts": (main, second)})


def artefact(name: str, object_name: str) -> Artefact:
    """An artefact of no particular bytes."""
    return Artefact(
        stage="read", name=name, key="ab" * 32, object_name=object_name, media_type="application/json", size_bytes=12, sha256="cd" * 32
    )


def enriched() -> Enrichment:
    """One of everything."""
    return Enrichment.model_validate(
        {
            "languages": [{"language": "en", "share": 1.0}],
            "file": {"producer": "Scanner 3", "created_at": "2026-02-28T09:00:00Z"},
            "dates": [{"date": "2026-02-28", "count": 2, "page": 1}],
            "keywords": [{"text": "invoice", "score": 1.0, "count": 3}],
            "entities": [{"type": "money", "text": "EUR 42.00", "count": 1, "page": 1}],
            "summary": [{"text": "The invoice is paid.", "page": 1}],
            "sentiment": {"label": "neutral", "score": 0.0, "sentences": 1},
        }
    )


def given(**options: object) -> PublishInput:
    """What publishing is given for a document that went well."""
    page = read_page()
    job = ClaimedJob(
        job_id="01JEXAMPLE", document_id="d" * 32, tenant="default", sha256="ef" * 32, size_bytes=2048, media_type="image/png",
        options=MillOptions.model_validate(options), accepted_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC), fence=1, count=0,
    )  # fmt: skip
    return PublishInput(
        job=job,
        page_count=1,
        pages=(page,),
        read_pages=(page,),
        understanding=understood(page),
        created_at=datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC),
        spans=(span(page, "Jane Doe", "PERSON"), span(page, "DE02 1203", "IBAN_CODE")),
        searched=("IBAN_CODE", "PERSON"),
        artefacts=(artefact("page_words", "private/default/read/ab/1.json"), artefact("text", "public/default/publish/ab/2.txt")),
        timings_s={"read": 1.5004, "understand": 0.01},
        engines={"read": {"tesseract": "5.3.0", "eng": "4.1.0"}},
    )


def shown_page() -> Page:
    """The page as the privacy stage hands it on: names replaced."""
    page = read_page()
    lines = (Line(words=(Word(text="[PERSON]", box=Box(0, 0, 180, 30), confidence=1.0), page.lines[0].words[2])), *page.lines[1:3])
    return page.model_copy(update={"lines": lines})


def given_redacted() -> PublishInput:
    """As `given`, with redaction."""
    return replace(given(redact=True), pages=(shown_page(),))


def einvoiced(**options: object) -> PublishInput:
    """A document with an e-invoice: values printed on the page and values in the XML alone, and what the two contradict."""
    base, page = given(**options), read_page()
    exact = Evidence(page=1, confidence=1.0, source="einvoice:en16931")
    seen = field(page, "vendor_name", "Jane Doe Consulting", "Jane Doe Consulting").evidence.model_copy(update={"source": exact.source})
    found = Understanding(
        kind=Kind(name="invoice", confidence=1.0, reason="invoice: einvoice"),
        fields=(
            Field(name="customer_name", value="Karl Kojote", text="Karl Kojote", evidence=exact),
            Field(name="vendor_name", value="Jane Doe Consulting", text="Jane Doe Consulting", evidence=seen),
            Field(name="vendor_iban", value="DE88200800000970375700", text="DE88200800000970375700", evidence=exact),
            Field(name="due_date", value="2026-04-01", text="2026-04-01", evidence=exact),
        ),
        line_items=(
            LineItem(description="Care for Karl Kojote", quantity="1", amount="40.00", evidence=exact),
            LineItem(
                description="Invoice",
                quantity="2",
                unit_price="1.00",
                amount="2.00",
                evidence=field(page, "x", "Invoice", "Invoice").evidence,
            ),
        ),
        taxes=(TaxShare(rate="5", net="40.00", tax="2.00", evidence=exact),),
        problems=(Problem(code=CHECK_FAILED, stage="understand", message="XML and page differ: total (another value is printed)"),),
    )
    return replace(base, understanding=found)


def with_parts(base: PublishInput) -> PublishInput:
    assert base.understanding is not None
    return replace(base, understanding=packaged(base.understanding))
