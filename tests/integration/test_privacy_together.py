"""What the proof would call a leak goes: values that come together once what stood between them is gone, and values joined from others."""

from pathlib import Path

import pytest
from PIL import Image
from redaction_papers import hand_made

from docmill.stages.privacy.masking import mask_pages
from docmill.stages.privacy.redaction import copies, planning
from docmill.stages.privacy.redaction.burning import BOX, CODE, LABEL, plan_burn
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


def read_over(page: Page, text: str, said: str, **given: object) -> tuple[Page, tuple[Span, ...]]:
    """What a second reader made of words of a page, as one value."""
    start = page.text.index(text)
    words = page.words_in(start, start + len(text))
    read = [Word(text=word, box=word_of.box, confidence=1) for word, word_of in zip(said.split(), words, strict=True)]
    seen = page.with_lines((Line(words=tuple(read)),)).model_copy(update={"source": "unread"})
    return seen, (span(seen, said).model_copy(update=given),)


def test_single_words_under_a_second_reading_are_no_values() -> None:
    """OCR reads an address in a picture that lies over words of the page: its words go there as one, and `Street` stays everywhere else."""
    first = hand_made("lives at High Street now")
    second = hand_made("the High trees of every Street").model_copy(update={"number": 2})
    plan = plan_of([first, second], [], [read_over(first, "High Street", "HIGH STREFT", confidence=0.8)], BOX)
    assert [page.text for page in plan.masked()] == ["lives at [PERSON] now", "the High trees of every Street"]


def test_one_word_under_a_longer_value_is_none() -> None:
    first, second = hand_made("a High tree"), hand_made("the High trees").model_copy(update={"number": 2})
    seen, _ = read_over(first, "High", "HIGH")
    beside = Word(text="STREET", box=Box(500, 200, 560, 220), confidence=1)  # nothing of the page stands there
    seen = seen.with_lines((Line(words=(*seen.words, beside)),))
    plan = plan_of([first, second], [], [(seen, (span(seen, "HIGH STREET").model_copy(update={"confidence": 0.8}),))], BOX)
    assert [page.text for page in plan.masked()] == ["a [PERSON] tree", "the High trees"]


@pytest.mark.parametrize(
    ("value", "said", "given"),
    [
        ("Zoltan Krummbach", "Zoltan Krurnmbach", {}),
        ("u.krummbach@posteo.example", "u.krurnmbach@posteo.example", {"type": "EMAIL_ADDRESS"}),
        ("078-05-1120", "078-05-1l20", {"type": "US_SSN", "confidence": 0.95}),
    ],
)
@pytest.mark.parametrize("style", [BOX, LABEL])
def test_what_a_second_reader_misread_goes_elsewhere_as_the_page_spells_it(
    value: str, said: str, given: dict[str, object], style: str
) -> None:
    first = hand_made(f"here is {value} now", f"again {value} there")
    second = hand_made(f"file of {value} closed").model_copy(update={"number": 2})
    mask = f"[{given.get('type', 'PERSON')}]"
    plan = plan_of([first, second], [], [read_over(first, value, said, **given)], style)
    assert [page.text for page in plan.masked()] == [f"here is {mask} now\nagain {mask} there", f"file of {mask} closed"]


def test_what_a_second_reader_doubts_goes_where_it_saw_it() -> None:
    first, second = hand_made("Rechnung 4711"), hand_made("Ihre Rechnung vom").model_copy(update={"number": 2})
    plan = plan_of([first, second], [], [read_over(first, "Rechnung", "Rechmann", confidence=0.8)], BOX)
    assert [page.text for page in plan.masked()] == ["[PERSON] 4711", "Ihre Rechnung vom"]


def test_a_word_that_a_box_cuts_goes_from_the_masked_pages_as_from_the_copy() -> None:
    """The second reader saw a value at the end of a long word, whose middle lies beside the box."""
    page = hand_made("Invoice-Department-of:Smithers Total")
    box = page.words[0].box
    end = Word(text="Smlthers", box=Box(box.x1 - 0.3 * box.width, box.y0, box.x1, box.y1), confidence=1)
    seen = page.with_lines((Line(words=(end,)),)).model_copy(update={"source": "unread"})
    plan = plan_of([page], [], [(seen, (span(seen, "Smlthers").model_copy(update={"confidence": 0.85}),))], BOX)
    shown = [word.text for planned in plan.burns() for line in planned.lines for word in line.words]
    assert ([one.text for one in plan.masked()], shown) == (["[PERSON] Total"], ["Total"])


