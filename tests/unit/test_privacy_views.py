"""Values that are torn by line ends, spaced letter by letter, or far below the heading that says what they are."""

import pytest
from test_privacy_columns import page

from docmill.stages.privacy.finding import find_in_text, find_spans
from docmill.stages.privacy.headings import headed_views
from docmill.stages.privacy.names import without_labels
from docmill.stages.privacy.patterns import PATTERNS
from docmill.stages.privacy.spacing import closed_page, closed_text, is_letter_spaced
from docmill.stages.privacy.wrapping import wrapped_view
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

NUMBERS = ("PHONE_NUMBER", "IBAN_CODE", "CREDIT_CARD", "US_SSN", "BIRTH_DATE", "EMAIL_ADDRESS", "PASSPORT", "TAX_ID")


def found(sheet: Page, *entities: str) -> list[str]:
    spans, _ = find_spans([sheet], language="de", entities=entities or NUMBERS)
    return [sheet.text[span.start : span.end] for span in spans]


def spaced(*gaps_and_letters: tuple[float, str]) -> Page:
    x, words = 10.0, []
    for gap, letters in gaps_and_letters:
        x += gap
        words.append(Word(text=letters, box=Box(x, 10, x + 8 * len(letters), 24), confidence=1))
        x += 8 * len(letters)
    return Page(number=1, width_px=900, height_px=100, dpi=100, lines=(Line(words=tuple(words)),), source="text_layer", language="de")


# --- over lines


@pytest.mark.parametrize(
    ("rows", "value"),
    [
        (("she can be reached at the number 0151", "2345 6789 in the evening or before noon"), "0151\n2345 6789"),
        (
            ("please write about all this to margaret.thorn-", "bury@posteo.example before the end of May"),
            "margaret.thorn-\nbury@posteo.example",
        ),
        (("the money comes from the card 4111 1111 1111", "1111 that was given to us by the customer"), "4111 1111 1111\n1111"),
        (("it must go to the account of DE89 3704 0044", "0532 0130 00 until the end of this month"), "DE89 3704 0044\n0532 0130 00"),
    ],
)
def test_values_that_go_on_in_the_next_line(rows: tuple[str, ...], value: str) -> None:
    sheet = page(*(((0, row),) for row in rows))
    assert " ".join(found(sheet)).replace("-\n", "-").replace("\n", "") == value.replace("-\n", "-").replace("\n", "")


def test_a_line_that_had_room_for_more_does_not_go_on() -> None:
    assert wrapped_view(page(((0, "Call 0151"),), ((0, "2345 pieces of 17 different kinds of nails and screws"),))) is None
    assert wrapped_view(page(((0, "one word"), (300, "and a column")), ((0, "more words"), (300, "in columns")))) is None


def test_a_hyphen_of_a_word_goes_and_one_of_a_number_stays() -> None:
    view = wrapped_view(page(((0, "the long line with SSN 536-22-"),), ((0, "8417 of Thorn-"),)))
    assert view is not None
    assert "536-22-8417" in view.text
    sheet = page(((0, "the long name of Mrs. Thorn-"),), ((0, "bury and all the others here"),))
    assert "Thornbury and" in wrapped_view(sheet).text  # type: ignore[union-attr]
    assert found(sheet, "PERSON") == ["Thorn-\nbury"]


# --- letter by letter


def test_letters_are_closed_up_and_wider_gaps_end_words() -> None:
    name = [(6.0, c) for c in "Margaret"] + [(18.0, "T")] + [(6.0, c) for c in "hornbury"]
    assert closed_page(spaced(*name)).text == "Margaret Thornbury\n"  # type: ignore[union-attr]
    assert closed_page(spaced((9, "Ma"), (7, "rga"), (6, "r"), (6, "et"), (20, "Th"), (7, "orn"), (7, "bu"), (6, "ry"))).text == (  # type: ignore[union-attr]
        "Margaret Thornbury\n"
    )
    assert closed_page(spaced((6, "ordinary"), (6, "words"), (6, "of"), (6, "all"), (6, "lengths"))) is None


def test_letter_spaced_values_are_found() -> None:
    label = [(6.0, "IBAN:")]
    sheet = spaced(*label, *((7.0, c) for c in "DE89370400440532013000"))
    assert found(sheet) == [" ".join("DE89370400440532013000")]
    born = spaced((6, "Geburtsdatum:"), *((7.0, c) for c in "13.06.1985"))
    assert found(born) == [" ".join("13.06.1985")]


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("Name:  M a r g a r e t   T h o r n b u r y", "Name: Margaret Thornbury\n"),
        ("5 3 6 - 2 2 - 8 4 1 7", "536-22-8417\n"),
        ("U w e S o m m e r", "Uwe Sommer\n"),
    ],
)
def test_letter_spaced_text(text: str, closed: str) -> None:
    assert is_letter_spaced(text)
    assert closed_text(text).text == closed


