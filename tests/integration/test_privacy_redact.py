"""Redacted copies of generated documents, kind by kind: nothing of the values left, the rest readable.

The proof that every copy must pass stands in test_privacy_proof.py.
"""

from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from redaction_papers import LETTER, hand_made, letter, picture, plain, read, redacted, text_of
from reportlab.pdfgen.canvas import Canvas

from docmill.errors import Damaged, Encrypted, UnsupportedType
from docmill.stages.privacy.redaction import copies
from docmill.stages.privacy.redaction.burning import burn, plan_burn
from docmill.stages.privacy.redaction.pdf_copy import write_pdf
from docmill.stages.privacy.redaction.source import open_source
from docmill.values.evidence import Span
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word
from docmill.values.pages_file import open_pages

SECRETS = ("Uwe Sommer", "uwe.sommer@posteo.example", "DE89 3704 0044 0532 0130 00", "Ida Nowak-Żółć")
KEPT = ("4711-2231", "10.2.0.1", "Invoice", "Regards")


@pytest.mark.parametrize(
    "variant",
    [
        *({}, {"rotate": 90, "crop": True}, {"pages": 3}),
        *(pytest.param(rest, marks=pytest.mark.slow) for rest in ({"rotate": 90}, {"rotate": 180}, {"rotate": 270}, {"crop": True})),
    ],
)
def test_letters_as_pdf(tmp_path: Path, variant: dict[str, int]) -> None:
    out, masked, answer = redacted(letter(tmp_path / "a.pdf", **variant), "application/pdf", tmp_path)
    text = text_of(out)
    pages = variant.get("pages", 1)
    assert answer["boxes"] == 4 * pages
    for value in SECRETS[:3]:
        assert plain(value) not in plain(text)
        assert plain(value) not in plain(" ".join(page.text for page in masked))
        assert value.encode() not in out.read_bytes()
    for word in KEPT:
        assert text.count(word) == pages
        assert masked[0].text.count(word) == 1
    assert masked[0].text.split("\n")[1] == "Dear [PERSON],"
    with pikepdf.open(out) as pdf:
        assert "/Info" not in pdf.trailer
        assert len(pdf.pages) == pages


def test_words_of_the_copy_lie_where_they_lay(tmp_path: Path) -> None:
    source = letter(tmp_path / "a.pdf", rotate=90, crop=True)
    out, _, _ = redacted(source, "application/pdf", tmp_path)
    again = tmp_path / "again"
    again.mkdir()
    before = {w.text: w.box for w in Page.model_validate_json((tmp_path / "page-1.json").read_bytes()).words}
    after = {w.text: w.box for w in Page.model_validate_json(Path(read(out, "application/pdf", again)[0]).read_bytes()).words}
    for word in ("Invoice", "4711-2231", "closed."):
        assert all(abs(a - b) < 6 for a, b in zip(before[word], after[word], strict=True)), word


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    source = letter(tmp_path / "a.pdf")
    copies_made = []
    for name in "xy":
        (tmp_path / name).mkdir()
        copies_made.append(redacted(source, "application/pdf", tmp_path / name)[0].read_bytes())
    assert copies_made[0] == copies_made[1]


def scanned(path: Path, image: Image.Image) -> Path:
    image.save(path, "PDF", resolution=150)
    return path


def test_a_scan_is_read_by_ocr_and_one_bit_stays_one_bit(tmp_path: Path) -> None:
    image = picture(letter(tmp_path / "a.pdf"), dpi=200).convert("1", dither=Image.Dither.NONE)
    image.save(tmp_path / "scan.pdf", "PDF", resolution=200)
    out, _, _ = redacted(tmp_path / "scan.pdf", "application/pdf", tmp_path)
    text = text_of(out)
    assert all(plain(value) not in plain(text) for value in SECRETS[:3])
    assert "4711-2231" in text
    with pikepdf.open(out) as pdf:
        assert next(iter(pdf.pages[0].Resources.XObject.values())).Type == pikepdf.Name.XObject


def test_bilevel_pictures_are_packed_by_group4(tmp_path: Path) -> None:
    page = hand_made("Dear Ann Roy")
    sheet = Image.new("1", (page.width_px, page.height_px), 1)
    write_pdf(tmp_path / "a.pdf", [(burn(sheet, plan_burn(page, [])), plan_burn(page, []))])
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        (shown,) = pdf.pages[0].Resources.XObject.values()
        assert (shown.Filter, int(shown.BitsPerComponent)) == (pikepdf.Name.CCITTFaxDecode, 1)
    assert picture(tmp_path / "a.pdf").convert("L").getextrema() == (255, 255)


