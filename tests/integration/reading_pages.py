"""Documents for the reading tests, made on the spot, and a short way to read them."""

from pathlib import Path

import pikepdf
from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

from docmill.stages.reading import verbs
from docmill.values.page import Page

LIMITS: dict[str, float] = {"max_pages": 50, "max_pixels": 20_000_000, "max_bytes": 10_000_000, "deadline_s": 60}
TEXT = ("Invoice number 471102", "Payment is due within fourteen days", "Total amount 215.14 EUR")


def text_pdf(file: Path, *, pages: int = 1, lines: tuple[str, ...] = TEXT, size: tuple[float, float] = (400, 300), **save: object) -> Path:
    """A PDF of text lines, 24 points apart from the top, `Page 71` and so on below them; `save` goes to pikepdf (encryption)."""
    canvas = Canvas(str(file), pagesize=size, invariant=1)
    for number in range(1, pages + 1):
        canvas.setFont("Helvetica", 14)
        for at, line in enumerate((*lines, f"Page {70 + number}")):
            canvas.drawString(40, size[1] - 60 - 24 * at, line)
        canvas.showPage()
    canvas.save()
    if save:
        with pikepdf.open(file, allow_overwriting_input=True) as document:
            document.save(file, **save)
    return file


def picture(lines: tuple[str, ...] = TEXT, size: tuple[int, int] = (1100, 500), ink: int = 0, paper: int = 255) -> Image.Image:
    """A gray picture of text lines, as a scanner at 200 dpi would see them."""
    image = Image.new("L", size, paper)
    for at, line in enumerate(lines):
        ImageDraw.Draw(image).text((60, 60 + 90 * at), line, fill=ink, font_size=44)
    return image


def scan_pdf(file: Path, *, stamp: str | None = None, invisible: str | None = None) -> Path:
    """A PDF of one page covered by a picture of text, with a stamp or an invisible text layer over it."""
    canvas = Canvas(str(file), pagesize=(396, 180), invariant=1)
    canvas.drawInlineImage(picture(), 0, 0, 396, 180)
    for words, mode in ((stamp, 0), (invisible, 3)):
        if words:
            text = canvas.beginText(20, 160)
            text.setTextRenderMode(mode)
            text.setFont("Helvetica", 8)
            text.textLines(words)
            canvas.drawText(text)
    canvas.save()
    return file


def read(
    file: Path, folder: Path, number: int = 1, *, engine: str = "auto", language: str = "en", limits: dict[str, float] | None = None
) -> Page:
    """Inspect a file and read one of its pages; asserts that no scratch file is left."""
    kept = limits or LIMITS
    facts = verbs.inspect(str(file), kept)
    scratch, out = folder / "scratch", folder / "out.json"
    scratch.mkdir(exist_ok=True)
    try:
        told = verbs.read_page(str(file), str(facts["media_type"]), number, language, engine, str(scratch), str(out), kept)
    finally:
        assert list(scratch.iterdir()) == []
    page = Page.model_validate_json(out.read_bytes())
    assert told["words"] == len(page.words)
    assert all(0 <= w.box.x0 <= w.box.x1 <= page.width_px and 0 <= w.box.y0 <= w.box.y1 <= page.height_px for w in page.words)
    return page


def drawn(file: Path, folder: Path, page: Page, media_type: str = "application/pdf") -> Image.Image:
    """The upright page image as redaction gets it, in mode L."""
    told = verbs.page_image(str(file), media_type, page.number, page.dpi, str(folder))
    with Image.open(str(told["path"])) as image:
        gray = image.convert("L")
    Path(str(told["path"])).unlink()
    assert gray.size == (told["width_px"], told["height_px"])
    return gray
