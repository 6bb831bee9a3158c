"""What the proof would call a leak goes: values that come together once what stood between them is gone, and values joined from others."""

from pathlib import Path

import pytest
from PIL import Image
from redaction_papers import hand_made

from docmill.stages.privacy.redaction import copies
from docmill.stages.privacy.redaction.burning import BOX, LABEL
from docmill.stages.privacy.redaction.planning import plan_of
from docmill.values.evidence import Span
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word
from docmill.values.pages_file import open_pages


def span(page: Page, value: str, source: str = "t") -> Span:
    start = page.text.index(value)
    return Span(page=page.number, start=start, end=start + len(value), type="PERSON", confidence=1, source=source)


def two_pages() -> tuple[list[Page], list[Span]]:
    """A name on one page; on the other its words on both sides of another name, in one line and across two."""
    first = hand_made("Zoltan Qwrtz was here")
    second = hand_made("they met Zoltan Uwe Qwrtz today", "and then Zoltan", "Uwe Qwrtz left").model_copy(update={"number": 2})
    others = [
        span(second, "Uwe"),
        span(second, "Uwe").model_copy(update={"start": second.text.rindex("Uwe"), "end": second.text.rindex("Uwe") + 3}),
    ]
    return [first, second], [span(first, "Zoltan Qwrtz"), *others]


@pytest.mark.parametrize(("style", "shown"), [(BOX, ["they met", "today", "and then", "left"]), (LABEL, None)])
def test_words_that_come_together_as_a_value_go(tmp_path: Path, style: str, shown: list[str] | None) -> None:
    pages, spans = two_pages()
    Image.new("L", (600, 300), 230).save(tmp_path / "a.tif", save_all=True, append_images=[Image.new("L", (600, 300), 230)])
    made = copies.write_copy(tmp_path / "a.tif", "image/tiff", pages, spans, tmp_path, style=style)
    text = open_pages(made.pages)[1].text
    if shown:
        assert text == "they met [PERSON] today\nand then [PERSON]\nleft"
        burned = list(plan_of(pages, spans, [], style).burns())[1]
        assert " ".join(w.text for line in burned.lines for w in line.words) == "they met today and then left"
    else:  # a label stands between them, in the copy, too
        assert text == "they met Zoltan [PERSON] Qwrtz today\nand then Zoltan\n[PERSON] Qwrtz left"


def test_a_value_joined_from_two_goes_everywhere() -> None:
    """Spans that touch are one on the page that has both; the other page has the whole, and no span."""
    first = hand_made("met Zoltan Qwrtz-Lee here")
    second = hand_made("Zoltan Qwrtz Lee").model_copy(update={"number": 2})
    plan = plan_of([first, second], [span(first, "Zoltan Qwrtz-Lee")], [], LABEL)
    assert [page.text for page in plan.masked()] == ["met [PERSON] here", "[PERSON]"]


def test_single_words_under_a_second_reading_are_no_values() -> None:
    """OCR reads an address in a picture that lies over words of the page: its words go there, and `Street` stays everywhere else."""
    first = hand_made("lives at High Street now")
    second = hand_made("the High trees of every Street").model_copy(update={"number": 2})
    under = [
        Word(text=word, box=box, confidence=1) for word, box in zip(("HIGH", "STREFT"), (w.box for w in first.words[2:4]), strict=True)
    ]
    seen = first.with_lines((Line(words=tuple(under)),)).model_copy(update={"source": "unread"})
    plan = plan_of([first, second], [], [(seen, [span(seen, "HIGH STREFT").model_copy(update={"confidence": 0.8})])], BOX)
    assert [page.text for page in plan.masked()] == ["lives at [PERSON] [PERSON] now", "the High trees of every Street"]


def test_other_lines_make_another_text() -> None:
    page = hand_made("some words")
    assert page.text == "some words"
    other = page.with_lines((Line(words=(Word(text="x", box=Box(0, 0, 5, 5), confidence=1),)),))
    assert (other.text, len(other.words), other.number, page.text) == ("x", 1, 1, "some words")
