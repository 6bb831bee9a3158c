"""QR codes and bar codes: what they say to a camera goes with what the page says to people, and the finished copy is looked at again."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps
from redaction_papers import hand_made

from docmill.errors import RedactionUnproven
from docmill.services.redacting import ProvenCopy, Redaction, redact_and_prove
from docmill.stages.privacy import verbs as privacy
from docmill.stages.privacy.redaction import codes as seeing
from docmill.stages.privacy.redaction import verbs as redaction
from docmill.stages.privacy.redaction.burning import plan_burn
from docmill.stages.privacy.redaction.code_contents import form_of
from docmill.stages.privacy.redaction.spreading import under_seen
from docmill.stages.privacy.redaction.unread import find_unread
from docmill.stages.reading import verbs as reading
from docmill.values.geometry import Box
from docmill.values.options import DEFAULT_ENTITIES
from docmill.values.page import Line, Word
from docmill.values.pii_rules import PiiRules

F = zxingcpp.BarcodeFormat
LIMITS = {"max_pages": 5, "max_pixels": 20_000_000, "max_bytes": 10_000_000, "deadline_s": 60}
ACCOUNT = "DE71110220330123456789"
SLIP = f"BCD\n002\n1\nSCT\n\nAurelia Thornbury\n{ACCOUNT}\nEUR12.30\n\n\nhire of a boat\n"
CARD = "BEGIN:VCARD\nVERSION:3.0\nN:Thornbury;Aurelia\nEND:VCARD"
HARMLESS = "PUMP 7 HALL 3 VALVE OPEN"


def drawn(text: str, kind: zxingcpp.BarcodeFormat, *, scale: int = 5) -> Image.Image:
    return Image.fromarray(zxingcpp.create_barcode(text, kind).to_image(scale=scale))


def sheet(path: Path, *stickers: tuple[Image.Image, tuple[int, int]], line: str = "The report of the meeting") -> Path:
    """A page of 200 dpi with a line of print and codes at their places."""
    image = Image.new("L", (1240, 1100), 255)
    ImageDraw.Draw(image).text((80, 60), line, fill=0, font=ImageFont.load_default(36))
    for sticker, place in stickers:
        image.paste(sticker, place)
    image.save(path, dpi=(200, 200), **({"resolution": 200.0} if path.suffix == ".pdf" else {}))
    return path


def call(verb: str, *args: object) -> Mapping[str, object]:
    room, _, name = verb.partition(".verbs:")
    return dict(getattr({"privacy.redaction": redaction, "reading": reading}[room], name)(*args))


def redacted(path: Path, folder: Path, *, style: str = "box", rules: PiiRules | None = None) -> ProvenCopy:
    seen = reading.inspect(str(path), LIMITS)
    pages = [str(folder / f"{n}.json") for n in range(1, int(str(seen["page_count"])) + 1)]
    for number, out in enumerate(pages, start=1):
        reading.read_page(str(path), str(seen["media_type"]), number, "en", "tesseract", str(folder), out, LIMITS)
    spans, rules_path = folder / "spans.json", ""
    if rules:
        rules_path = str(folder / "rules.json")
        Path(rules_path).write_text(rules.model_dump_json())
    privacy.find_pii(pages, "en", list(DEFAULT_ENTITIES), str(spans), rules_path)
    (folder / "out").mkdir()
    asked = Redaction(str(path), str(seen["media_type"]), pages, str(spans), "en", style=style, rules_path=rules_path)
    return redact_and_prove(call, asked, folder / "out", LIMITS)


def said_by(copy: Path) -> list[str]:
    """What a telephone reads on the copy."""
    if copy.suffix != ".pdf":
        return sorted(one.text for one in zxingcpp.read_barcodes(Image.open(copy)))
    document = pdfium.PdfDocument(copy)
    try:
        return sorted(one.text for page in document for one in zxingcpp.read_barcodes(page.render(scale=200 / 72).to_pil()))
    finally:
        document.close()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".pdf"])
def test_what_is_personal_goes_and_the_rest_stays(tmp_path: Path, suffix: str) -> None:
    slip, harmless, bars = drawn(SLIP, F.QRCode), drawn(HARMLESS, F.DataMatrix), drawn("4006381333931", F.EAN13, scale=3)
    path = sheet(tmp_path / f"a{suffix}", (slip, (80, 200)), (harmless, (700, 200)), (bars, (700, 700)))
    made = redacted(path, tmp_path)
    assert said_by(path) == sorted([SLIP, HARMLESS, "4006381333931"])
    assert said_by(made.path) == sorted([HARMLESS, "4006381333931"])
    assert made.boxes == 1
    assert "codes" in made.evidence.gates


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (CARD, F.QRCode),
        ("M1THORNBURY/AURELIA   EABC123 YULFRAAC 0834 326J001A0025 100", F.Aztec),
        ("@\n\x1e\rANSI 636000080002DL00410278ZV03190008DLDAQT64235789\nDCSTHORNBURY", F.PDF417),
        ("HC1:6BFOXN%TSMAHN-H9QCGDSB5QPN9" + "NCFOXN" * 12, F.QRCode),
        (bytes(range(256)), F.DataMatrix),
        ("https://example.org/card?to=aurelia.thornbury%40posteo.example", F.QRCode),
        (f"please pay to {ACCOUNT}", F.Code128),
    ],
    ids=["visiting card", "boarding pass", "driving licence", "certificate", "binary", "escaped address", "account in bars"],
)
def test_forms_that_carry_people_and_contents_nobody_can_search_go(tmp_path: Path, text: str | bytes, kind: zxingcpp.BarcodeFormat) -> None:
    made = redacted(sheet(tmp_path / "a.png", (drawn(text, kind, scale=3), (80, 200))), tmp_path)
    assert said_by(made.path) == []
    assert made.boxes


@pytest.mark.parametrize("kind", [F.QRCode, F.PDF417])
def test_a_code_that_cannot_be_read_goes_because_others_may_read_it(tmp_path: Path, kind: zxingcpp.BarcodeFormat) -> None:
    torn = drawn(HARMLESS * 3, kind)
    width, height = torn.size
    for x, y in ((x, y) for x in range(width * 45 // 100, width * 4 // 5, 5) for y in range(height * 2 // 5, height * 4 // 5, 5)):
        ImageDraw.Draw(torn).rectangle((x, y, x + 4, y + 4), fill=255 * ((x * x + 3 * y) % 7 > 2))
    path = sheet(tmp_path / "a.png", (torn, (80, 200)))
    assert said_by(path) == []
    made = redacted(path, tmp_path, style="label")
    (page,) = made.evidence.pages
    covered = [box for box, label in zip(page.boxes, page.labels, strict=True) if label == "[X_CODE]"]
    assert any(box[0] <= 80 + 20 and box[2] >= 80 + width - 20 for box in covered)


LICENCE = "@\n\x1e\rANSI 636000080002DL00410278ZV03190008DLDAQT64235789\nDCSTHORNBURY\nDBB01011980"


def upright(image: Image.Image, degrees: float) -> list[str]:
    """What somebody reads who turns the picture back."""
    turned = image.convert("L").rotate(-degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    turned = turned.resize((turned.width * 2, turned.height * 2), Image.Resampling.BICUBIC)
    return [one.text for picture in (turned, ImageOps.invert(turned)) for one in zxingcpp.read_barcodes(picture)]


def is_spread(image: Image.Image, degrees: float, length: int) -> bool:
    """Whether one row of bars is left of which a reader can make the code: the row is spread over the height of a bar code."""
    turned = image.convert("L").rotate(-degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    rows = (turned.crop((0, y, turned.width, y + 1)).resize((turned.width, 60)) for y in range(0, turned.height, 2))
    return any(len(one.text) >= length for row in rows for one in zxingcpp.read_barcodes(row))


@pytest.mark.parametrize("degrees", [45, *(pytest.param(rest, marks=pytest.mark.slow) for rest in (0, 2, 17))])
@pytest.mark.parametrize(
    ("text", "kind"), [(f"pay {ACCOUNT}", F.Code128), (LICENCE, F.PDF417), (SLIP, F.QRCode)], ids=["bars", "PDF417", "QR code"]
)
def test_codes_that_stand_aslant_go(tmp_path: Path, degrees: float, text: str, kind: zxingcpp.BarcodeFormat) -> None:
    sticker = drawn(text, kind, scale=3)
    sticker = sticker.crop((0, 20, sticker.width, 80)) if kind == F.Code128 else sticker
    path = sheet(tmp_path / "a.png", (sticker.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255), (80, 200)))
    assert upright(Image.open(path), degrees)
    found = seeing.codes_of(Image.open(path).convert("L"), 1)
    image = Image.open(path).convert("L")
    for one in found:
        ImageDraw.Draw(image).rectangle(tuple(one.box), fill=0)
    assert upright(image, degrees) == []
    assert not is_spread(image, degrees, 8)


def test_white_bars_on_black_are_read() -> None:
    image = Image.new("L", (1240, 700), 0)
    image.paste(ImageOps.invert(drawn(ACCOUNT, F.Code128, scale=3)), (100, 200))
    assert ACCOUNT in {one.text for one in seeing.codes_of(image, 1)}


def test_codes_behind_hundreds_of_others_are_seen() -> None:
    image, sticker = Image.new("L", (2400, 1500), 255), drawn("7", F.QRCode, scale=3)
    for number in range(280):
        image.paste(sticker, (20 + 115 * (number % 20), 20 + 100 * (number // 20)))
    image.paste(drawn(SLIP, F.QRCode, scale=3), (2000, 1300))
    found = seeing.codes_of(image, 1)
    assert len(found) > seeing.MOST_AT_ONCE
    assert SLIP in {one.text for one in found}


@pytest.mark.parametrize(
    ("text", "entities", "goes"),
    [
        (LICENCE, ["PERSON"], True),
        (LICENCE, ["BIRTH_DATE"], True),
        (LICENCE, ["CRYPTO"], True),  # nobody searches it for others: its fields are packed
        (SLIP, ["PERSON"], True),
        (SLIP, ["CREDIT_CARD"], False),
        ("tel:+4915112345678", ["PHONE_NUMBER"], True),
        ("\ufeff\n BEGIN:VCARD\nN:T;A", ["EMAIL_ADDRESS"], True),
        ("M1MADONNA             EABC123 YULFRAAC 0834 326J001A0025 100", ["PERSON"], True),
        ("HC1:6BF %*.:", ["PERSON"], True),
        ("HC1:" + "6BF %*.:" * 20, ["CRYPTO"], True),
        (HARMLESS, list(DEFAULT_ENTITIES), False),
    ],
)
def test_forms_go_for_any_of_the_types_that_they_carry(text: str, entities: list[str], goes: bool) -> None:
    code = seeing.Code(page=1, corners=((0, 0), (9, 0), (9, 9), (0, 9)), text=text, is_matrix=True, is_opaque=text == LICENCE)
    assert (form_of(code, entities) is not None) is goes


def test_a_box_over_most_of_the_bars_does_not_take_the_codes_own_away() -> None:
    """What OCR makes of bars is a word, and its box leaves out a strip of which a telephone reads the rest."""
    code = seeing.Code(page=1, corners=((100, 100), (500, 100), (500, 250), (100, 250)), text="tel:+4915112345678", is_matrix=False)
    word = Word(text="IIIII", box=Box(100.0, 80.0, 500.0, 218.0), confidence=0.4)
    page = hand_made("x").model_copy(update={"lines": (Line(words=(word,)),)})
    unread = find_unread([], [page], [], language="en", entities=["PHONE_NUMBER"], codes=[code])
    under = under_seen(page, [unread[0]]).words
    planned = plan_burn(page, under, unread=unread)
    assert any(box.y0 <= 100 and box.y1 >= 250 for box in planned.boxes)


def test_print_in_the_corner_of_a_code_aslant_is_no_secret(tmp_path: Path) -> None:
    rotated = drawn(SLIP, F.QRCode).rotate(45, expand=True, fillcolor=255)
    path = sheet(tmp_path / "a.png", (rotated, (80, 300)), line="Invoice of the month")
    with Image.open(path) as image:
        ImageDraw.Draw(image).text((84, 306), "Invoice", fill=0, font=ImageFont.load_default(24))
        image.save(path, dpi=(200, 200))
    assert said_by(redacted(path, tmp_path).path) == []


def test_values_as_long_as_a_text_are_in_no_certificate(tmp_path: Path) -> None:
    path = sheet(tmp_path / "a.png", (drawn("https://example.org/" + "a1b2/" * 60, F.QRCode, scale=3), (80, 200)))
    made = redacted(path, tmp_path)
    assert (said_by(made.path), made.seen) == ([], [])


def test_a_content_that_the_users_rules_allow_stays(tmp_path: Path) -> None:
    path = sheet(tmp_path / "a.png", (drawn(SLIP, F.QRCode), (80, 200)))
    made = redacted(path, tmp_path, rules=PiiRules.model_validate({"allow_patterns": [r"BCD\s[\s\S]*Thornbury[\s\S]*"]}))
    assert (made.boxes, said_by(made.path)) == (0, [SLIP])


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        (f"pay {ACCOUNT} soon", {}),
        ("nothing of it", {"deny": ["hire of a boat"]}),
    ],
    ids=["a value that goes elsewhere", "a denied value"],
)
def test_an_allowed_content_goes_for_what_must_go_anyway(tmp_path: Path, line: str, rules: dict[str, object]) -> None:
    path = sheet(tmp_path / "a.png", (drawn(SLIP, F.QRCode), (80, 200)), line=line)
    made = redacted(path, tmp_path, rules=PiiRules.model_validate({"allow_patterns": [r"BCD\s[\s\S]*"], **rules}))
    assert said_by(made.path) == []


def test_a_code_that_is_left_by_mistake_fails_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The boxes are planned as if the code stood elsewhere; only the gate can see that."""
    path = sheet(tmp_path / "a.png", (drawn(SLIP, F.QRCode), (80, 200)))
    real = seeing.codes_of

    def beside(image: Image.Image, number: int) -> list[seeing.Code]:
        return [one.model_copy(update={"corners": tuple((x + 600, y + 300) for x, y in one.corners)}) for one in real(image, number)]

    monkeypatch.setattr("docmill.stages.privacy.redaction.unread.codes_of", beside)
    monkeypatch.setattr("docmill.stages.privacy.redaction.unread.codes_within", lambda *_: [])
    with pytest.raises(RedactionUnproven, match="1 code"):
        redacted(path, tmp_path)
    assert not list((tmp_path / "out").glob("redacted.*"))


