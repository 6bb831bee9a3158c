"""Pages whose coordinates count in more than points (/UserUnit, PDF 1.7, 14.11.6): sizes and boxes are those of the paper."""

import json

import pikepdf
import pytest
from reading_pages import LIMITS, TEXT, drawn, read, scan_pdf, text_pdf

from docmill.pdf_pages.document_facts import facts_of
from docmill.stages.privacy.redaction.source import open_source
from docmill.stages.reading import verbs
from docmill.stages.reading.pdf_file import close_all, pdf_page
from docmill.stages.reading.text_layer import text_layer_of

PDF = "application/pdf"


@pytest.fixture(autouse=True)
def closed(monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")
    yield
    close_all()


def in_units(file, unit, shrunk=1.0):
    """The PDF with its coordinates in units of so many points, its drawing and its page made smaller by `shrunk`."""
    with pikepdf.open(file, allow_overwriting_input=True) as document:
        page = document.pages[0]
        page.obj.UserUnit = unit
        page.obj.MediaBox = [float(edge) / shrunk for edge in page.mediabox]
        page.contents_add(b"%.4f 0 0 %.4f 0 0 cm" % (1 / shrunk, 1 / shrunk), prepend=True)
        document.save(file, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return file


def test_text_has_the_size_it_has_on_paper(tmp_path):
    plain = read(text_pdf(tmp_path / "plain.pdf"), tmp_path)
    file = in_units(text_pdf(tmp_path / "a.pdf"), 2)
    page = read(file, tmp_path)
    assert (page.width_px, page.height_px) == pytest.approx((2 * plain.width_px, 2 * plain.height_px), abs=1)
    assert [w.box for w in page.words] == [pytest.approx(w.box.scaled(2), abs=0.2) for w in plain.words]
    assert drawn(file, tmp_path, page).size == (page.width_px, page.height_px)
    with open_source(file, PDF) as source:
        assert source.render(page).size == pytest.approx((page.width_px, page.height_px), abs=1)


def test_a_scan_of_few_large_units_is_read_and_made_searchable(tmp_path):
    file = in_units(scan_pdf(tmp_path / "a.pdf"), 10, shrunk=10)
    page = read(file, tmp_path)
    assert page.text == "\n".join(TEXT)
    (tmp_path / "pages.json").write_text(json.dumps([page.model_dump(mode="json")]))
    verbs.searchable_pdf(str(file), str(tmp_path / "pages.json"), str(tmp_path / "made.pdf"), str(tmp_path / "scratch"), LIMITS)
    with pdf_page(tmp_path / "made.pdf", 1) as sheet:
        found = text_layer_of(sheet, page.dpi).words
    assert [w.text for w in found] == [w.text for w in page.words]
    assert [w.box for w in found] == [pytest.approx(w.box, abs=6) for w in page.words]


@pytest.mark.parametrize("unit", [0, -1, 1e9])
def test_a_unit_that_no_page_has_counts_as_a_point(tmp_path, unit):
    assert facts_of(in_units(text_pdf(tmp_path / "a.pdf"), unit)).units == {}


def test_a_unit_that_is_none_hides_no_other_fact(tmp_path):
    file = text_pdf(tmp_path / "a.pdf", pages=2)
    with pikepdf.open(file, allow_overwriting_input=True) as document:
        layer = document.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="hidden"))
        document.Root.OCProperties = pikepdf.Dictionary(OCGs=[layer], D=pikepdf.Dictionary(OFF=[layer]))
        document.pages[0].obj.UserUnit, document.pages[1].obj.UserUnit = pikepdf.Name.X, 2
        document.save(file)
    facts = facts_of(file)
    assert (facts.hides_layers, facts.units) == (True, {2: 2.0})
