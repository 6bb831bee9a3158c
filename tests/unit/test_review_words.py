"""Corrected passages, places that move with them, and what rulings make of spans: pure, on small pages."""

import pytest

from docmill.services.review.aligning import moved, touched
from docmill.services.review.changes import Changes, Correction, corrected_pages
from docmill.services.review.correcting import corrected_page
from docmill.services.review.rulings import Ruling, on_new_pages, ruled
from docmill.stages.privacy.masking import mask_pages
from docmill.values.evidence import Span
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word


def page(text, number=1):
    """Words 10 px a character wide, lines 20 px high."""
    lines = []
    for row, line in enumerate(text.split("\n")):
        x, words = 0, []
        for word in line.split():
            words.append(Word(text=word, box=Box(x, 20 * row, x + 10 * len(word), 20 * row + 15), confidence=0.5))
            x += 10 * len(word) + 10
        lines.append(Line(words=tuple(words)))
    return Page(number=number, width_px=600, height_px=800, dpi=72, lines=tuple(lines), source="tesseract", language="en")


def span(one, text, entity="PERSON", nth=0):
    start = -1
    for _ in range(nth + 1):
        start = one.text.index(text, start + 1)
    boxes = tuple(w.box for w in one.words_in(start, start + len(text)))
    return Span(page=one.number, start=start, end=start + len(text), type=entity, confidence=0.5, source="ner", boxes=boxes)


def texts(spans, *pages):
    by_number = {one.number: one.text for one in pages}
    return [(by_number[s.page][s.start : s.end], s.type) for s in spans]


@pytest.mark.parametrize(
    ("before", "passage", "said", "after"),
    [
        ("Tota1 due 5\nto Jhon", "Tota1 due 5\nto Jhon", "Total due 5 to John", "Total due 5\nto John"),
        ("a b c\nd e", "b", "x y", "a x y c\nd e"),
        ("a b c\nd e", "b c\nd", "b d", "a b\nd e"),
        ("a b c", "a", "z", "z b c"),
        ("one tw o three", "tw o", "two", "one two three"),
        ("end her e", "her e", "here and more", "end here and more"),
        ("a b", "a b", "a n b", "a n b"),
        ("a b\nc", "a b", "z", "z\nc"),
    ],
)
def test_a_passage_says_what_was_typed_and_the_rest_stays(before, passage, said, after):
    old = page(before)
    start = old.text.index(passage)
    new = corrected_page(old, start, start + len(passage), said)
    assert new.text == after
    assert {w.confidence for w in new.words if w.text in said.split()} == {1.0}
    assert all(w.box in {o.box for o in old.words} or w.text in said.split() for w in new.words)


def test_ink_that_redaction_covers_is_never_left_out():
    old = page("call Ida Blum now")
    hidden = [(5, 13)]
    assert corrected_page(old, 0, len(old.text), "call now", hidden=hidden).text == "call Ida Blum now"
    assert corrected_page(old, 0, len(old.text), "call now").text == "call now"


@pytest.mark.parametrize(
    ("old", "new", "place", "expected"),
    [
        ("a bb ccc", "a bb ccc", "bb", "bb"),
        ("a bb ccc", "aaaa bb ccc", "bb", "bb"),
        ("a bb ccc", "a xx yy ccc", "bb", "xx yy"),
        ("a bb ccc", "a ccc", "bb", None),
        ("(bb) ccc", "long (bb) ccc", "bb", "bb"),
        ("a bb ccc dd", "a bb xxxxx dd", "bb ccc", "bb xxxxx"),
        ("a bb ccc dd", "a bb dd", "bb ccc", "bb"),
    ],
)
def test_places_move_with_their_words(old, new, place, expected):
    before, after = page(old), page(new)
    start = old.index(place)
    found = moved(before, after, start, start + len(place))
    assert (found and after.text[slice(*found)]) == expected


