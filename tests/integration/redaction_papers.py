"""Letters with personal data as PDFs, redacted through the verbs of the stage, and pages made by hand."""

import json
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from docmill.stages.privacy import verbs
from docmill.stages.privacy.redaction import verbs as redaction
from docmill.values.geometry import Box
from docmill.values.options import DEFAULT_ENTITIES
from docmill.values.page import Line, Page, Word

LIMITS = {"max_pages": 50, "max_pixels": 50_000_000, "max_bytes": 50_000_000}
LETTER = (
    "Invoice 4711-2231 of version 10.2.0.1",
    "Dear Uwe Sommer,",
    "we write to uwe.sommer@posteo.example now,",
    "IBAN: DE89 3704 0044 0532 0130 00 as agreed.",
    "The file of UWE SOMMER is closed. Regards",
)


def letter(path: Path, *, pages: int = 1, rotate: int = 0, crop: bool = False, metadata: bool = True) -> Path:
    canvas = Canvas(str(path), pagesize=(400, 300) if rotate % 180 == 0 else (300, 400), invariant=1)
    if metadata:
        canvas.setTitle("Letter to Uwe Sommer")
        canvas.setAuthor("uwe.sommer@posteo.example")
    for _ in range(pages):
        canvas.setFont("Helvetica", 11)
        canvas.translate(*{0: (0, 0), 90: (300, 0), 180: (400, 300), 270: (0, 400)}[rotate])
        canvas.rotate(rotate)  # drawn sideways, so that the turned page is upright
        for row, line in enumerate(LETTER):
            canvas.drawString(60, 230 - 24 * row, line)
        if crop:
            canvas.setCropBox((30, 40, 280, 390) if rotate % 180 else (30, 40, 390, 280))
        canvas.showPage()
    canvas.save()
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        for page in pdf.pages:
            page.Rotate = rotate
        pdf.save(path)
    return path


def picture(path: Path, dpi: int = 150) -> Image.Image:
    document = pdfium.PdfDocument(path)
    image = document[0].render(scale=dpi / 72).to_pil().copy()
    document.close()
    return image


def read(path: Path, media_type: str, directory: Path) -> list[str]:
    from docmill.stages.reading import verbs as reading

    count = reading.inspect(str(path), LIMITS)["page_count"]
    paths = [str(directory / f"page-{n}.json") for n in range(1, int(count) + 1)]
    for number, out in enumerate(paths, start=1):
        reading.read_page(str(path), media_type, number, "en", "auto", str(directory), out, LIMITS)
    return paths


def redacted(path: Path, media_type: str, directory: Path) -> tuple[Path, list[Page], dict[str, object]]:
    pages = read(path, media_type, directory)
    verbs.find_pii(pages, "en", list(DEFAULT_ENTITIES), str(directory / "spans.json"))
    (directory / "out").mkdir()
    answer = redaction.redact(str(path), media_type, pages, str(directory / "spans.json"), str(directory / "out"))
    masked = [Page.model_validate(page) for page in json.loads((directory / "out" / str(answer["pages"])).read_bytes())]
    return directory / "out" / str(answer["redacted"]), masked, answer


def plain(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def text_of(path: Path) -> str:
    document = pdfium.PdfDocument(path)
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return text


def hand_made(*rows: str) -> Page:
    """A page whose words are 10 px a character and 20 px high, 40 px from row to row, at 100 dpi."""
    lines = []
    for row, text in enumerate(rows):
        x, words = 20.0, []
        for word in text.split():
            words.append(Word(text=word, box=Box(x, 20.0 + 40 * row, x + 10 * len(word), 40.0 + 40 * row), confidence=1.0))
            x += 10 * len(word) + 10
        lines.append(Line(words=tuple(words)))
    return Page(number=1, width_px=600, height_px=300, dpi=100, lines=tuple(lines), source="tesseract", language="en")
