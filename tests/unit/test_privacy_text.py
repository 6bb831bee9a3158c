"""Merging, repeating, chunking and masking: nothing covered is ever uncovered."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docmill.errors import EngineMissing
from docmill.stages.privacy import chunking, literals, names
from docmill.stages.privacy.finding import engines_for, find_spans
from docmill.stages.privacy.hits import Hit
from docmill.stages.privacy.literals import Haystack, Known
from docmill.stages.privacy.masking import mask_pages
from docmill.stages.privacy.merging import merge, whole_addresses
from docmill.stages.privacy.version import FIND_VERSION, find_engine, redact_engine
from docmill.values.evidence import Span
from docmill.values.geometry import Box
from docmill.values.options import DEFAULT_ENTITIES, MillOptions
from docmill.values.page import Line, Page, Word


def page_of(text: str, number: int = 1) -> Page:
    lines = []
    for row, line in enumerate(text.split("\n")):
        x, words = 10.0, []
        for word in line.split():
            words.append(Word(text=word, box=Box(x, 10.0 + 20 * row, x + 8 * len(word), 22.0 + 20 * row), confidence=0.9))
            x += 8 * len(word) + 8
        lines.append(Line(words=tuple(words)))
    return Page(number=number, width_px=600, height_px=400, dpi=72, lines=tuple(lines), source="text_layer", language="en")


def span(page: Page, value: str, entity: str = "PERSON") -> Span:
    start = page.text.index(value)
    return Span(page=page.number, start=start, end=start + len(value), type=entity, confidence=0.9, source="pattern:test")


def test_merged_hits_cover_every_character_and_patterns_name_them() -> None:
    model = Hit(0, 12, "PERSON", 0.9, "model:presidio")
    pattern = Hit(5, 20, "EMAIL_ADDRESS", 0.8, "pattern:email")
    assert merge([pattern, model], "x" * 30) == (Hit(0, 5, "PERSON", 0.9, "model:presidio"), pattern)
    other = Hit(5, 20, "NRP", 0.8, "pattern:x")
    (both,) = merge([other, model], "x" * 30)
    assert both._replace(votes=()) == Hit(0, 20, "NRP", 0.9, "pattern:x")
    assert [(vote.engine, vote.rule) for vote in both.votes] == [("presidio", "PERSON"), ("patterns", "x")]
    assert merge([Hit(0, 3, "URL", 0.5, "pattern:a"), Hit(3, 6, "URL", 0.5, "pattern:a")], "x" * 9) == (
        Hit(0, 3, "URL", 0.5, "pattern:a"),
        Hit(3, 6, "URL", 0.5, "pattern:a"),
    )


def test_parts_of_one_address_become_one_but_two_people_stay_two() -> None:
    text = "Main Street 5,\nGraz Ann, Bob"
    location = [Hit(0, 13, "ADDRESS", 0.8, "pattern:a"), Hit(15, 19, "LOCATION", 0.7, "model:b")]
    people = [Hit(20, 23, "PERSON", 0.8, "model:b"), Hit(25, 28, "PERSON", 0.8, "model:b")]
    merged = merge(location + people, text)
    assert [(h.start, h.end) for h in merged] == [(0, 13), (15, 19), (20, 23), (25, 28)]
    assert [(h.start, h.end) for h in whole_addresses(merged, text)] == [(0, 19), (20, 23), (25, 28)]


def test_a_town_keeps_its_span_in_an_address_and_a_street_its_name() -> None:
    text = "Address: Rue de Paris 5, Graz"
    label = Hit(9, 29, "ADDRESS", 0.8, "pattern:address_label")
    street = Hit(9, 23, "ADDRESS", 0.85, "pattern:street_prefix")
    places = [Hit(16, 21, "LOCATION", 0.8, "model:presidio"), Hit(25, 29, "LOCATION", 0.8, "model:presidio")]
    assert [(h.type, text[h.start : h.end]) for h in merge([label, street, *places], text)] == [
        ("ADDRESS", "Rue de Paris 5"),
        ("LOCATION", "Graz"),
    ]


@pytest.mark.parametrize(
    ("text", "value", "entity", "holds"),
    [
        ("Uwe  SOMMER", "Uwe Sommer", "PERSON", True),
        ("U w e S-o-m-m-e-r", "Uwe Sommer", "PERSON", True),
        ("Rákóczi", "Rakoczi", "LOCATION", True),
        ("Żółć", "Zolc", "PERSON", True),
        ("De\u0301sire\u0301e", "Désirée", "PERSON", True),
        ("ﬁnn olsen", "Finn Olsen", "PERSON", True),
        ("Annapolis", "Anna", "PERSON", False),
        ("Sommer", "Uwe Sommer", "PERSON", False),
        ("IBANDE89370400440532013000x", "DE89 3704 0044 0532 0130 00", "IBAN_CODE", True),
        ("200.51.7800", "200-51-7800", "US_SSN", True),
        ("1200-51-7800", "200-51-7800", "US_SSN", False),
        ("Ida", "Ida", "PERSON", False),
        ("Uwe ........ Sommer", "Uwe Sommer", "PERSON", False),
    ],
)
def test_a_value_is_known_again(text: str, value: str, entity: str, holds: bool) -> None:
    assert Haystack(text).holds(value, entity) is holds


_LETTERS = st.text("aAbäß1 2-.\n", max_size=12)


@given(
    _LETTERS.map(lambda part: part * 4),
    st.lists(st.tuples(_LETTERS, st.sampled_from(["PERSON", "US_SSN"])), max_size=8),
    st.integers(1, 30),
)
def test_a_long_text_is_looked_through_in_blocks(text: str, values: list[tuple[str, str]], block: int) -> None:
    known = Known([*values, *((text[at : at + 6], "PERSON") for at in range(0, len(text), 5))])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(literals, "_BLOCK", block)
        assert known.held(text) == len({pair for _, _, pair in known.occurrences(text)})


@given(_LETTERS.map(lambda part: part * 4), st.lists(st.tuples(_LETTERS, st.sampled_from(["PERSON", "US_SSN"])), max_size=8))
def test_many_values_are_found_where_each_alone_is(text: str, values: list[tuple[str, str]]) -> None:
    alone = [(start, end, (value, entity)) for value, entity in values for start, end in Haystack(text).find(value, entity)]
    assert list(Known(values).occurrences(text)) == alone
    assert Known(values).held(text) == len({pair for _, _, pair in alone})


def test_what_is_found_once_is_found_on_every_page() -> None:
    first, second = page_of("Dear Zqxw Brrt,\nhello"), page_of("the file of zqxw BRRT is here", 2)
    spans, engines = find_spans([first, second], language="de", entities=["PERSON"])
    assert [(s.page, s.type, s.source.split(":")[0]) for s in spans] == [(1, "PERSON", "pattern"), (2, "PERSON", "repeat")]
    assert second.text[spans[1].start : spans[1].end] == "zqxw BRRT"
    assert spans[1].boxes == tuple(w.box for w in second.words[3:5])
    assert "not searched by spaCy for de" in engines["names"]


def test_only_wanted_types_are_reported() -> None:
    page = page_of("ann@example.org 192.168.1.1 Date of birth: 1.2.1990")
    spans, engines = find_spans([page], language="de", entities=["IP_ADDRESS"])
    assert [s.type for s in spans] == ["IP_ADDRESS"]
    assert engines == {"patterns": FIND_VERSION}


def test_masks_take_the_value_and_leave_the_rest() -> None:
    page = page_of("Dear Uwe Sommer,\nborn (06/13/1995) in\nGraz am See today")
    spans = [span(page, "Uwe Sommer"), span(page, "06/13/1995", "BIRTH_DATE"), span(page, "in\nGraz am", "LOCATION")]
    assert page.text  # cached before: a copy must not carry it along
    (masked,) = mask_pages([page], spans)
    assert masked.text == "Dear [PERSON],\nborn ([BIRTH_DATE]) [LOCATION]\nSee today"
    assert masked.words[1].box == Box(page.words[1].box.x0, 10.0, page.words[2].box.x1, 22.0)
    assert Page.model_validate_json(masked.model_dump_json()) == masked


def test_two_values_in_one_word_and_overlapping_spans() -> None:
    page = page_of("to a@b.de;c@d.de or Ann Lee Roy")
    spans = [span(page, "a@b.de", "EMAIL_ADDRESS"), span(page, "c@d.de", "EMAIL_ADDRESS"), span(page, "Ann Lee"), span(page, "Lee Roy")]
    (masked,) = mask_pages([page], spans)
    assert masked.text == "to [EMAIL_ADDRESS];[EMAIL_ADDRESS] or [PERSON][PERSON]"


def test_chunks_are_bounded_cut_at_lines_and_lose_nothing() -> None:
    text = ("word " * 30 + "\n") * 40 + "x" * 900
    parts = list(chunking.chunks(text, 400))
    assert "".join(part for _, part in parts) == text
    assert all(text[at : at + len(part)] == part and 0 < len(part) <= 400 for at, part in parts)
    assert parts[0][1].endswith("\n")


def test_sentence_form_keeps_offsets() -> None:
    text = "NAME: JOHN İSTANBUL\n> Ann STRAßE ab"
    assert len(names.as_sentence(text)) == len(text)
    assert "John" in names.as_sentence(text)


def test_a_missing_engine_is_said_never_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("offline")

    names._analyzer.cache_clear()
    monkeypatch.setattr(names, "MODEL", "no_such_model_anywhere")
    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    with pytest.raises(EngineMissing, match="names cannot be searched"):
        find_spans([page_of("Ann Lee lives here")], language="en", entities=DEFAULT_ENTITIES)
    names._analyzer.cache_clear()


def test_engines_are_named() -> None:
    assert engines_for("en", DEFAULT_ENTITIES)["names"] == names.MODEL
    assert find_engine(MillOptions())["spacy"][0].isdigit()
    assert "spacy" not in find_engine(MillOptions(language="de"))
    assert set(redact_engine(MillOptions())) == {"pypdfium2", "pikepdf", "pillow", "rapidocr", "zxing-cpp"}
