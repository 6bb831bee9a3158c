"""Plain text as pages on a grid."""

import time

import pytest

from docmill.errors import Damaged, TooLarge
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.plain_text import CELL_HEIGHT_PX, CELL_WIDTH_PX, _wrapped, count_pages, read_text_page

LIMITS = Limits()


def write(folder, data):
    file = folder / "a"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("one line", 1),
        ("line\n" * 66, 1),
        ("line\n" * 67, 2),
        ("first\n\fsecond\n\f", 2),
        ("a\r\nb\rc\n", 1),
        ("a\f\fb", 3),
        ("\n", 1),
        ("word " * 33 * 67, 2),
    ],
)
def test_pages_are_counted(tmp_path, text, pages):
    assert count_pages(write(tmp_path, text), "text/plain", LIMITS) == pages


def test_words_stand_on_the_grid(tmp_path):
    page = read_text_page(write(tmp_path, "Total:\t9.00\n\n  due now"), "text/plain", 1, "en", LIMITS)
    assert page.text == "Total: 9.00\ndue now"
    total, amount, due, _ = page.words
    assert tuple(total.box) == (0, 0, 6 * CELL_WIDTH_PX, CELL_HEIGHT_PX)
    assert tuple(amount.box) == (8 * CELL_WIDTH_PX, 0, 12 * CELL_WIDTH_PX, CELL_HEIGHT_PX)
    assert tuple(due.box) == (2 * CELL_WIDTH_PX, 2 * CELL_HEIGHT_PX, 5 * CELL_WIDTH_PX, 3 * CELL_HEIGHT_PX)
    assert (page.source, page.confidence, page.number) == ("plain_text", 1.0, 1)
    assert all(w.box.x1 <= page.width_px and w.box.y1 <= page.height_px for w in page.words)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_encodings(tmp_path, encoding):
    assert read_text_page(write(tmp_path, "Grüße, Maß 7 cm".encode(encoding)), "text/plain", 1, "de", LIMITS).text == "Grüße, Maß 7 cm"


def test_a_changed_file_is_read_anew(tmp_path):
    assert read_text_page(write(tmp_path, "before"), "text/plain", 1, "en", LIMITS).text == "before"
    assert read_text_page(write(tmp_path, "afterwards"), "text/plain", 1, "en", LIMITS).text == "afterwards"


def test_limits_and_numbers(tmp_path):
    file = write(tmp_path, "line\n" * 200)
    with pytest.raises(TooLarge):
        count_pages(file, "text/plain", Limits(max_pages=2))
    with pytest.raises(TooLarge):
        count_pages(file, "text/plain", Limits(max_bytes=100))
    for number in (0, 5):
        with pytest.raises(Damaged):
            read_text_page(file, "text/plain", number, "en", LIMITS)


def test_control_characters_are_left_out(tmp_path):
    assert read_text_page(write(tmp_path, "a" * 500 + "\x07b \x00c"), "text/plain", 1, "en", LIMITS).words[-1].text == "c"


def test_a_file_of_one_line_is_cut_into_rows_in_time():
    start = time.process_time()
    rows = _wrapped("abcdefg " * 500_000)
    assert time.process_time() - start < 3  # copying the rest for each row took 9 s, and four times as much for twice the text
    assert (len(rows), rows[0]) == (25_000, "abcdefg " * 19 + "abcdefg")