def test_initials_and_marks_are_no_letter_spaced_words() -> None:
    assert not is_letter_spaced("J. R. R. Tolkien x x x - and a b c")


# --- below headings

PEOPLE = page(
    ((0, "Name"), (200, "Geburtsdatum"), (400, "Summe")),
    *(((0, f"Qwrt{c} Zxy{c}"), (200, f"0{n}.06.19{n}5"), (400, f"{n}0.120.500")) for n, c in enumerate("abcdefgh", start=1)),
)


def test_every_cell_below_a_heading_is_what_the_heading_says() -> None:
    assert found(PEOPLE) == [f"0{n}.06.19{n}5" for n in range(1, 9)]
    assert found(PEOPLE, "PERSON") == [f"Qwrt{c} Zxy{c}" for c in "abcdefgh"]


def test_a_cell_that_reaches_its_neighbour_is_told_apart_by_the_headings() -> None:
    rows = (((0, "Qwrta Zxya"), (100, "01.06.1915")), ((0, "Qwrtbbb Zx"), (100, "02.06.1925")), ((0, "Qwrtcc Zxyc"), (100, "03.06.1935")))
    sheet = page(((0, "Name"), (100, "Geburtsdatum"), (300, "Summe")), *((*row, (300, "5.00")) for row in rows * 2))
    assert found(sheet) == ["01.06.1915", "02.06.1925", "03.06.1935"] * 2


def test_a_table_of_articles_has_no_people_and_a_form_no_headings() -> None:
    articles = page(((0, "Name"), (200, "Preis")), ((0, "Qwrta Zxya"), (200, "12.50")), ((0, "Qwrtb Zxyb"), (200, "7.00")))
    assert found(articles, "PERSON") == []
    assert list(headed_views(page(((0, "Name:"), (200, "Qwrta")), ((0, "Tel.:"), (200, "none"))))) == []


def test_a_heading_is_no_context_for_the_next_cell() -> None:
    sheet = page(((0, "Telefon"), (200, "Menge")), ((0, "keines"), (200, "12345678")), ((0, "keines"), (200, "12345679")))
    views = [view.text for view, _ in headed_views(sheet)]
    assert len(views) == 1
    assert [hit for p in PATTERNS if p.type == "PHONE_NUMBER" for hit in p.find(views[0])] == []


# --- numbers of states


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Sozialversicherungsnummer: 65 180539 W 001", "65 180539 W 001"),
        ("NHS number 943 476 5919.", "943 476 5919"),
        ("AHV-Nr. 756.9217.0769.85", "756.9217.0769.85"),
        ("DNI 12345678Z", "12345678Z"),
        ("Personalausweis-Nr.: T22000129", "T22000129"),
        ("identity card number L01X00T471", "L01X00T471"),
    ],
)
def test_numbers_that_states_give(text: str, value: str) -> None:
    hits = [text[h.start : h.end] for p in PATTERNS if p.type in {"TAX_ID", "PASSPORT"} for h in p.find(text)]
    assert value in hits


@pytest.mark.parametrize("text", ["the insurance number of 12.03.2020", "order 943 476 5919", "NHS number of 12 rooms and 4711 beds"])
def test_other_numbers_are_none(text: str) -> None:
    assert not [h for p in PATTERNS if p.type in {"TAX_ID", "PASSPORT"} for h in p.find(text)]


@pytest.mark.parametrize("text", ["card 4111 1111 1111\n1111 was", "4111 1111 1111 1111 12/27", "4111-1111-1111-1111"])
def test_cards_over_a_line_and_before_a_date(text: str) -> None:
    hits = [text[h.start : h.end] for p in PATTERNS if p.type == "CREDIT_CARD" for h in p.find(text)]
    assert any("".join(c for c in hit if c.isdigit()) == "4111111111111111" for hit in hits)


@pytest.mark.parametrize("text", ["1 " * 8_000, "a b " * 5_000, "A1" * 5_000, "NHS " + "1" * 5_000 + "a"])
@pytest.mark.timeout(20)
def test_hostile_text_takes_no_time(text: str) -> None:
    find_in_text(text, language="de", entities=NUMBERS)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("NL91 ABNA 0417 1643 00 -75.00", ["NL91 ABNA 0417 1643 00"]),
        ("NL91 ABNA 0417 1643 00 0711 123456", ["NL91 ABNA 0417 1643 00", "0711 123456"]),
    ],
)
def test_what_stands_behind_a_checked_number_is_no_part_of_it(text: str, wanted: list[str]) -> None:
    hits = find_in_text(text, language="de", entities=NUMBERS).hits
    assert [text[hit.start : hit.end] for hit in hits] == wanted


@pytest.mark.parametrize(
    ("text", "name"), [("Ada Byron DOB", "Ada Byron"), ("Ada Byron SSN NO", "Ada Byron"), ("ADA BYRON", "ADA BYRON"), ("DOB", "DOB")]
)
def test_labels_in_capitals_end_names(text: str, name: str) -> None:
    assert text[: without_labels(text, 0, len(text))] == name
