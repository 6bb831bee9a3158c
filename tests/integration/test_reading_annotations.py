"""What form fields, notes and shapes show on a PDF page is read as it is seen."""

from pathlib import Path

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Object, Pdf, String
from reading_pages import TEXT, read, scan_pdf, text_pdf

from docmill.pdf_pages import form_values
from docmill.stages.privacy.redaction.source import open_source

BODY = "\n".join((*TEXT, "Page 71"))


@pytest.fixture
def drawn(tmp_path):
    """A page of text, open to be changed, and what saves and reads it."""
    file = text_pdf(tmp_path / "a.pdf", size=(500, 300))
    with pikepdf.open(file, allow_overwriting_input=True) as pdf:

        def page_of(annotations, **form):
            if form:
                pdf.Root.AcroForm = Dictionary(
                    Fields=Array([one for one in annotations if one.Subtype == Name.Widget]),
                    DR=Dictionary(Font=Dictionary(Helv=_font(pdf))),
                    **form,
                )
            pdf.pages[0].obj.Annots = Array(annotations)
            pdf.save(file)
            return read(file, tmp_path)

        yield pdf, page_of


def _font(pdf: Pdf) -> Dictionary:
    return pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding))


def annotation(pdf: Pdf, kind: str, shown: str | None = None, **entries: object) -> Dictionary:
    made = Dictionary(Type=Name.Annot, Subtype=Name("/" + kind), Rect=Array([40, 40, 240, 64]), F=4, **entries)
    if shown is not None:
        look = pdf.make_stream(f"/Tx BMC BT /F 12 Tf 4 8 Td ({shown}) Tj ET EMC".encode(), Type=Name.XObject, Subtype=Name.Form)
        look.BBox, look.Resources = Array([0, 0, 200, 24]), Dictionary(Font=Dictionary(F=_font(pdf)))
        made.AP = Dictionary(N=look)
    return pdf.make_indirect(made)


def field(pdf: Pdf, value: str, shown: str | None = None) -> Dictionary:
    return annotation(pdf, "Widget", shown, FT=Name.Tx, T=String("name"), V=String(value), DA=String("/Helv 12 Tf 0 g"))


@pytest.mark.parametrize("is_asked", [True, False])
def test_a_value_without_an_appearance_is_read(drawn, is_asked):
    pdf, page_of = drawn
    page = page_of([field(pdf, "Jörg Sörensen")], NeedAppearances=is_asked)
    assert (page.source, page.lines[-1].text, page.reason) == ("text_layer", "Jörg Sörensen", "usable text layer")


@pytest.mark.parametrize("value", ["Zażółć gęślą jaźń", "Счёт 4711", "発注書 7"])
@pytest.mark.parametrize("shown", [None, "stale"])
def test_a_value_in_a_script_that_the_forms_font_lacks_is_read_whole(drawn, value, shown):
    pdf, page_of = drawn
    assert page_of([field(pdf, value, shown)], NeedAppearances=True).text == f"{BODY}\n{value}"


def test_a_value_that_says_nothing_of_its_font_is_read(drawn):
    pdf, page_of = drawn
    bare = field(pdf, "Sorensen")
    del bare.DA
    assert page_of([bare], NeedAppearances=False).lines[-1].text == "Sorensen"


@pytest.mark.parametrize("style", ["", "0 g"])
def test_a_style_without_a_font_is_none(drawn, style):
    pdf, page_of = drawn
    bare = field(pdf, "Sorensen")
    bare.DA = String(style)
    assert page_of([bare], NeedAppearances=False).lines[-1].text == "Sorensen"


@pytest.mark.parametrize(("flag", "value", "shown"), [(1 << 17, String("DE"), "Germany"), (1 << 21, Array([String("DE")]), "Germany")])
def test_a_choice_is_read_by_its_name(drawn, flag, value, shown):
    pdf, page_of = drawn
    choice = field(pdf, "")
    choice.FT, choice.Ff, choice.V = Name.Ch, flag, value
    choice.Opt = Array([Array([String("DE"), String("Germany")]), Array([String("FR"), String("France")])])
    assert page_of([choice], NeedAppearances=False).text == f"{BODY}\n{shown}"


@pytest.mark.parametrize("is_asked", [True, False])
def test_a_value_that_is_a_name_is_read(drawn, is_asked):
    pdf, page_of = drawn
    odd = field(pdf, "")
    odd.V = Name("/Bremen #1")
    assert page_of([odd], NeedAppearances=is_asked).lines[-1].text == "Bremen #1"


