"""Pages in files are loaded when they are looked at, and no sooner."""

import pytest

from docmill.errors import StageFailed
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word
from docmill.values.pages_file import PageFiles, read_pages, write_pages


def page_file(folder, number):
    lines = (Line(words=(Word(text=f"word{number}", box=Box(0, 0, 9, 9), confidence=1.0),)),)
    page = Page(number=number, width_px=10, height_px=10, dpi=200, lines=lines, source="text_layer", language="en")
    path = folder / f"page-{number}.json"
    path.write_text(page.model_dump_json(), encoding="utf-8")
    return path


def test_pages_come_as_from_a_list(tmp_path):
    pages = PageFiles(str(page_file(tmp_path, number)) for number in (1, 2, 3))
    assert [page.text for page in pages] == [page.text for page in pages] == ["word1", "word2", "word3"]
    assert (len(pages), pages[1].number, pages[-1].number, [page.number for page in pages[1:]]) == (3, 2, 3, [2, 3])
    assert not PageFiles([])


def test_an_array_of_pages_is_read_as_it_was_written(tmp_path):
    pages = PageFiles(page_file(tmp_path, number) for number in (1, 2))
    assert read_pages(write_pages(pages)) == list(pages)
    assert read_pages(write_pages([])) == []


def test_only_what_is_looked_at_is_loaded(tmp_path):
    paths = [page_file(tmp_path, number) for number in (1, 2, 3)]
    pages = PageFiles(paths)
    paths[2].write_text("{}")
    assert pages[0].text == "word1"
    assert next(iter(pages)).text == "word1"
    with pytest.raises(StageFailed, match="not a page"):
        list(pages)
    paths[2].unlink()
    with pytest.raises(StageFailed, match="missing"):
        _ = pages[2]
