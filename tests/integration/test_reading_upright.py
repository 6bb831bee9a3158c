"""How a page was made upright, kept whole: boxes lead back to the file, and pictures of pages lie under the boxes."""

import io
import json

import numpy as np
import pytest
from api_milling import mill
from PIL import Image, ImageChops, ImageDraw
from reading_pages import TEXT, picture, read

from docmill.gateway.answers import _text_blocks
from docmill.services.batches import batch_jobs
from docmill.services.intake import take_in
from docmill.services.page_marks import page_words
from docmill.services.page_pictures import DPI, page_picture
from docmill.services.sources import files_of
from docmill.stages.reading.raster import OCR_DPI
from docmill.values.options import MillOptions
from docmill.values.results import read_results
from docmill.values.upright import box_in_file

BODY = (*TEXT, "Goods remain ours until they are paid for", "Questions are answered by telephone", "Thank you for your custom")
SHEET = (1100, 700)
WORD = "471102"
STORED_AS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}  # fmt: skip
"""EXIF orientation -> how an upright picture is stored so that the orientation is right."""
CLOCKWISE = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


def stored(image, orientation, turned_deg):
    """The picture as a file holds it: lying so that it must be turned, then mirrored or turned against its EXIF orientation."""
    lying = image.transpose(CLOCKWISE[360 - turned_deg]) if turned_deg else image
    return lying.transpose(STORED_AS[orientation]) if orientation > 1 else lying


def word_alone(sheet):
    """White where the word stands on the sheet, black elsewhere."""
    without = sheet.copy()
    left = 60 + ImageDraw.Draw(sheet).textlength(TEXT[0].removesuffix(WORD), font_size=44)
    ImageDraw.Draw(without).rectangle((left, 60, sheet.width, 120), fill=255)
    return ImageChops.difference(sheet, without)


def save(image, file, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(file, exif=exif)


def leads_back(page, orientation, turned_deg, sheet):
    (word,) = [w for w in page.words if w.text == WORD]
    found = box_in_file(word.box, page.width_px, page.height_px, turned_deg=page.turned_deg, exif_orientation=page.exif_orientation)
    drawn = stored(word_alone(sheet), orientation, turned_deg).getbbox()
    return np.abs(np.subtract(found, drawn)).max() <= 5


@pytest.mark.parametrize(("orientation", "suffix"), [*((n, "jpg") for n in range(1, 9)), (5, "tif"), (6, "png"), (7, "webp")])
def test_boxes_lead_back_to_the_pixels_of_an_image_file(tmp_path, orientation, suffix):
    sheet = picture()
    save(stored(sheet, orientation, 0), tmp_path / f"a.{suffix}", orientation)
    page = read(tmp_path / f"a.{suffix}", tmp_path, engine="tesseract")
    assert (page.text, page.turned_deg, page.exif_orientation) == ("\n".join(TEXT), 0, orientation)
    assert leads_back(page, orientation, 0, sheet)


@pytest.mark.parametrize(("orientation", "turned_deg"), [(3, 180), (5, 270)])
def test_boxes_of_a_turned_page_lead_back_too(tmp_path, orientation, turned_deg):
    sheet = picture(BODY, SHEET)
    save(stored(sheet, orientation, turned_deg), tmp_path / "a.png", orientation)
    page = read(tmp_path / "a.png", tmp_path)
    assert (page.text, page.turned_deg, page.exif_orientation) == ("\n".join(BODY), turned_deg, orientation)
    assert leads_back(page, orientation, turned_deg, sheet)


def test_pictures_of_turned_and_bilevel_pages_lie_under_their_boxes(tmp_path, room):
    sheet, folder = picture(BODY, SHEET), tmp_path / "in"
    folder.mkdir()
    sheet.transpose(CLOCKWISE[270]).save(folder / "turned.pdf", resolution=float(OCR_DPI))
    save(stored(sheet, 6, 90), folder / "turned.png", 6)
    picture().convert("1").save(folder / "fax.tif", compression="group4")
    batch_id, _ = take_in(room, files_of([str(folder)], room.settings), MillOptions(index=False))
    mill(room, batch_id)
    jobs = {job.name: job for job in batch_jobs(room.ledger, room.tenant, batch_id)}
    for name, turn, expected in (("turned.pdf", (1, 90), sheet), ("turned.png", (6, 90), sheet), ("fax.tif", (1, 0), picture())):
        results = read_results(room.store.read(jobs[name].results_object))
        (facts,) = results.pages
        page = page_words(room, jobs[name], 1, redacted=False)
        assert (facts.exif_orientation, facts.turned_deg) == turn
        assert (facts.quality, facts.quality_reasons) == (page.quality, page.quality_reasons)
        assert facts.quality > 0
        assert (facts.width_px, facts.height_px) == expected.size
        with Image.open(io.BytesIO(page_picture(room, jobs[name], results, 1, redacted=False))) as drawn:
            scale = DPI / OCR_DPI if name.endswith(".pdf") else 1
            assert np.abs(np.subtract(drawn.size, np.multiply(expected.size, scale))).max() <= 1
            assert np.abs(np.subtract(drawn.convert("L").resize(expected.size), expected, dtype=float)).mean() < 12
        assert leads_back(page, *turn, expected)
        (word,) = [w for w in page.words if w.text == WORD]
        assert np.abs(np.subtract(word.box, word_alone(expected).getbbox())).max() <= 5


def test_blocks_say_how_large_their_page_is(room, tmp_path):
    (tmp_path / "a.txt").write_text("one line")
    batch_id, _ = take_in(room, files_of([str(tmp_path / "a.txt")], room.settings), MillOptions(index=False))
    mill(room, batch_id)
    (job,) = batch_jobs(room.ledger, room.tenant, batch_id)
    told = json.loads(room.store.read(job.results_object))
    (page,), (block,) = told["pages"], told["text_blocks"]
    assert (block["page"], block["width_px"], block["height_px"]) == (1, page["width_px"], page["height_px"])
    del block["width_px"], block["height_px"]  # as before 1.5.0
    (old,) = _text_blocks(read_results(json.dumps(told).encode()))
    assert (old.width_px, old.height_px) == (page["width_px"], page["height_px"])
