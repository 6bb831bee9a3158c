"""Ink that no word explains: where it is, and what is found in it once OCR has read it. And what confidences say."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from docmill.stages.privacy.confidence import MOST, confidence_of
from docmill.stages.privacy.hits import Hit
from docmill.stages.privacy.merging import merge
from docmill.stages.privacy.patterns import PATTERNS
from docmill.stages.privacy.redaction.burning import LABEL, burn, plan_burn
from docmill.stages.privacy.redaction.unread import Reading, areas_of, find_unread
from docmill.values.evidence import Span
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

DPI = 200
MAIL = "m.thornbury@posteo.example"


def page_with(text: str, *, reason: str = "usable text layer") -> tuple[Page, Image.Image]:
    """A page with one line of known words at the top, and its picture."""
    image = Image.new("L", (1200, 800), 255)
    font, x, words = ImageFont.load_default(34), 60.0, []
    for word in text.split():
        ImageDraw.Draw(image).text((x, 60), word, fill=0, font=font)
        width = font.getlength(word)
        words.append(Word(text=word, box=Box(x, 64, x + width, 98), confidence=1.0))
        x += width + 12
    lines = (Line(words=tuple(words)),)
    page = Page(number=1, width_px=1200, height_px=800, dpi=DPI, lines=lines, source="text_layer", language="en", reason=reason)
    return page, image


def read(*words: str, x: float = 10.0) -> Page:
    found = tuple(Word(text=w, box=Box(x + 200 * i, 10, x + 190 + 200 * i, 40), confidence=0.9) for i, w in enumerate(words))
    return Page(number=1, width_px=700, height_px=60, dpi=DPI, lines=(Line(words=found),), source="rapidocr", language="en")


def test_words_rules_and_boxes_are_no_unread_ink() -> None:
    page, image = page_with("Report of the quarterly meeting")
    assert areas_of(image, page, thorough=False) == []
    draw = ImageDraw.Draw(image)
    for row in range(5):
        draw.line((60, 200 + 90 * row, 1100, 200 + 90 * row), fill=0, width=3)
    for column in range(4):
        draw.line((60 + 340 * column, 200, 60 + 340 * column, 560), fill=0, width=3)
    draw.rectangle((60, 620, 700, 700), fill=120)
    assert areas_of(image, page, thorough=False) == []


@pytest.mark.parametrize(("ink", "paper", "size_px"), [(0, 255, 34), (90, 255, 24), (235, 30, 40), (0, 255, 16)])
def test_letters_that_no_word_explains_are_found(ink: int, paper: int, size_px: int) -> None:
    page, image = page_with("Report of the quarterly meeting")
    draw = ImageDraw.Draw(image)
    draw.rectangle((280, 380, 1000, 500), fill=paper)
    draw.text((300, 400), f"Write to {MAIL}", fill=ink, font=ImageFont.load_default(size_px))
    left, top, right, bottom = draw.textbbox((300, 400), f"Write to {MAIL}", font=ImageFont.load_default(size_px))
    areas = areas_of(image, page, thorough=False)
    assert any(a.x0 <= left and a.y0 <= top and a.x1 >= right and a.y1 >= bottom for a in areas), areas
    assert all(a.y0 > 98 for a in areas)


def test_pages_whose_layer_nobody_sees_and_thorough_ones_are_read_as_a_whole() -> None:
    page, image = page_with("Report", reason="invisible text layer that reads as words")
    assert areas_of(image, page, thorough=False) == [(0, 0, 1200, 800)]
    page, image = page_with("Report")
    assert areas_of(image, page, thorough=True) == [(0, 0, 1200, 800)]


def test_what_was_read_there_is_covered_its_own_and_what_is_known_elsewhere() -> None:
    page, image = page_with("Dear Uwe Sommer")
    known = Span(page=1, start=5, end=15, type="PERSON", confidence=0.9, source="pattern:x")
    readings = [Reading(1, 100, 300, read("mail:", MAIL)), Reading(1, 100, 500, read("UWE", "SOMMER"))]
    areas = find_unread(readings, [page], [known], language="de", entities=["EMAIL_ADDRESS"])
    found = [(s.type, seen.text[s.start : s.end]) for seen, spans in areas for s in spans]
    assert found == [("EMAIL_ADDRESS", MAIL), ("PERSON", "UWE SOMMER")]
    plan = plan_burn(page, [known], LABEL, areas)
    assert len(plan.boxes) == len(plan.labels) == 3
    assert [w.text for line in plan.lines for w in line.words] == ["Dear", "[PERSON]"]  # the copy's text layer says nothing of them
    burned = burn(image, plan).convert("L")
    assert burned.crop((310, 310, 490, 340)).getextrema()[0] == 0
    assert find_unread([], [page], [known], language="de", entities=["EMAIL_ADDRESS"]) == []


def test_two_areas_of_a_page_make_no_address_together() -> None:
    page, _ = page_with("Report")
    readings = [Reading(1, 100, 300, read("Ennisbraut", "27,", "Graz")), Reading(1, 100, 700, read("Fee:"))]
    areas = find_unread(readings, [page], [], language="de", entities=["ADDRESS"])
    assert [seen.text[s.start : s.end] for seen, spans in areas for s in spans] == ["Ennisbraut 27, Graz"]


def test_votes_name_engine_pattern_and_the_word_beside(tmp_path: Path) -> None:
    text = "You can call me: 555 010 4477 11"
    (hit,) = merge([h for p in PATTERNS if p.type == "PHONE_NUMBER" for h in p.find(text)], text)
    assert [str(vote) for vote in hit.reasons] == ['patterns phone_context beside "call"']


def test_more_votes_are_surer_and_no_number_of_them_is_certain() -> None:
    one, other = Hit(0, 5, "PERSON", 0.7, "model:presidio"), Hit(0, 5, "PERSON", 0.7, "model:rampart")
    (both,) = merge([one, other], "Alice")
    assert {vote.engine for vote in both.reasons} == {"presidio", "rampart"}
    assert max(confidence_of(one), confidence_of(other)) < confidence_of(both) <= MOST
    (again,) = merge([one, one], "Alice")
    assert confidence_of(again) == confidence_of(one)  # the same engine twice is no second witness
    assert confidence_of(Hit(0, 5, "PERSON", 1.0, "pattern:denied")) == 1.0