@pytest.mark.parametrize(
    ("suffix", "media_type", "out_type"),
    [
        ("png", "image/png", "image/png"), ("jpg", "image/jpeg", "image/jpeg"), ("bmp", "image/bmp", "image/png"),
        ("gif", "image/gif", "image/png"), ("jp2", "image/jp2", "image/png"),
    ],
)  # fmt: skip
def test_images_keep_pixels_only(tmp_path: Path, suffix: str, media_type: str, out_type: str) -> None:
    image = picture(letter(tmp_path / "a.pdf"), dpi=200)
    info = PngInfo()
    info.add_text("Author", "Uwe Sommer")
    exif = Image.Exif()
    exif[0x010E] = "Uwe Sommer"
    source = tmp_path / f"a.{suffix}"
    extra = {
        "png": {"pnginfo": info, "exif": exif},
        "jpg": {"exif": exif, "quality": 95},
        "bmp": {},
        "gif": {"comment": b"Uwe Sommer"},
        "jp2": {},
    }[suffix]
    image.save(source, dpi=(200, 200), **extra)
    out, masked, answer = redacted(source, media_type, tmp_path)
    assert answer["media_type"] == out_type
    assert b"Sommer" not in out.read_bytes()
    assert "[PERSON]" in masked[0].text
    with Image.open(out) as copy:
        assert copy.size == image.size
        assert not copy.getexif()
        dark = copy.convert("L").point(lambda v: 255 * (v < 20)).getbbox()
    assert dark


def test_a_photo_turned_by_exif_is_redacted_upright(tmp_path: Path) -> None:
    upright = picture(letter(tmp_path / "a.pdf"), dpi=200)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn clockwise to view
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.jpg", exif=exif, quality=95, dpi=(200, 200))
    out, masked, _ = redacted(tmp_path / "a.jpg", "image/jpeg", tmp_path)
    assert "[PERSON]" in masked[0].text
    with Image.open(out) as copy:
        assert copy.size == upright.size


def test_of_an_animation_and_of_a_telephones_photo_the_first_picture_is_the_page(tmp_path: Path) -> None:
    image = picture(letter(tmp_path / "a.pdf"), dpi=200)
    other = Image.new("RGB", image.size, "white")
    image.save(tmp_path / "a.webp", save_all=True, append_images=[other], quality=95)
    image.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[other], quality=95, dpi=(200, 200))
    for name, media_type in (("a.webp", "image/webp"), ("a.jpg", "image/jpeg")):
        (tmp_path / media_type[6:]).mkdir()
        out, masked, _ = redacted(tmp_path / name, media_type, tmp_path / media_type[6:])
        assert len(masked) == 1
        with Image.open(out) as copy:
            assert getattr(copy, "n_frames", 1) == 1


@pytest.mark.parametrize(("name", "media_type"), [("a.tif", "image/tiff"), ("a.gif", "image/gif")])
def test_every_frame_becomes_a_page_of_a_pdf(tmp_path: Path, name: str, media_type: str) -> None:
    image = picture(letter(tmp_path / "a.pdf"), dpi=200).convert("L")
    other = image.copy()
    other.paste(0, (0, 0, 20, 20))  # a GIF drops a frame that repeats the one before
    image.save(tmp_path / name, save_all=True, append_images=[other], dpi=(200, 200))
    out, masked, answer = redacted(tmp_path / name, media_type, tmp_path)
    assert (answer["media_type"], len(masked)) == ("application/pdf", 2)
    assert "sommer" not in plain(text_of(out))


def test_text_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(LETTER))
    out, masked, answer = redacted(tmp_path / "a.txt", "text/plain", tmp_path)
    text = out.read_text()
    assert answer["media_type"] == "text/plain"
    assert text.rstrip("\n") == masked[0].text
    assert "Dear [PERSON]," in text
    assert "[IBAN_CODE]" in text
    assert not any(plain(value) in plain(text) for value in SECRETS[:3])


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 nothing")
    (tmp_path / "bad.png").write_bytes(b"\x89PNG nothing")
    with pikepdf.open(letter(tmp_path / "a.pdf")) as pdf:
        pdf.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(owner="o", user="u"))
    for name, media_type, error in (
        ("bad.pdf", "application/pdf", Damaged),
        ("locked.pdf", "application/pdf", Encrypted),
        ("bad.png", "image/png", Damaged),
        ("bad.png", "video/mp4", UnsupportedType),
    ):
        with pytest.raises(error), open_source(tmp_path / name, media_type):
            pass


