"""Text, JSON, hOCR, ALTO and Markdown of pages."""

import json
import re
from xml.etree import ElementTree as ET

import pytest

from docmill.errors import InvalidOptions
from docmill.stages.reading.formats import render
from docmill.stages.reading.markdown import escaped
from docmill.values.geometry import Box
from docmill.values.outcome import Problem
from docmill.values.page import Line, Page, Word

ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"
XHTML = "{http://www.w3.org/1999/xhtml}"


def line(text, y, height=20.0, x=100.0):
    words = []
    for token in text.split(" "):
        words.append(Word(text=token, box=Box(x, y, x + 10 * len(token), y + height), confidence=0.876))
        x += 10 * len(token) + 10
    return Line(words=tuple(words))


def page(*lines, number=1):
    return Page(number=number, width_px=1000, height_px=1400, dpi=200, lines=lines, source="tesseract", language="de")


PAGES = (page(line("A & B <script> \"x'", 100), line("second \x0b line", 130)), page(number=2), page(line("third", 50), number=3))


def test_text_has_a_form_feed_between_pages():
    data, media_type, extension = render(PAGES, "text")
    assert data.decode() == "A & B <script> \"x'\nsecond \x0b line\n\f\n\fthird\n"
    assert (media_type, extension) == ("text/plain; charset=utf-8", "txt")


def test_json_has_the_promised_shape():
    problem = Problem(code="damaged", stage="read", message="page 4 cannot be parsed", page=4)
    body = json.loads(render(PAGES, "json", document_id="d1", problems=[problem]).text)
    assert set(body) == {"document_id", "text", "pages", "problems"}
    assert body["document_id"] == "d1"
    first = body["pages"][0]
    assert set(first) == {
        "number", "width_px", "height_px", "dpi", "turned_deg", "exif_orientation", "source", "reason", "language", "confidence", "text", "words",
        "tables", "quality", "quality_reasons",
    }  # fmt: skip
    assert (first["dpi"], first["source"], first["language"], first["confidence"]) == (200, "tesseract", "de", 0.876)
    assert json.loads(render([PAGES[0].model_copy(update={"reason": "asked for"})], "json").text)["pages"][0]["reason"] == "asked for"
    assert (first["turned_deg"], first["exif_orientation"]) == (0, 1)
    assert body["pages"][0]["words"][0] == {"text": "A", "box": [100.0, 100.0, 110.0, 120.0], "confidence": 0.876}
    assert body["pages"][1]["words"] == []
    assert body["problems"] == [{"code": "damaged", "stage": "read", "message": "page 4 cannot be parsed", "page": 4}]
    assert body["text"] == "\n\f".join(p["text"] for p in body["pages"])


def test_hocr_is_xml_with_every_word():
    root = ET.fromstring(render(PAGES, "hocr").text)  # noqa: S314 - our own output
    found = {name: [e for e in root.iter() if e.get("class") == name] for name in ("ocr_page", "ocr_line", "ocrx_word")}
    assert [len(v) for v in found.values()] == [3, 3, 9]
    assert [e.text for e in found["ocrx_word"]][:6] == ["A", "&", "B", "<script>", "\"x'", "second"]
    assert found["ocrx_word"][0].get("title") == "bbox 100 100 110 120; x_wconf 88"
    assert found["ocr_page"][2].get("title") == "bbox 0 0 1000 1400; ppageno 2; scan_res 200 200; x_turned 0; x_orientation 1"
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    capabilities = next(m.get("content") for m in root.iter(f"{XHTML}meta") if m.get("name") == "ocr-capabilities")
    assert set(found) == set(capabilities.split())
    for element in found["ocr_line"]:
        x0, y0, x1, y1 = map(int, re.findall(r"\d+", element.get("title")))
        assert x0 < x1
        assert y0 < y1


def test_markdown_has_headings_and_paragraphs():
    body = [line("ordinary text goes on", 200 + 30 * i) for i in range(3)]
    rest = [line("another paragraph", 400), line("of two lines", 430)]
    text = render([page(line("Big Title", 40, 45), line("Smaller Heading", 120, 30), *body, *rest)], "markdown").text
    paragraph = "\n".join(["ordinary text goes on"] * 3)
    assert text == f"# Big Title\n\n## Smaller Heading\n\n{paragraph}\n\nanother paragraph\nof two lines\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# no heading", "\\# no heading"),
        ("#tag", "#tag"),
        ("- no item", "\\- no item"),
        ("-4,50", "-4,50"),
        ("1. no item", "1\\. no item"),
        ("12.50 EUR", "12.50 EUR"),
        ("a*b_c`d", "a\\*b\\_c\\`d"),
        ("[x](y) <b>", "\\[x\\](y) \\<b\\>"),
        ("AT&amp;T & Co", "AT&amp;amp;T & Co"),
        ("---", "\\---"),
        ("===", "\\==="),
    ],
)
def test_markdown_markup_is_escaped(text, shown):
    assert escaped(text) == shown