def test_print_under_what_a_code_says_is_no_value() -> None:
    first = hand_made("print Invoice there", "of this Invoice")
    seen, found = read_over(first, "Invoice", "tel:+49")
    plan = plan_of([first], [], [(seen.model_copy(update={"source": CODE}), found)], BOX)
    assert [page.text for page in plan.masked()] == ["print [PERSON] there\nof this Invoice"]


@pytest.mark.parametrize("style", [BOX, LABEL])
def test_words_come_together_where_a_code_lies_over_the_label(style: str) -> None:
    pages, spans = two_pages()
    seen, found = read_over(pages[1], "Uwe", "tel:+49")
    box = found[0].boxes or tuple(w.box for w in seen.words)
    wide = Box(box[0].x0 - 9, box[0].y0 - 9, box[0].x1 + 9, box[0].y1 + 9)
    seen = seen.with_lines((Line(words=(Word(text="tel:+49", box=wide, confidence=1),)),)).model_copy(update={"source": CODE})
    plan = plan_of(pages, spans, [(seen, found)], style)
    assert next(plan.masked()).text == "[PERSON] was here"
    shown = " ".join(word.text for line in list(plan.burns())[1].lines for word in line.words)
    assert shown.startswith("they met today" if style == BOX else "they met [PERSON] today")


def test_names_over_the_border_of_two_pages_go(tmp_path: Path) -> None:
    first, second = hand_made("Zoltan Qwrtz wrote", "it ends with Zoltan"), hand_made("Qwrtz begins").model_copy(update={"number": 2})
    (tmp_path / "a.txt").write_text("any")
    made = copies.write_copy(tmp_path / "a.txt", "text/plain", [first, second], [span(first, "Zoltan Qwrtz")], tmp_path)
    assert made.path.read_text() == "[PERSON] wrote\nit ends with [PERSON]\f[PERSON] begins\n"


def test_values_over_blank_pages_and_of_many_letters_go_from_texts(tmp_path: Path) -> None:
    """A reader of the file sees the end of one page, form feeds and the beginning of the next."""
    spaced = " ".join("ZoltanQwrtzMeier")
    pages = [hand_made("Zoltan Qwrtz Meier", f"and {spaced[:21]}"), hand_made(""), hand_made(f"{spaced[22:]} too")]
    pages = [page.model_copy(update={"number": at}) for at, page in enumerate(pages, start=1)]
    (tmp_path / "a.txt").write_text("any")
    made = copies.write_copy(tmp_path / "a.txt", "text/plain", pages, [span(pages[0], "Zoltan Qwrtz Meier")], tmp_path)
    assert made.path.read_text() == "[PERSON]\nand [PERSON]\f\f[PERSON] too\n"


def test_in_a_text_masks_stand_between_and_nothing_comes_together(tmp_path: Path) -> None:
    pages, spans = two_pages()
    (tmp_path / "a.txt").write_text("any")
    made = copies.write_copy(tmp_path / "a.txt", "text/plain", pages, spans, tmp_path)
    assert "they met Zoltan [PERSON] Qwrtz today" in made.path.read_text()


def test_many_words_on_both_sides_come_together_and_go_in_a_few_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = list[int]()
    monkeypatch.setattr(planning, "plan_burn", lambda *given: turns.append(1) or plan_burn(*given))
    first, second = hand_made("Zoltan Qwrtz"), hand_made(" ".join(["Zoltan"] * 40 + ["Uwe"] + ["Qwrtz"] * 40))
    second = second.model_copy(update={"number": 2})
    plan = plan_of([first, second], [span(first, "Zoltan Qwrtz"), span(second, "Uwe")], [], BOX)
    assert len(turns) < 10
    shown = [word.text for line in list(plan.burns())[1].lines for word in line.words]
    assert not ({"Zoltan", "Qwrtz"} <= set(shown))


def test_two_spans_within_a_longer_one_leave_one_mask() -> None:
    page = hand_made("met Zoltan Qwrtz today")
    spans = [span(page, "Zoltan"), span(page, "Qwrtz"), span(page, "Zoltan Qwrtz")]
    (masked,) = mask_pages([page], spans)
    assert masked.text == "met [PERSON] today"


def test_other_lines_make_another_text() -> None:
    page = hand_made("some words")
    assert page.text == "some words"
    other = page.with_lines((Line(words=(Word(text="x", box=Box(0, 0, 5, 5), confidence=1),)),))
    assert (other.text, len(other.words), other.number, page.text) == ("x", 1, 1, "some words")