@pytest.mark.parametrize(("flag", "shown"), [(1 << 12, "a long note"), (1 << 13, "***********")])
def test_a_value_that_is_a_stream_is_read_but_for_passwords(drawn, flag, shown):
    pdf, page_of = drawn
    long = field(pdf, "")
    long.V, long.Ff = pdf.make_stream(b"a long note"), flag
    assert page_of([long], NeedAppearances=False).lines[-1].text == shown


@pytest.mark.parametrize(("is_asked", "read_as"), [(True, "fresh value"), (False, "stale look")])
def test_an_appearance_that_shows_another_value_holds_unless_the_form_says_it_is_stale(drawn, is_asked, read_as):
    pdf, page_of = drawn
    assert page_of([field(pdf, "fresh value", "stale look")], NeedAppearances=is_asked).text == f"{BODY}\n{read_as}"


def test_a_form_whose_appearances_show_the_values_is_not_written_anew(drawn, monkeypatch):
    pdf, page_of = drawn
    monkeypatch.setattr(form_values, "_saved", lambda *_: pytest.fail("a copy is made"))
    assert page_of([field(pdf, "the value", "the value")], NeedAppearances=True).lines[-1].text == "the value"


def test_a_field_behind_many_links_is_read(drawn):
    pdf, page_of = drawn
    links = [annotation(pdf, "Link") for _ in range(700)]
    assert page_of([*links, field(pdf, "last", "last")], NeedAppearances=False).lines[-1].text == "last"


@pytest.mark.parametrize("kind", ["Watermark", "Square", "Redact", "Line"])
def test_captions_of_shapes_are_read(drawn, kind):
    pdf, page_of = drawn
    assert page_of([annotation(pdf, kind, "caption")]).lines[-1].text == "caption"


def test_a_note_for_paper_alone_is_not_read(drawn):
    pdf, page_of = drawn
    note = annotation(pdf, "FreeText", "for paper")
    note.F = 32
    assert page_of([note]).text == BODY


@pytest.mark.parametrize("said", ["see invoice 4711", "Счёт 4711", "two\rlines of it", "Überweisung läuft"])
@pytest.mark.parametrize("style", ["0 0 1 rg /Arial 10 Tf", "", "/Helv 0 Tf"])
def test_a_note_without_an_appearance_is_read_by_its_contents(drawn, said, style):
    pdf, page_of = drawn
    note = annotation(pdf, "FreeText", Contents=String(said), DA=String(style))
    assert page_of([annotation(pdf, "Link"), note]).text == "\n".join((BODY, *said.split("\r")))


def test_a_long_note_is_wrapped_into_its_rectangle_without_its_frame(drawn, tmp_path):
    pdf, page_of = drawn
    note = annotation(
        pdf, "FreeText", Contents=String("the goods of the second lot came late"), DA=String("/Helv 12 Tf"), RD=Array([80, 0, 40, 0])
    )
    note.Rect = Array([0, 0, 240, 64])
    page = page_of([note])
    assert page.text.removeprefix(BODY).split() == str(note.Contents).split()
    said = page.words[-8:]
    assert len({word.box.y0 for word in said}) > 2
    assert min(word.box.x0 for word in said) / page.dpi * 72 >= 79
    assert max(word.box.x1 for word in said) / page.dpi * 72 <= 201
    with open_source(tmp_path / "a.pdf", "application/pdf") as source:
        assert (np.asarray(source.render(page).convert("L"))[-160:] < 128).any()


@pytest.mark.parametrize("entries", [{"F": 2}, {"Contents": String(" ")}, {"Contents": 4}, {"Rect": Array([1, 2])}])
def test_a_note_that_nobody_sees_is_not_read(drawn, entries):
    pdf, page_of = drawn
    note = annotation(pdf, "FreeText", Contents=String("never mind"))
    for name, entry in entries.items():
        note[Name("/" + name)] = entry
    assert page_of([note]).text == BODY


