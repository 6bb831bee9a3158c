"""Pages on their side or head in languages whose letters RapidOCR does not know: Tesseract's own orientation detection says which way is up.

Neither a machine nor CI has Tesseract's data for them all: the English data stand under the name of the Greek, so words come out wrong, but as
many and as sure as they do for a poor scan; the orientation data know the real letters.
"""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reading_pages import read

import docmill
from docmill.stages.reading import tessdata
from docmill.stages.reading.tesseract_turn import turn_by_tesseract
from docmill.values.ports import PageImage

FONT = next(Path(docmill.__file__).parent.rglob("DejaVuSans.ttf"))
GREEK = (
    "Το τιμολόγιο εκδόθηκε χθες το βράδυ",  # noqa: RUF001 - Greek
    "και πρέπει να πληρωθεί εντός",  # noqa: RUF001 - Greek
    "δεκατεσσάρων ημερών από τη λήψη",
    "Τα εμπορεύματα παραμένουν δικά μας",  # noqa: RUF001 - Greek
    "μέχρι να πληρωθούν πλήρως",  # noqa: RUF001 - Greek
    "Ευχαριστούμε για την παραγγελία",  # noqa: RUF001 - Greek
)
RUSSIAN = (
    "Счёт на оплату выставлен вчера вечером",
    "и должен быть оплачен в течение",
    "четырнадцати дней после получения",
    "этого письма Благодарим за заказ",
    "Товар остаётся нашей собственностью",
    "до полной оплаты Вопросы по телефону",
)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


@pytest.fixture
def greek_data(tmp_path, monkeypatch):
    """Language data for Greek beside the orientation data."""
    real, folder = tessdata.tessdata_dir(), tmp_path / "tessdata"
    folder.mkdir()
    (folder / "ell.traineddata").symlink_to(real / "eng.traineddata")
    (folder / "osd.traineddata").symlink_to(real / "osd.traineddata")
    monkeypatch.setenv("TESSDATA_PREFIX", str(folder))
    tessdata._tessdata_dir_of.cache_clear()
    yield folder
    tessdata._tessdata_dir_of.cache_clear()


def sheet(lines: tuple[str, ...], clockwise_deg: int = 0) -> Image.Image:
    image, font = Image.new("L", (1100, 700), 255), ImageFont.truetype(FONT, 36)
    for at, line in enumerate(lines):
        ImageDraw.Draw(image).text((60, 60 + 95 * at), line, fill=0, font=font)
    return image.rotate(-clockwise_deg, expand=True)


@pytest.mark.parametrize("clockwise_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("lines", [GREEK, RUSSIAN], ids=["Greek", "Russian"])
def test_which_way_is_up(tmp_path, lines, clockwise_deg):
    image = sheet(lines, clockwise_deg)
    image.save(tmp_path / "a.png")
    found = turn_by_tesseract(PageImage(tmp_path / "a.png", *image.size, dpi=200, number=1), tmp_path, 60)
    assert found == (360 - clockwise_deg) % 360
    assert [one.name for one in tmp_path.iterdir()] == ["a.png"]


def test_a_sheet_of_few_letters_stays_as_it_lies(tmp_path):
    for lines in ((), ("ΑΒ",)):  # noqa: RUF001 - Greek
        image = sheet(lines, 180)
        image.save(tmp_path / "a.png")
        assert turn_by_tesseract(PageImage(tmp_path / "a.png", *image.size, dpi=200, number=1), tmp_path, 60) == 0


@pytest.mark.parametrize("clockwise_deg", [270, *(pytest.param(rest, marks=pytest.mark.slow) for rest in (0, 180))])
def test_a_page_is_read_upright(tmp_path, greek_data, clockwise_deg):
    sheet(GREEK, clockwise_deg).save(tmp_path / "a.png", dpi=(200, 200))
    page = read(tmp_path / "a.png", tmp_path, language="el")
    assert (page.source, page.turned_deg) == ("tesseract", (360 - clockwise_deg) % 360)
    assert (page.width_px, page.height_px) == (1100, 700)
    assert len(page.lines) == len(GREEK)
    assert (f"turned by {page.turned_deg}" in page.reason) is (clockwise_deg != 0)


def test_without_orientation_data_the_page_stays_and_the_reason_says_so(tmp_path, greek_data):
    before = tessdata.orientation_versions()
    (greek_data / "osd.traineddata").unlink()
    sheet(GREEK, 180).save(tmp_path / "a.png", dpi=(200, 200))
    page = read(tmp_path / "a.png", tmp_path, language="el")
    assert page.turned_deg == 0
    assert page.reason.endswith("not looked which way is up: Tesseract has no orientation data; the package is tesseract-ocr-osd)")
    assert before["orientation_data"].startswith("osd:")
    assert tessdata.orientation_versions() == {"orientation_data": "missing"}
