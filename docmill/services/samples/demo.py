"""The seven demo documents: what `make demo` mills."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docmill.services.samples import content
from docmill.services.samples.invoice import paint_invoice
from docmill.services.samples.paper import A4_PT, MARGIN_PT, paragraphs, pdf, picture, prose, rendered
from docmill.services.samples.receipt import receipt_photo
from docmill.services.samples.wear import scanned

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

SCAN_DPI: Final = 200
SKEW_DEG: Final = 1.5
PASSWORD: Final = "open-sesame"  # noqa: S105 - of a demo document that says nothing


def write_samples(folder: Path) -> list[Path]:
    """Write the demo documents: digital invoice, the same scanned, receipt photo, letter, mixed PDF, damaged PDF, PDF with a password.

    Every call gives the same bytes on the same library versions, except for the PDF with a password: AES-256 salts its keys by chance, so a
    file that is there already is kept, and a second run of the demo sees the same documents.

    Args:
        folder: made when missing; files of the same names are overwritten.

    Returns:
        The files by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    invoice = pdf(folder / "1-invoice.pdf", f"Invoice {content.INVOICE_NUMBER}", [paint_invoice])
    scan = scanned(rendered(invoice, 1, SCAN_DPI), skew_deg=SKEW_DEG, noise=9.0, seed=1)
    mixed = _write_mixed(folder / "5-minutes-mixed.pdf")
    return [
        invoice,
        pdf(folder / "2-invoice-scanned.pdf", "Scan", [picture(scan)]),
        _write_receipt(folder / "3-receipt-photo.jpg"),
        pdf(folder / "4-letter-two-languages.pdf", "Membership", [_paint_letter]),
        mixed,
        _write_damaged(folder / "6-damaged.pdf", mixed),
        _write_encrypted(folder / "7-password.pdf", invoice),
    ]


def _write_receipt(path: Path) -> Path:
    receipt_photo().save(path, "JPEG", quality=82)
    return path


def _paint_letter(canvas: "Canvas") -> None:
    canvas.setFont("Times-Bold", 15)
    canvas.drawString(MARGIN_PT, 775, "Society of Unwritten Books / Verein der ungeschriebenen Bücher")
    canvas.setFont("Times-Roman", 11)
    for row, line in enumerate(("Ms Eleanor Thistlewood", "48 Hollow Oak Drive", "Springvale")):
        canvas.drawString(MARGIN_PT, 735 - 15 * row, line)
    canvas.drawRightString(A4_PT[0] - MARGIN_PT, 735, "2 September 2025")
    y = paragraphs(canvas, content.LETTER_ENGLISH, 660, size_pt=11.5, font="Times-Roman")
    y = paragraphs(canvas, ("Yours sincerely,", "Augustus Merriweather"), y, size_pt=11.5, font="Times-Roman")
    canvas.line(MARGIN_PT, y, A4_PT[0] - MARGIN_PT, y)
    y = paragraphs(canvas, content.LETTER_GERMAN, y - 26, size_pt=11.5, font="Times-Roman")
    paragraphs(canvas, ("Mit freundlichen Grüßen", "Augustus Merriweather"), y, size_pt=11.5, font="Times-Roman")


def _write_mixed(path: Path) -> Path:
    """Page 1 is text; page 2 is the image of a page, without a text layer."""
    first, *rest = content.REPORT
    heading, *appendix = content.REPORT_SCANNED
    source = pdf(path.with_suffix(".source"), "Appendix", [prose(heading, appendix)])
    scan = scanned(rendered(source, 1, SCAN_DPI), skew_deg=-0.6, noise=6.0, seed=2)
    source.unlink()
    return pdf(path, "Minutes", [prose(first, rest), picture(scan)])


def _write_damaged(path: Path, source: Path) -> Path:
    """The first third of a PDF: a transfer that broke off inside an image, before the catalogue that every reader needs."""
    data = source.read_bytes()
    path.write_bytes(data[: len(data) // 3])
    return path


def _write_encrypted(path: Path, source: Path) -> Path:
    import pikepdf  # noqa: PLC0415 - native code, only where samples are made

    if not path.exists():
        target = BytesIO()
        with pikepdf.open(source) as document:
            document.save(target, encryption=pikepdf.Encryption(user=PASSWORD, owner=f"{PASSWORD}-owner", R=6, aes=True))
        path.write_bytes(target.getvalue())
    return path
