"""Pictures of a PDF wait in files once they are many, each page gets its own, and no file is left."""

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image

from docmill.pdf_pages.spilled_pictures import PICTURE, SpilledPictures


def written(folder, most_bytes, count=5):
    """A PDF of pages that are one grey each, written with so many bytes of pictures in memory; the greys found, and files seen on the way."""
    out, waited = folder / f"{most_bytes}.pdf", 0
    with pikepdf.new() as pdf, SpilledPictures(pdf, folder, most_bytes) as pictures:
        for number in range(count):
            page = Dictionary(
                Type=Name.Page, MediaBox=Array([0, 0, 9, 9]), Resources=pictures.resources(Image.new("L", (30, 20), 40 * number + 1))
            )
            pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
        waited = len([*folder.rglob("*/*.pdf")])
        pictures.finish()
        pdf.save(out, deterministic_id=True)
    with pikepdf.open(out) as pdf:
        found = [pikepdf.PdfImage(page.Resources.XObject[PICTURE]).as_pil_image().getpixel((0, 0)) for page in pdf.pages]
    return out, found, waited


@pytest.mark.parametrize(("most_bytes", "files"), [(0, 5), (30, None), (10**6, 0)])
def test_each_page_has_its_picture_however_many_are_held(tmp_path, most_bytes, files):
    out, found, waited = written(tmp_path, most_bytes)
    assert found == [1, 41, 81, 121, 161]
    assert 0 < waited < 5 if files is None else waited == files
    assert [*tmp_path.iterdir()] == [out]


def test_what_waited_in_files_is_the_same(tmp_path):
    assert written(tmp_path, 0)[0].read_bytes() == written(tmp_path, 0)[0].read_bytes()
    with pikepdf.open(written(tmp_path, 0)[0]) as spilled, pikepdf.open(written(tmp_path, 10**6)[0]) as held:
        for one, other in zip(spilled.pages, held.pages, strict=True):
            assert one.Resources.XObject[PICTURE].read_raw_bytes() == other.Resources.XObject[PICTURE].read_raw_bytes()


def test_no_file_is_left_where_writing_fails(tmp_path):
    with pytest.raises(RuntimeError), pikepdf.new() as pdf, SpilledPictures(pdf, tmp_path, 0) as pictures:
        pictures.resources(Image.new("L", (30, 20)))
        raise RuntimeError
    assert not [*tmp_path.iterdir()]
