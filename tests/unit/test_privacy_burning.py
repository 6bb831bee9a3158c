"""Boxes cover whole words with a margin, and leave the neighbours readable."""

from PIL import Image

from docmill.stages.privacy.redaction.burning import LABEL, Burn, PixelBox, burn, plan_burn
from docmill.values.evidence import Span
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word


def page(*lines: list[tuple[str, tuple[float, float, float, float]]]) -> Page:
    made = tuple(Line(words=tuple(Word(text=t, box=Box(*b), confidence=1.0) for t, b in line)) for line in lines)
    return Page(number=1, width_px=300, height_px=100, dpi=72, lines=made, source="text_layer", language="en")


def spans(page: Page, *values: str) -> list[Span]:
    return [Span(page=1, start=(at := page.text.index(v)), end=at + len(v), type="PERSON", confidence=1, source="t") for v in values]


def test_margin_of_fifteen_percent() -> None:
    lone = page([("Ann", (100, 40, 130, 60))])
    assert plan_burn(lone, spans(lone, "Ann")).boxes == (PixelBox(97, 37, 133, 63),)


def test_margin_stops_at_neighbours_but_never_below_one_pixel() -> None:
    tight = page([("To", (80, 40, 98, 60)), ("Ann", (100, 40, 130, 60)), ("ok", (130, 40, 150, 60))], [("below", (100, 62, 140, 80))])
    assert plan_burn(tight, spans(tight, "Ann")).boxes == (PixelBox(98, 37, 131, 62),)


def test_one_box_per_line_of_a_span_but_not_over_columns() -> None:
    two = page([("Ann", (10, 10, 40, 20)), ("Lee", (44, 8, 70, 20)), ("far", (200, 10, 230, 20))], [("Roy", (10, 30, 40, 40))])
    (first, second, third) = plan_burn(two, spans(two, "Ann Lee far\nRoy")).boxes
    assert first == PixelBox(8, 6, 72, 22)
    assert (second.x0, third.y0) == (198, 28)


def test_words_under_a_box_leave_the_text_layer_too() -> None:
    mixed = page([("Ann", (10, 10, 60, 30)), ("x", (30, 15, 34, 25)), ("ok", (70, 10, 90, 30))])
    assert [w.text for line in plan_burn(mixed, spans(mixed, "Ann")).lines for w in line.words] == ["ok"]


def test_burned_pixels_are_exactly_the_box() -> None:
    for mode in ("1", "L", "RGB"):
        plan = Burn(page(), (PixelBox(2, 3, 5, 6),))
        image = burn(Image.new(mode, (20, 10), "white"), plan).convert("L")
        assert image.point(lambda v: 255 - v).getbbox() == (2, 3, 5, 6)
        assert sum(image.histogram()[:1]) == 9


def test_labels_stand_in_the_box_and_in_the_text_layer() -> None:
    lone = page([("Dear", (10, 30, 60, 60)), ("Ann", (100, 30, 260, 60))])
    plan = plan_burn(lone, spans(lone, "Ann"), LABEL)
    assert plan.labels == ("[PERSON]",)
    assert [w.text for line in plan.lines for w in line.words] == ["Dear", "[PERSON]"]
    for mode in ("1", "L", "RGB"):
        image = burn(Image.new(mode, (300, 100), "white"), plan).convert("L").crop(plan.boxes[0])
        histogram = image.histogram()
        assert 0.05 < histogram[255] / (image.width * image.height) < 0.5


def test_a_label_that_does_not_fit_is_left_out() -> None:
    lone = page([("Ann", (100, 30, 112, 60))])
    plan = plan_burn(lone, spans(lone, "Ann"), LABEL)
    assert burn(Image.new("L", (300, 100), 255), plan).crop(plan.boxes[0]).getextrema() == (0, 0)


def test_two_spans_of_one_word_share_its_box() -> None:
    lone = page([("Ann/Lee", (100, 30, 260, 60))])
    assert len(plan_burn(lone, spans(lone, "Ann", "Lee"), LABEL).boxes) == 1


def test_words_that_run_aslant_have_boxes_of_their_own() -> None:
    steep = page([("Margaret", (100, 50, 140, 75)), ("Thornbury", (142, 24, 186, 51)), ("stays", (105, 20, 130, 30))])
    boxes = plan_burn(steep, spans(steep, "Margaret Thornbury")).boxes
    assert len(boxes) == 2
    assert [w.text for line in plan_burn(steep, spans(steep, "Margaret Thornbury")).lines for w in line.words] == ["stays"]
