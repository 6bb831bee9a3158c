"""Born-digital pages: PDFs written with reportlab, without a clock or chance in them, and their rendering to images."""

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image
    from reportlab.pdfgen.canvas import Canvas

A4_PT: Final = (595.28, 841.89)
MARGIN_PT: Final = 64.0


def pdf(path: Path, title: str, pages: "Iterable[Callable[[Canvas], None]]") -> Path:
    """Write a PDF of A4 pages, one per painter; the same painters give the same bytes."""
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - loads in 0.3 s, only where samples are made

    canvas = Canvas(str(path), pagesize=A4_PT, invariant=1)
    canvas.setTitle(title)
    canvas.setAuthor("docmill samples")
    for paint in pages:
        paint(canvas)
        canvas.showPage()
    canvas.save()
    return path


def paragraphs(canvas: "Canvas", texts: Iterable[str], top_pt: float, *, size_pt: float = 11.0, font: str = "Helvetica") -> float:
    """Set paragraphs from `top_pt` (points above the lower edge) downwards; returns where the next one would begin."""
    from reportlab.lib.utils import simpleSplit  # noqa: PLC0415 - see pdf

    y = top_pt
    canvas.setFont(font, size_pt)
    for text in texts:
        for line in simpleSplit(text, font, size_pt, A4_PT[0] - 2 * MARGIN_PT):
            canvas.drawString(MARGIN_PT, y, line)
            y -= 1.4 * size_pt
        y -= 0.7 * size_pt
    return y


def prose(title: str, texts: Iterable[str]) -> "Callable[[Canvas], None]":
    """The painter of a page with a heading and paragraphs."""

    def paint(canvas: "Canvas") -> None:
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(MARGIN_PT, A4_PT[1] - MARGIN_PT - 16, title)
        paragraphs(canvas, texts, A4_PT[1] - MARGIN_PT - 52)

    return paint


def picture(image: "Image.Image", *, quality: int = 75) -> "Callable[[Canvas], None]":
    """The painter of a page that is one JPEG and has no text layer, as scanners write it."""
    from reportlab.lib.utils import ImageReader  # noqa: PLC0415 - see pdf

    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)

    def paint(canvas: "Canvas") -> None:
        canvas.drawImage(ImageReader(data), 0, 0, width=A4_PT[0], height=A4_PT[1])

    return paint


def rendered(path: Path, page: int, dpi: int) -> "Image.Image":
    """A page of a PDF, counted from 1, as a grey image."""
    import pypdfium2  # noqa: PLC0415 - native code, only where samples are made

    document = pypdfium2.PdfDocument(path)
    try:
        image: Image.Image = document[page - 1].render(scale=dpi / 72, grayscale=True).to_pil()
        return image.convert("L")
    finally:
        document.close()
