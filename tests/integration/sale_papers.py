"""Invented invoices (tests/unit/invoice_generator.py) as PDFs with a text layer, alone or several in one file."""

import sys
from pathlib import Path

import pikepdf
from reportlab.pdfgen.canvas import Canvas

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from invoice_generator import Sale, printed
from understanding_pages import CHAR_PX, PITCH_PX

PX_PT = 0.5


def write_package(path: Path, *sales: Sale) -> Path:
    """Sales on pages of one PDF."""
    with pikepdf.new() as whole:
        for number, one in enumerate(sales):
            with pikepdf.open(write_pdf(path.with_suffix(f".{number}"), one, None)) as single:
                whole.pages.extend(single.pages)
        whole.save(path)
    return path


def write_pdf(path: Path, one: Sale, xml: bytes | None, *, name: str = "factur-x.xml") -> Path:
    """The page of a sale as PDF with a text layer, with XML inside."""
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=True)
    canvas.setFont("Courier", 8)
    for word in printed(one).words:
        canvas.drawString(30 + word.box.x0 * PX_PT, 800 - word.box.y0 / PITCH_PX * 14, word.text)
    canvas.save()
    if xml is not None:
        with pikepdf.open(path, allow_overwriting_input=True) as pdf:
            pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, xml, mime_type="text/xml")
            pdf.save(path)
    assert CHAR_PX * PX_PT > 4.8  # a Courier letter of 8 pt is 4.8 pt wide: words must not touch
    return path