def test_no_pages_and_unknown_formats():
    assert render([], "text").text == "\n"
    ET.fromstring(render([], "hocr").text)  # noqa: S314 - our own output
    with pytest.raises(InvalidOptions, match="hocr, json, markdown, text"):
        render([], "docx")


def test_alto_is_xml_with_every_word_in_its_place():
    rendered = render(PAGES, "alto")
    root = ET.fromstring(rendered.text)  # noqa: S314 - our own output
    assert (root.tag, root.get("SCHEMAVERSION")) == (f"{ALTO}alto", "4.4")
    assert (rendered.media_type, rendered.extension) == ("application/xml", "xml")
    sheets = root.findall(f"{ALTO}Layout/{ALTO}Page")
    assert [(s.get("PHYSICAL_IMG_NR"), s.get("WIDTH"), s.get("HEIGHT")) for s in sheets] == [(n, "1000", "1400") for n in "123"]
    strings = list(root.iter(f"{ALTO}String"))
    assert [s.get("CONTENT") for s in strings] == ["A", "&", "B", "<script>", "\"x'", "second", "\ufffd", "line", "third"]
    places = [strings[3].get(name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT", "WC")]
    assert places == ["160.0", "100.0", "80.0", "20.0", "0.8760"]
    assert len(list(root.iter(f"{ALTO}SP"))) == len(strings) - len(list(root.iter(f"{ALTO}TextLine")))
    ids = [e.get("ID") for e in root.iter() if e.get("ID")]
    assert len(ids) == len(set(ids))


def test_every_format_with_boxes_says_how_the_page_was_made_upright():
    lying = [
        p.model_copy(update={"turned_deg": turn, "exif_orientation": how})
        for p, turn, how in zip(PAGES, (90, 0, 90), (6, 1, 6), strict=True)
    ]
    told = [(p["turned_deg"], p["exif_orientation"]) for p in json.loads(render(lying, "json").text)["pages"]]
    assert told == [(90, 6), (0, 1), (90, 6)]
    hocr = ET.fromstring(render(lying, "hocr").text)  # noqa: S314 - our own output
    titles = [e.get("title") for e in hocr.iter() if e.get("class") == "ocr_page"]
    turned, upright = ["x_turned 90", "x_orientation 6"], ["x_turned 0", "x_orientation 1"]
    assert [title.split("; ")[3:] for title in titles] == [turned, upright, turned]
    alto = ET.fromstring(render(lying, "alto").text)  # noqa: S314 - our own output
    (step,) = alto.findall(f"{ALTO}Description/{ALTO}Processing")
    assert step.findtext(f"{ALTO}processingStepSettings") == "exif_orientation=6 turned_deg=90"
    assert [s.get("PROCESSINGREFS") for s in alto.iter(f"{ALTO}Page")] == [step.get("ID"), None, step.get("ID")]
    assert ET.fromstring(render(PAGES, "alto").text).find(f"{ALTO}Description/{ALTO}Processing") is None  # noqa: S314 - as above


def row(y, *cells):
    """A line of (x, text)."""
    return Line(words=tuple(word for x, text in cells for word in line(text, y, x=x).words))


INVOICE_TABLE = (
    row(200, (100, "Item"), (400, "Qty"), (500, "Amount")),
    row(230, (100, "Desk lamp"), (410, "2"), (500, "80.00")),
    row(260, (100, "Chair | blue"), (410, "10"), (500, "95.00")),
    row(290, (410, "12"), (490, "175.00")),
)


def test_tables_are_kept_in_markdown_and_json():
    made = page(line("Invoice 4711", 100), *INVOICE_TABLE, line("Payable at once", 400), line("with thanks", 430))
    assert render([made], "markdown").text == (
        "Invoice 4711\n\n| Item | Qty | Amount |\n| --- | --- | --- |\n| Desk lamp | 2 | 80.00 |\n| Chair \\| blue | 10 | 95.00 |\n"
        "|  | 12 | 175.00 |\n\nPayable at once\nwith thanks\n"
    )
    (table,) = json.loads(render([made], "json").text)["pages"][0]["tables"]
    assert table["rows"][1] == ["Desk lamp", "2", "80.00"]
    assert table["box"] == [100.0, 200.0, 560.0, 310.0]


@pytest.mark.parametrize(
    "lines",
    [
        INVOICE_TABLE[:2],
        [
            row(
                200 + 30 * n,
                (100, "words that fill the left column of this page, all of it"),
                (800, "and the right one, with just as many words in it"),
            )
            for n in range(5)
        ],
        [row(200 + 30 * n, (100, "label"), (200 + 90 * n, "value")) for n in range(3)][:2],
        [line("ordinary prose goes on and on", 200 + 30 * n) for n in range(6)],
        [row(200 + 300 * n, (100, "Item"), (400, "2")) for n in range(4)],
        [row(200, (100, "a wide head over"), (380, "x")), row(230, (100, "a"), (300, "b")), row(260, (100, "a"), (200, "b"), (300, "c"))],
    ],
    ids=["two rows", "prose", "two", "lines", "far apart", "across"],
)
def test_what_is_no_table(lines):
    assert "---" not in render([page(*lines)], "markdown").text