def test_a_place_in_a_masked_page_is_the_words_under_the_mask():
    read = page("dear Ida Blum\nplease call")
    (masked,) = mask_pages([read], [span(read, "Ida Blum")])
    assert masked.text == "dear [PERSON]\nplease call"
    place = moved(masked, read, 0, len(masked.text))
    assert read.text[slice(*place)] == read.text
    inside = masked.text.index("[PERSON]")
    assert read.text[slice(*moved(masked, read, inside, inside + 8))] == "Ida Blum"


def test_words_that_a_range_touches():
    assert touched(page("ab cd ef"), 1, 4) == (0, 2)
    assert touched(page("ab cd ef"), 2, 3) == (1, 1)
    assert touched(page("ab cd ef"), 3, 99) == (1, 3)


def test_two_corrections_of_one_page_and_overlapping_ones():
    old = page("aa bb cc dd ee")
    asked = Changes(corrections=(Correction(page=1, start=0, end=5, text="a a b"), Correction(page=1, start=9, end=14, text="DD ee")))
    assert corrected_pages([old], asked, {})[0].text == "a a b cc DD ee"
    asked = Changes(corrections=(Correction(page=1, start=0, end=8, text="aa BB cc"), Correction(page=1, start=3, end=11, text="BB cc DD")))
    assert corrected_pages([old], asked, {})[0].text == "aa BB cc DD ee"
    assert corrected_pages([old], Changes(), {})[0] is old


def no(one, text, entity="PERSON", nth=0):
    found = span(one, text, entity, nth)
    return Ruling(page=one.number, start=found.start, end=found.end, type=entity, is_personal=False)


def yes(one, text, entity="PERSON", nth=0):
    return no(one, text, entity, nth).model_copy(update={"is_personal": True})


def test_what_is_none_goes_wherever_it_was_found_and_what_was_missed_is_hidden_wherever_it_stands():
    first, second = page("May Day was Ida Blum's day"), page("May and Ida Blum", 2)
    found = [span(first, "May"), span(first, "Ida Blum"), span(second, "May"), span(second, "Ida Blum")]
    kept = ruled(found, [no(first, "May")], [first, second])
    assert texts(kept, first, second) == [("Ida Blum", "PERSON")] * 2
    added = ruled([], [yes(second, "Ida Blum")], [first, second])
    assert texts(added, first, second) == [("Ida Blum", "PERSON")] * 2
    assert all(one.boxes and one.confidence == 1.0 and one.source == "review" for one in added)


def test_a_value_that_is_personal_elsewhere_stays_hidden():
    one = page("sent by Ida Blum Road\nIda Blum")
    found = [span(one, "Ida Blum Road", "LOCATION"), span(one, "Ida Blum", nth=1)]
    kept = ruled(found, [no(one, "Ida Blum Road", "LOCATION")], [one])
    assert texts(kept, one) == [("Ida Blum", "PERSON"), ("Ida Blum", "PERSON")]


def test_the_last_word_on_a_place_counts_and_a_found_span_becomes_sure():
    one = page("Ida Blum")
    found = [span(one, "Ida Blum")]
    assert ruled(found, [yes(one, "Ida Blum"), no(one, "Ida Blum")], [one]) == []
    (back,) = ruled(found, [no(one, "Ida Blum"), yes(one, "Ida Blum")], [one])
    assert (back.confidence, back.source) == (1.0, "ner")


def test_rulings_follow_their_words_to_corrected_pages():
    old, new = page("from lda Blum to Max"), page("sent by Ida Blum to Max")
    assert [(r.start, r.end) for r in on_new_pages([no(old, "Max")], [old], [new])] == [(20, 23)]
    assert on_new_pages([no(old, "Max")], [old], [page("nothing")]) == []
    assert on_new_pages([no(old, "Max")], [old], [page("from lda Blum to Maxine")]) == []
    assert [(r.start, r.end) for r in on_new_pages([yes(old, "Max")], [old], [page("from lda Blum to Maxine")])] == [(17, 23)]