ODD = {
    "rectangle": {"Rect": Array([1, 2]), "Contents": String("Счёт")}, "frame": {"RD": Array([1])}, "style": {"DA": String(b"\xef\xbb\xbf\xc3")},
    "bytes": {"Contents": String(b"\xef\xbb\xbf\xc3")}, "looks": {"AP": Array()}, "no looks": {"AP": Dictionary()}, "flags": {"F": 5},
    "value": {"FT": Name.Tx, "V": Object.parse(b"/Stra#dfe"), "Subtype": Name.Widget},
    "choice": {"FT": Name.Ch, "V": String("a"), "Opt": Array([Array([String(b"\xef\xbb\xbf\xc3"), 4])]), "Subtype": Name.Widget},
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_what_is_odd_of_one_note_or_field_takes_nothing_from_the_others(drawn, odd):
    pdf, page_of = drawn
    broken, note = annotation(pdf, "FreeText", Contents=String("odd one")), annotation(pdf, "FreeText", Contents=String("a good note"))
    broken.Rect, note.Rect = Array([300, 40, 480, 64]), Array([300, 70, 480, 94])
    for name, entry in ODD[odd].items():
        broken[Name("/" + name)] = entry
    text = page_of([broken, note, field(pdf, "good value")], NeedAppearances=False).text
    assert "a good note" in text
    assert "good value" in text
    shown = {
        "frame": "odd one",
        "style": "odd one",
        "looks": "odd one",
        "no looks": "odd one",
        "flags": "odd one",
        "value": "Straße",
        "choice": "a",
    }
    assert shown.get(odd, "good value") in text


def test_a_note_of_more_words_than_its_rectangle_holds_is_read_whole(drawn):
    pdf, page_of = drawn
    said = "Approved by Mrs Margaret Thornbury on 2 May, to be booked by Mr Sorensen"
    note = annotation(pdf, "FreeText", Contents=String(said), DA=String("/Helv 12 Tf"))
    note.Rect = Array([40, 40, 240, 54])
    assert page_of([note]).text.removeprefix(BODY).split() == said.split()


def test_white_letters_on_a_coloured_note_are_seen(drawn):
    pdf, page_of = drawn
    note = annotation(pdf, "FreeText", Contents=String("seen well"), DA=String("1 1 1 rg /Helv 12 Tf"), C=Array([0, 0, 1]))
    assert page_of([note]).text == f"{BODY}\nseen well"


def test_a_note_in_a_right_to_left_script_is_read_as_it_is_written(drawn):
    pdf, page_of = drawn
    said = "דוד כהן"
    assert page_of([annotation(pdf, "FreeText", Contents=String(said))]).text == f"{BODY}\n{said}"


@pytest.mark.parametrize("entries", [{"DA": String("")}, {"RD": Array([20, 10, 20, 10])}, {}])
def test_a_note_over_a_scan_is_read_where_a_redacted_copy_shows_it(tmp_path, entries):
    file = scan_pdf(tmp_path / "a.pdf")
    with pikepdf.open(file, allow_overwriting_input=True) as pdf:
        note = annotation(pdf, "FreeText", Contents=String("Margaret Thornbury"), **{"DA": String("/Helv 12 Tf"), **entries})
        note.Rect = Array([180, 4, 390, 60])
        pdf.pages[0].obj.Annots = Array([note])
        pdf.save(file)
    page = read(file, tmp_path)
    with open_source(file, "application/pdf") as source:
        ink = np.asarray(source.render(page).convert("L")) < 128
    assert page.source != "text_layer"
    words = [word.box for word in page.words if word.text in {"Margaret", "Thornbury"}]
    assert len(words) == 2
    for box in words:
        ink[int(box.y0) - 6 : int(box.y1) + 7, int(box.x0) - 6 : int(box.x1) + 7] = False
    note_area = ink[int(page.height_px * 2 / 3) :, int(page.width_px * 0.45) :]
    assert not note_area.any(), "letters beside the words that were read"


def test_a_note_beside_a_form_leaves_its_fields_alone(drawn):
    pdf, page_of = drawn
    note = annotation(pdf, "FreeText", Contents=String("a note"))
    note.Rect = Array([300, 40, 480, 64])
    page = page_of([note, field(pdf, "fresh value", "stale look")], NeedAppearances=False)
    assert page.text == f"{BODY}\nstale look a note"


def test_redaction_draws_the_value_that_was_read(drawn, tmp_path: Path):
    pdf, page_of = drawn
    page = page_of([field(pdf, "fresh", "stale look that is longer")], NeedAppearances=True)
    with open_source(tmp_path / "a.pdf", "application/pdf") as source:
        inked = np.asarray(source.render(page).convert("L"))[-160:] < 128
    word = page.words[-1].box
    assert np.flatnonzero(inked.any(axis=0)).max() == pytest.approx(word.x1, abs=4)
