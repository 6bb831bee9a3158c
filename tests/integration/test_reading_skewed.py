"""Pages that lie aslant, where Tesseract alone reads: asked for by name, or in a language whose letters RapidOCR does not know."""

import numpy as np
import pytest
from PIL import Image
from reading_pages import TEXT, picture, read

from docmill.stages.reading import verbs
from docmill.stages.reading.missed import doubt_of_image
from docmill.stages.reading.skew import skew_of
from docmill.stages.reading.tesseract import TesseractEngine
from docmill.values.ports import PageImage

BODY = (*TEXT, "Goods remain ours until they are paid for", "Questions are answered by telephone", "Thank you for your custom") * 2


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


def aslant(folder, clockwise_deg: float) -> Image.Image:
    image = picture(BODY, (1300, 1250)).rotate(-clockwise_deg, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    image.save(folder / "a.png", dpi=(200, 200))
    return image


def expected(text: str) -> float:
    """The share of the words that were read."""
    words = " ".join(BODY).split()
    found = text.split()
    return sum(min(words.count(w), found.count(w)) for w in set(words)) / len(words)


@pytest.mark.parametrize("clockwise_deg", [-11, pytest.param(8, marks=pytest.mark.slow)])
def test_tesseract_reads_lines_that_slope(tmp_path, clockwise_deg):
    image = aslant(tmp_path, clockwise_deg)
    as_it_is = PageImage(path=tmp_path / "a.png", width_px=image.width, height_px=image.height, dpi=200, number=1)
    plain = TesseractEngine(tmp_path).read(as_it_is, language="en")
    assert expected(plain.text) < 0.6
    assert doubt_of_image(as_it_is, plain)
    page = read(tmp_path / "a.png", tmp_path, engine="tesseract")
    assert expected(page.text) > 0.97
    assert len(page.lines) == len(BODY)
    assert page.reason.endswith(f"made level by {skew_of(as_it_is):.1f} degrees)")
    assert (page.width_px, page.height_px, page.turned_deg) == (*image.size, 0)
    pixels = np.asarray(image)
    for word in page.words:
        inside = pixels[round(word.box.y0) : round(word.box.y1), round(word.box.x0) : round(word.box.x1)]
        assert (inside < 128).mean() > 0.02
    # all ink is in boxes: what is redacted by them leaves nothing beside them
    covered = np.zeros(pixels.shape, dtype=bool)
    for word in page.words:
        covered[int(word.box.y0) - 2 : int(word.box.y1) + 3, int(word.box.x0) - 2 : int(word.box.x1) + 3] = True
    assert ((pixels < 128) & ~covered).sum() < 0.01 * (pixels < 128).sum()


def test_auto_reads_them_by_tesseract_too_where_that_is_enough(tmp_path):
    aslant(tmp_path, 8)
    page = read(tmp_path / "a.png", tmp_path)
    assert (page.source, expected(page.text) > 0.97) == ("tesseract", True)
    assert "made level by 8" in page.reason


def test_upside_down_and_aslant(tmp_path):
    aslant(tmp_path, 187)
    page = read(tmp_path / "a.png", tmp_path, engine="tesseract")
    assert expected(page.text) > 0.97
    assert page.turned_deg == 180
    told = verbs.page_image(str(tmp_path / "a.png"), "image/png", 1, 200, str(tmp_path), page.turned_deg)
    with Image.open(str(told["path"])) as turned:
        pixels = np.asarray(turned.convert("L"))
    first = page.words[0].box
    assert (pixels[round(first.y0) : round(first.y1), round(first.x0) : round(first.x1)] < 128).any()
    assert first.y0 < page.height_px / 3


def test_a_level_page_that_is_doubtful_is_read_once(tmp_path, monkeypatch):
    calls = []
    plain = TesseractEngine.read
    monkeypatch.setattr(TesseractEngine, "read", lambda self, image, **options: calls.append(image) or plain(self, image, **options))
    noisy = Image.fromarray(
        (np.asarray(picture(BODY, (1300, 1250))) * np.random.default_rng(1).uniform(0.3, 1, (1250, 1300))).astype(np.uint8)
    )
    noisy.resize((217, 208)).resize((1300, 1250)).save(tmp_path / "a.png", dpi=(200, 200))
    page = read(tmp_path / "a.png", tmp_path, engine="tesseract")
    assert "doubtful" in page.reason
    assert "level" not in page.reason
    assert len(calls) == 1
