"""The report: numbers, types and advice; never a value, and nothing that a page could execute."""

from datetime import UTC, datetime

import pytest

from docmill.stages.privacy.report import PiiReport, build_report, report_page
from docmill.values.evidence import Span
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word


def page(number: int = 1, *, confidence: float = 0.9, words: int = 4, source: str = "tesseract") -> Page:
    line = Line(words=tuple(Word(text="secret", box=Box(0, 0, 9, 9), confidence=confidence) for _ in range(words)))
    return Page(number=number, width_px=9, height_px=9, dpi=72, lines=(line,) if words else (), source=source, language="en")


def report(spans: list[tuple[int, str, float]], pages: list[Page], **engines: str) -> PiiReport:
    found = [Span(page=p, start=0, end=6, type=kind, confidence=c, source="pattern:x") for p, kind, c in spans]
    return build_report(
        found,
        pages,
        document_id="d" * 32,
        kind="<b>letter</b>",
        searched=["PERSON", "AGE"],
        engines={"patterns": "2", **engines},
        seconds=1.23456,
        created_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    )


def test_the_figures() -> None:
    made = report([(1, "PERSON", 0.9), (2, "PERSON", 0.4), (2, "AGE", 0.8)], [page(), page(2, confidence=0.5, words=12)])
    assert (made.total, made.by_type) == (3, {"AGE": 1, "PERSON": 2})
    assert made.confidence is not None
    assert made.confidence.model_dump() == {"average": 0.7, "minimum": 0.4, "maximum": 0.9, "high": 1, "low": 1}
    assert [(p.number, p.findings, p.ocr_confidence) for p in made.pages] == [(1, 1, 0.9), (2, 2, 0.5)]
    assert made.ocr_confidence == 0.6


@pytest.mark.parametrize(
    ("spans", "pages", "engines", "said"),
    [
        ([], [page()], {}, "No personal data was found"),
        ([], [page(words=0)], {}, "No words were read"),
        ([(1, "AGE", 0.4)], [page()], {}, "1 finding(s) below 0.5"),
        ([(1, "AGE", 0.7)], [page()], {}, "fairly sure"),
        ([(1, "AGE", 0.9)], [page()], {}, "All findings are sure"),
        ([(1, "AGE", 0.9)], [page(confidence=0.5)], {}, "Page(s) 1 were hard to read"),
        ([(1, "AGE", 0.9)], [page()], {"classifier": "missing"}, "classifier missing"),
        ([(1, "AGE", 0.9)], [page()], {"names": "not searched by spaCy for de"}, "names not searched by spaCy for de"),
    ],
)
def test_the_advice(spans: list[tuple[int, str, float]], pages: list[Page], engines: dict[str, str], said: str) -> None:
    assert any(said in one for one in report(spans, pages, **engines).recommendations)


def test_pages_with_a_text_layer_are_never_called_hard_to_read() -> None:
    made = report([(1, "AGE", 0.9)], [page(confidence=0.5, source="text_layer")])
    assert made.recommendations == ("All findings are sure.",)


def test_the_page_shows_it_all_and_escapes_it() -> None:
    made = report([(1, "PERSON", 0.9)], [page()])
    html = report_page(made).decode()
    assert "&lt;b&gt;letter&lt;/b&gt;" in html
    assert "<td>PERSON</td><td>1</td>" in html
    assert "2026-01-02 03:04 UTC" in html
    assert "secret" not in html + made.model_dump_json()
    assert "secret" not in report_page(report([], [page()])).decode()