def test_a_code_that_only_the_copy_shows_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the edge of being readable, encoding may help."""
    path = sheet(tmp_path / "a.png", (drawn(SLIP, F.QRCode), (80, 200)), (drawn(HARMLESS, F.DataMatrix), (700, 200)))
    real = seeing.codes_of

    def only(text: str) -> Callable[[Image.Image, int], list[seeing.Code]]:
        return lambda image, number: [one for one in real(image, number) if one.text == text]

    monkeypatch.setattr("docmill.stages.privacy.redaction.unread.codes_within", lambda *_: [])
    monkeypatch.setattr("docmill.stages.privacy.redaction.unread.codes_of", only(SLIP))
    assert said_by(redacted(path, tmp_path).path) == [HARMLESS]
    monkeypatch.setattr("docmill.stages.privacy.redaction.unread.codes_of", only(HARMLESS))
    (tmp_path / "again").mkdir()
    with pytest.raises(RedactionUnproven, match="a code that had to go"):
        redacted(path, tmp_path / "again")


def test_bars_left_by_mistake_fail_the_copy_by_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sheet(tmp_path / "a.png", (drawn(ACCOUNT, F.Code128, scale=3), (80, 200)), line=f"pay {ACCOUNT} soon")
    monkeypatch.setattr("docmill.stages.privacy.redaction.unread.codes_of", lambda *_: [])
    with pytest.raises(RedactionUnproven, match="1 redacted value"):
        redacted(path, tmp_path)


def test_print_lines_and_halftones_are_no_codes(tmp_path: Path) -> None:
    image = Image.effect_noise((1240, 1100), 90).filter(ImageFilter.GaussianBlur(1))
    draw = ImageDraw.Draw(image)
    draw.rectangle((60, 60, 1180, 500), fill=255)
    for row in range(12):
        draw.text((80, 70 + 34 * row), "The quick brown fox jumps over the lazy dog 0123456789", fill=0, font=ImageFont.load_default(28))
    for y in range(760, 1060, 60):  # a table's lines look like a Data Matrix that lost its dots
        draw.line((100, y, 900, y), fill=0, width=4)
        draw.line((100 + 2 * (y - 760), 760, 100 + 2 * (y - 760), 1000), fill=0, width=4)
    for x in range(0, 1240, 9):
        draw.line((x, 620, x, 700), fill=0, width=3)
    assert [one for one in seeing.codes_of(image, 1) if one.is_matrix] == []