@pytest.mark.parametrize(("kind", "text_layer_sees"), [("/Ink", 255), ("/Circle", 0), ("/Stamp", 0)])
def test_what_was_not_read_is_not_drawn(tmp_path: Path, kind: str, text_layer_sees: int) -> None:
    with pikepdf.open(letter(tmp_path / "a.pdf")) as pdf:
        form = pikepdf.Stream(pdf, b"0 g 0 0 100 40 re f")
        form.Type, form.Subtype, form.BBox = pikepdf.Name.XObject, pikepdf.Name.Form, [0, 0, 100, 40]
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name(kind),
            Rect=[250, 10, 350, 50],
            F=4,
            AP=pikepdf.Dictionary(N=pdf.make_indirect(form)),
        )
        pdf.pages[0].Annots = pikepdf.Array([pdf.make_indirect(note)])
        pdf.save(tmp_path / "noted.pdf")
    page = Page(number=1, width_px=400, height_px=300, dpi=72, lines=(), source="text_layer", language="en")
    with open_source(tmp_path / "noted.pdf", "application/pdf") as source:
        assert source.render(page).convert("L").getpixel((300, 270)) == text_layer_sees
        assert source.render(page.model_copy(update={"source": "tesseract"})).convert("L").getpixel((300, 270)) == 0


def test_a_picture_pasted_into_a_text_page_is_read_and_redacted(tmp_path: Path) -> None:
    from PIL import ImageDraw, ImageFont

    from docmill.services.single_files import FilePrivacy
    from docmill.settings import Settings
    from docmill.values.options import MillOptions

    card = Image.new("L", (900, 220), 255)
    for row, line in enumerate(("Identity card of the office", "Write to uwe.sommer@posteo.example")):
        ImageDraw.Draw(card).text((40, 40 + 80 * row), line, fill=0, font=ImageFont.load_default(40))
    card.save(tmp_path / "card.png")
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(400, 300))
    canvas.drawString(40, 250, "This page has a text layer with ordinary words.")
    canvas.drawString(40, 230, "The picture below was pasted by a clerk.")
    canvas.drawImage(str(tmp_path / "card.png"), 40, 80, 300, 73)  # a larger one would be read with the page
    canvas.save()
    with FilePrivacy(Settings(home=tmp_path / "home"), MillOptions(entities=("EMAIL_ADDRESS",))) as work:
        made = work.redact(tmp_path / "a.pdf", "box")
        assert made.by_type == {}
        (page,) = made.evidence.pages
        assert len(page.boxes) == 1
        image = picture(made.path, dpi=page.dpi).convert("L")
        x0, y0, x1, y1 = page.boxes[0]
        assert image.crop((x0 + 2, y0 + 2, x1 - 2, y1 - 2)).getextrema()[1] < 20
        assert y0 > 150 * page.dpi / 72  # the words of the text layer stay
        assert "pasted by a clerk" in text_of(made.path)


def test_a_value_that_only_a_picture_showed_goes_from_the_words_too(tmp_path: Path) -> None:
    """A card with a name is pasted into a page whose words name the same person, and no engine knew the name there."""
    page = hand_made("we gave Zoltan Qwrtz the key", "Kind regards")
    card = Word(text="Zoltan", box=Box(400, 200, 460, 220), confidence=1), Word(text="Qwrtz", box=Box(470, 200, 520, 220), confidence=1)
    seen = hand_made("x").model_copy(update={"lines": (Line(words=card),), "source": "unread"})
    span = Span(page=1, start=0, end=12, type="PERSON", confidence=0.95, source="t")
    Image.new("L", (600, 300), 230).save(tmp_path / "a.png")
    made = copies.write_copy(tmp_path / "a.png", "image/png", [page], [], tmp_path, unread=[(seen, (span,))])
    assert open_pages(made.pages)[0].text == "we gave [PERSON] the key\nKind regards"
    assert made.boxes == 2
    doubtful = span.model_copy(update={"confidence": 0.6})
    made = copies.write_copy(tmp_path / "a.png", "image/png", [page], [], tmp_path, unread=[(seen, (doubtful,))])
    assert made.boxes == 1
