"""The OCR gate: boxes that are all right by their own plan, and miss the value on the page."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from docmill.errors import RedactionUnproven
from docmill.services import redacting
from docmill.services.redacting import Redaction, gate_name, redact_and_prove
from docmill.stages.privacy.redaction import verbs as redaction
from docmill.stages.privacy.redaction.burning import PixelBox
from docmill.stages.privacy.redaction.proof import Secret
from docmill.stages.privacy.redaction.proof_ocr import alike_folded, areas_around, require_unreadable
from docmill.stages.reading import verbs as reading
from docmill.values.evidence import Span
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

SIZE = (900, 500)
HEIGHT = 30
ROWS = ((40, "Dear Wolfgang"), (200, "the perpendicular lines stay"), (400, "as Wolfgang wished"))
LIMITS = {"max_pages": 5, "max_pixels": 10_000_000, "max_bytes": 10_000_000, "deadline_s": 60}


@pytest.fixture(autouse=True)
def no_second_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would mend what these tests break before the gate sees it."""
    monkeypatch.setattr("docmill.services.redacting.read_the_unread", lambda *_: redacting.Unread())


def sheet(path: Path) -> dict[str, list[Box]]:
    """A page as PNG; where its words stand."""
    image = Image.new("L", SIZE, 255)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(HEIGHT)
    places: dict[str, list[Box]] = {}
    for y, row in ROWS:
        x = 60.0
        for word in row.split():
            draw.text((x, y), word, fill=0, font=font)
            width = draw.textlength(word, font=font)
            places.setdefault(word, []).append(Box(x, y, x + width, y + HEIGHT + 4.0))
            x += width + 14
    image.save(path)
    return places


def in_process(verb: str, *args: object) -> Mapping[str, object]:
    room, _, name = verb.partition(".verbs:")
    return dict(getattr({"privacy.redaction": redaction, "reading": reading}[room], name)(*args))


def asked(folder: Path, *, lower_px: float = 0, forget: bool = False, thorough: bool = False) -> Redaction:
    """A redaction whose word boxes are `lower_px` too low, or one that never saw the last line."""
    places = sheet(folder / "a.png")
    lines = []
    for _, row in ROWS[:2] if forget else ROWS:
        words = [(word, places[word].pop(0)) for word in row.split()]
        moved = ((w, Box(b.x0, b.y0 + lower_px, b.x1, b.y1 + lower_px)) for w, b in words)
        lines.append(Line(words=tuple(Word(text=w, box=b, confidence=1) for w, b in moved)))
    page = Page(number=1, width_px=SIZE[0], height_px=SIZE[1], dpi=100, lines=tuple(lines), source="tesseract", language="en")
    starts = [at for at, word in zip(page.word_starts, page.words, strict=True) if word.text == "Wolfgang"]
    spans = [Span(page=1, start=at, end=at + 8, type="PERSON", confidence=1, source="t") for at in starts]
    (folder / "page.json").write_text(page.model_dump_json())
    (folder / "spans.json").write_text(json.dumps({"spans": [one.model_dump(mode="json") for one in spans], "engines": {}}))
    (folder / "out").mkdir()
    return Redaction(str(folder / "a.png"), "image/png", [str(folder / "page.json")], str(folder / "spans.json"), "en", thorough=thorough)


def test_boxes_in_their_place_pass_and_the_gate_is_named(tmp_path: Path) -> None:
    made = redact_and_prove(in_process, asked(tmp_path), tmp_path / "out", LIMITS)
    assert made.evidence.gates[-1] == "ocr_around_boxes"
    assert made.boxes == 2
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"redacted.png", "pages.json", "evidence.json"}


def test_boxes_a_line_too_low_are_seen(tmp_path: Path) -> None:
    with pytest.raises(RedactionUnproven, match="picture of a page") as caught:
        redact_and_prove(in_process, asked(tmp_path, lower_px=HEIGHT + 12), tmp_path / "out", LIMITS)
    assert "Wolfgang" not in caught.value.message
    assert not (tmp_path / "out" / "redacted.png").exists()


def test_a_value_far_from_every_box_is_seen_on_whole_pages_only(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    redact_and_prove(in_process, asked(tmp_path / "x", forget=True), tmp_path / "x" / "out", LIMITS)
    (tmp_path / "y").mkdir()
    with pytest.raises(RedactionUnproven, match="picture of a page"):
        redact_and_prove(in_process, asked(tmp_path / "y", forget=True, thorough=True), tmp_path / "y" / "out", LIMITS)


def test_many_pictures_are_read_in_several_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redacting, "CROPS_AT_ONCE", 1)
    calls = []

    def counted(verb: str, *args: object) -> Mapping[str, object]:
        calls.append(verb)
        return in_process(verb, *args)

    redact_and_prove(counted, asked(tmp_path), tmp_path / "out", LIMITS)
    assert calls.count("reading.verbs:read_pictures") == 2
    (tmp_path / "low").mkdir()
    with pytest.raises(RedactionUnproven, match="picture of a page"):
        redact_and_prove(counted, asked(tmp_path / "low", lower_px=HEIGHT + 12), tmp_path / "low" / "out", LIMITS)


def test_surroundings_are_two_heights_wide_and_join_where_they_overlap() -> None:
    assert areas_around([PixelBox(100, 100, 200, 120)], 1000, 1000) == [PixelBox(60, 60, 240, 160)]
    assert areas_around([PixelBox(0, 0, 50, 20), PixelBox(980, 990, 1000, 1000)], 1000, 1000) == [
        PixelBox(0, 0, 90, 60),
        PixelBox(960, 970, 1000, 1000),
    ]
    joined = areas_around([PixelBox(100, 100, 200, 120), PixelBox(600, 100, 700, 120), PixelBox(270, 100, 540, 120)], 1000, 1000)
    assert joined == [PixelBox(60, 60, 740, 160)]


@pytest.mark.parametrize(
    ("read", "is_leak"),
    [
        ("SSN 536-22-8417", True), ("SSN S36-22-B4l7", True), ("SSN 536-22-84", False), ("as WOLFGANG said", True), ("as Wo1fgang said", True), ("wolf", False),
    ],
)  # fmt: skip
def test_what_ocr_confuses_counts_as_the_same(read: str, is_leak: bool) -> None:
    secrets = [Secret("536-22-8417", "US_SSN"), Secret("Wolfgang", "PERSON")]
    if not is_leak:
        require_unreadable([read], secrets)
        return
    with pytest.raises(RedactionUnproven):
        require_unreadable([read], secrets)


def test_the_fold_keeps_the_length() -> None:
    assert len(alike_folded("0oO1lI5sS8bB$|!")) == 15


def test_letters_that_the_engine_does_not_know_are_said_in_the_gates_name() -> None:
    assert gate_name("ru", thorough=False) == "ocr_around_boxes_latin_only"
    assert gate_name("de", thorough=True) == "ocr_whole_pages"
