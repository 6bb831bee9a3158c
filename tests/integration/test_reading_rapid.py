"""RapidOCR from its wheel, and what `auto` makes of pages: slips, photos, pages on their side or head."""

import json
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from reading_pages import LIMITS, TEXT, picture, read, scan_pdf

from docmill.cell import Cell, CellLimits
from docmill.errors import EngineMissing, LanguageMissing
from docmill.services.samples.receipt import receipt_photo, receipt_rows
from docmill.stages.privacy.redaction import verbs as redaction
from docmill.stages.reading import rapid, rapid_models
from docmill.stages.reading.doubt import TRUSTED
from docmill.stages.reading.missed import MOSTLY_READ, missed_share
from docmill.stages.reading.rapid import turn_of
from docmill.values.evidence import Span
from docmill.values.page import Page
from docmill.values.ports import PageImage

LETTERS = {
    "cs": "áčďéěíňóřšťúůýž", "da": "æøå", "de": "äöüß", "es": "áéíñóúü¿", "et": "äöõüšž", "fi": "äöå", "fr": "àâæçéèêëîïôœùûüÿ",
    "hr": "čćđšž", "hu": "áéíóöőúüű", "it": "àèéìòù", "ja": "あいうえおアイウ年月日円", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž",
    "nl": "ëïéèö", "no": "æøåé", "pl": "ąćęłńóśźż", "pt": "ãõáâàçéêíóôú", "ro": "ăâîșț", "sk": "áäčďéíĺľňóôŕšťúýž", "sl": "čšž",
    "sv": "åäö", "tr": "çğıöşüİ", "zh": "发票金额日期元", "en": "az", "id": "az", "ms": "az",
}  # fmt: skip
BODY = (*TEXT, "Goods remain ours until they are paid for", "Questions are answered by telephone", "Thank you for your custom")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_args):
        raise AssertionError("reading went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def sheet() -> Image.Image:
    return picture(BODY, (1100, 700))


def turned(clockwise_deg: int, **how: object) -> Image.Image:
    return sheet().rotate(-clockwise_deg, expand=True, **how)


def page_image(file: Path) -> PageImage:
    with Image.open(file) as image:
        return PageImage(file, *image.size, dpi=100, number=1)


def test_words_lines_boxes_and_confidences(tmp_path):
    sheet().save(tmp_path / "a.png")
    page = read(tmp_path / "a.png", tmp_path, engine="rapidocr")
    assert page.text == "\n".join(BODY)
    assert (page.source, page.turned_deg, page.reason) == ("rapidocr", 0, "asked for: page image read by rapidocr")
    assert 0.9 < page.confidence <= 1.0
    ink = np.asarray(sheet()) < 128
    covered = np.zeros_like(ink)
    for word in page.words:
        x0, y0, x1, y1 = (round(v) for v in word.box)
        assert ink[y0:y1, x0:x1].any()
        covered[y0:y1, x0:x1] = True
    assert (ink & ~covered).sum() < 0.005 * ink.sum()


def test_boxes_are_in_the_pixels_of_a_large_image(tmp_path):
    small = read_saved(sheet(), tmp_path, "rapidocr")
    large = read_saved(sheet().resize((4400, 2800)), tmp_path, "rapidocr")
    assert large.text == small.text
    apart = [abs(a - b / 4) for s, b4 in zip(small.words, large.words, strict=True) for a, b in zip(s.box, b4.box, strict=True)]
    assert max(apart) < 15  # less than a letter


def read_saved(image: Image.Image, folder: Path, engine: str = "auto") -> Page:
    image.save(folder / "page.png")
    return read(folder / "page.png", folder, engine=engine)


def test_a_white_page_has_no_words(tmp_path):
    page = read_saved(Image.new("L", (800, 1000), 255), tmp_path, "rapidocr")
    assert (page.words, page.source) == ((), "none")


def test_the_recogniser_knows_the_letters_of_the_languages_it_claims():
    _, recogniser = rapid_models.require("en")
    import onnxruntime

    known = set(onnxruntime.InferenceSession(str(recogniser)).get_modelmeta().custom_metadata_map["character"].split("\n"))
    assert set(LETTERS) == rapid_models.LANGUAGES
    assert {code: missing for code, letters in LETTERS.items() if (missing := set(letters + letters.upper()) - known - {"SS"})} == {}
    for code, letter in {"ru": "ж", "ko": "한", "vi": "ậ", "uk": "ї"}.items():
        assert letter not in known
        with pytest.raises(LanguageMissing, match=code):
            rapid_models.require(code)


def test_a_missing_model_is_a_missing_engine(tmp_path, monkeypatch):
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setattr(rapid_models, "_model_dir", lambda: folder)
    with pytest.raises(EngineMissing, match="without its models"):
        read_saved(sheet(), tmp_path, "rapidocr")
    assert rapid_models.versions() == {"rapidocr": "missing"}


def test_models_are_loaded_once(tmp_path):
    read_saved(sheet(), tmp_path, "rapidocr")
    before = rapid._loaded.cache_info()
    read_saved(sheet(), tmp_path, "rapidocr")
    assert rapid._loaded.cache_info().misses == before.misses


def test_sessions_keep_no_memory_of_shapes(tmp_path):
    """ONNX Runtime plans memory for each shape of input, and lines come in every length."""
    read_saved(sheet(), tmp_path, "rapidocr")
    models = rapid._loaded(*rapid_models.require("en"), use_gpu=False)
    for part in (models.text_det, models.text_rec):
        options = part.session.session.get_session_options()
        assert (options.enable_mem_pattern, options.enable_cpu_mem_arena, options.intra_op_num_threads) == (False, False, 1)


def test_auto_leaves_clean_pages_to_tesseract(tmp_path):
    page = read_saved(sheet(), tmp_path)
    assert (page.text, page.source, page.turned_deg) == ("\n".join(BODY), "tesseract", 0)
    assert page.reason == "an image has no text layer: page image read by tesseract"


def test_auto_gives_slips_and_photos_to_rapidocr(tmp_path):
    page = read_saved(picture(TEXT, (900, 1700)), tmp_path)
    assert (page.text, page.source) == ("\n".join(TEXT), "rapidocr")
    assert page.reason.endswith("read by rapidocr (a slip)")
    receipt_photo().save(tmp_path / "photo.jpg", quality=85)
    page = read(tmp_path / "photo.jpg", tmp_path)
    assert page.source == "rapidocr"
    wanted = {token for row in receipt_rows() for cell in row for token in cell.split() if token.isalnum()}
    assert len(wanted - set(page.text.split())) <= 0.05 * len(wanted)


def test_auto_asks_rapidocr_where_tesseract_is_doubtful(tmp_path):
    faint = picture(BODY, (1100, 700), ink=150, paper=215)
    noise = np.random.default_rng(7).normal(0, 26, (700, 1100))
    page = read_saved(Image.fromarray(np.clip(np.asarray(faint) + noise, 0, 255).astype(np.uint8)).resize((640, 407)), tmp_path)
    assert page.source == "rapidocr"
    assert "(doubtful: " in page.reason
    assert sum(token in page.text for line in BODY for token in line.split()) > 0.8 * sum(len(line.split()) for line in BODY)


def test_auto_asks_rapidocr_where_tesseract_is_sure_of_the_little_that_it_read(tmp_path):
    """A letterhead that stands upright on a sheet whose print does not."""
    page = Image.new("L", (1700, 1900), 255)
    page.paste(picture(BODY[:1], (1100, 200)), (100, 40))
    body = picture([f"{number} {line}" for number in range(1, 5) for line in BODY], (1100, 1150))
    page.paste(body.rotate(30, Image.Resampling.BICUBIC, expand=True, fillcolor=255), (100, 300))
    page.save(tmp_path / "a.png", dpi=(100, 100))
    by_tesseract = read(tmp_path / "a.png", tmp_path, engine="tesseract")
    assert by_tesseract.confidence > TRUSTED
    assert missed_share(page_image(tmp_path / "a.png"), by_tesseract) > MOSTLY_READ
    kept = read(tmp_path / "a.png", tmp_path)
    assert kept.source == "rapidocr"
    assert "of the print not read" in kept.reason
    assert len(kept.words) > 4 * len(by_tesseract.words)


@pytest.mark.parametrize(
    ("clockwise_deg", "slip"),
    [
        *((90, False), (270, True), (0, True), (180, True)),
        *(pytest.param(*rest, marks=pytest.mark.slow) for rest in ((0, False), (180, False), (270, False), (90, True))),
    ],
)
def test_pages_on_their_side_or_head_are_turned(tmp_path, clockwise_deg, slip):
    lines = TEXT if slip else BODY
    upright = picture(lines, (900, 1700) if slip else (1100, 700))
    page = read_saved(upright.rotate(-clockwise_deg, expand=True), tmp_path)
    assert page.text == "\n".join(lines)
    assert page.turned_deg == (360 - clockwise_deg) % 360
    assert (page.width_px, page.height_px) == upright.size
    first = page.words[0].box
    assert (np.asarray(upright)[round(first.y0) : round(first.y1), round(first.x0) : round(first.x1)] < 128).any()


def test_every_line_of_a_long_slip_is_read(tmp_path):
    image = Image.new("L", (400, 3600), 255)
    for at in range(75):
        ImageDraw.Draw(image).text((30, 20 + 47 * at), f"{1000 + at} bread {at}.50", fill=20, font_size=14)
    image.save(tmp_path / "a.png", dpi=(203, 203))
    page = read(tmp_path / "a.png", tmp_path)
    assert [line.words[0].text for line in page.lines] == [str(1000 + at) for at in range(75)]
    assert all(abs(line.box.y0 - (22 + 47 * at)) < 12 for at, line in enumerate(page.lines))


@pytest.mark.parametrize("clockwise_deg", [0, 90, 180, 270])
def test_which_way_is_up(tmp_path, clockwise_deg):
    turned(clockwise_deg).save(tmp_path / "a.png")
    assert turn_of(page_image(tmp_path / "a.png")) == (360 - clockwise_deg) % 360


def test_a_page_without_text_stays_as_it_is(tmp_path):
    Image.new("L", (700, 900), 255).save(tmp_path / "a.png")
    assert turn_of(page_image(tmp_path / "a.png")) == 0


@pytest.mark.parametrize(
    ("clockwise_deg", "suffix"),
    [
        (90, "pdf"),
        (180, "png"),
        *(pytest.param(*rest, marks=pytest.mark.slow) for rest in ((270, "pdf"), (90, "png"), (180, "pdf"), (270, "png"))),
    ],
)
def test_redaction_covers_the_words_of_a_turned_page(tmp_path, clockwise_deg, suffix):
    file = tmp_path / f"a.{suffix}"
    turned(clockwise_deg).save(file, resolution=100.0)
    page = read(file, tmp_path)
    assert page.turned_deg == 360 - clockwise_deg
    start = page.text.index("471102")
    (tmp_path / "page.json").write_text(page.model_dump_json())
    span = Span(page=1, start=start, end=start + 6, type="TAX_ID", confidence=1.0, source="test")
    (tmp_path / "spans.json").write_text(json.dumps({"spans": [span.model_dump(mode="json")], "engines": {}}))
    out = tmp_path / "out"
    out.mkdir()
    media_type = {"png": "image/png", "pdf": "application/pdf"}[suffix]
    told = redaction.redact(str(file), media_type, [str(tmp_path / "page.json")], str(tmp_path / "spans.json"), str(out))
    after = read(out / str(told["redacted"]), tmp_path, engine="tesseract")
    assert "471102" not in after.text
    assert "Payment is due within fourteen days" in after.text


def test_in_a_cell_under_its_memory_limit(tmp_path):
    scan_pdf(tmp_path / "a.pdf")
    arguments = [str(tmp_path / "a.pdf"), "application/pdf", 1, "en", "rapidocr", str(tmp_path), str(tmp_path / "out.json"), LIMITS]
    with Cell(CellLimits(memory_bytes=2 * 1024**3, items=10)) as cell:
        told = [cell.call("docmill.stages.reading.verbs:read_page", *arguments, deadline_s=60) for _ in range(2)]
        assert cell.starts == 1
    assert [one["source"] for one in told] == ["rapidocr", "rapidocr"]
