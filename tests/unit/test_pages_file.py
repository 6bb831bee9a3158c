"""Pages in files are loaded when they are looked at, and no sooner."""

import json

import pytest

from docmill.errors import StageFailed
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word
from docmill.values.pages_file import PageFiles, find_page, open_pages, read_pages, write_pages


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
    for some in (pages, pages[:1], []):
        write_pages(tmp_path / "pages.json", some)
        assert read_pages((tmp_path / "pages.json").read_bytes()) == list(open_pages(tmp_path / "pages.json")) == list(some)


def test_of_an_array_only_what_is_looked_at_is_read(tmp_path):
    array = tmp_path / "pages.json"
    write_pages(array, PageFiles(page_file(tmp_path, number) for number in (1, 2, 3)))
    pages = open_pages(array)
    assert (len(pages), pages[1].text, pages[-1].text, [page.number for page in pages[1:]]) == (3, "word2", "word3", [2, 3])
    data = array.read_bytes()
    damaged = data.replace(b'"word3"', b'"word3}')
    array.write_bytes(damaged)
    assert pages[0].text == find_page(damaged, 1).text == "word1"
    for look in (lambda: pages[2], lambda: find_page(damaged, 3), lambda: open_pages(tmp_path / "none")):
        with pytest.raises(StageFailed):
            look()


def test_a_page_is_found_in_arrays_of_all_kinds(tmp_path):
    array = tmp_path / "pages.json"
    write_pages(array, PageFiles(page_file(tmp_path, number) for number in (2, 3, 7)))  # pages before it were not read
    for data in (array.read_bytes(), array.read_bytes().replace(b"\n", b"")):  # an earlier docmill wrote one line
        array.write_bytes(data)
        assert [page.number for page in open_pages(array)] == [2, 3, 7]
        assert [find_page(data, number) and find_page(data, number).text for number in (1, 2, 3, 7, 8)] == [
            None, "word2", "word3", "word7", None,
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "numbers"),
    [
        (lambda data: data.replace(b"\n", b"") + b"\n", [1, 2, 3]),  # an earlier docmill's, and an editor
        (lambda data: json.dumps(json.loads(data), indent=1).encode(), [1, 2, 3]),
        (lambda data: data[:-1], None),
        (lambda data: data[: data.rindex(b",\n")], None),  # cut where a page ends
        (lambda data: data[1:], None),
        (lambda data: data.replace(b",\n", b"\n"), None),
        (lambda data: data + b"\n" + data, None),
    ],
)
def test_no_broken_array_is_taken_for_a_whole_one(tmp_path, change, numbers):
    array = tmp_path / "pages.json"
    write_pages(array, PageFiles(page_file(tmp_path, number) for number in (1, 2, 3)))
    array.write_bytes(change(array.read_bytes()))
    if numbers:
        assert [page.number for page in open_pages(array)] == numbers
        assert find_page(array.read_bytes(), 2).number == 2
        return
    for look in (lambda: list(open_pages(array)), lambda: find_page(array.read_bytes(), 7)):
        with pytest.raises(StageFailed):
            look()


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
