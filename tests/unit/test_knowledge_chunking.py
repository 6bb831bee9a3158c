"""Chunks follow the page, stay within the model's limit and point back at the page."""

from collections.abc import Sequence

import pytest

from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.chunking import chunk_pages
from docmill.stages.knowledge.tokens import MAX_TOKENS, token_ids, tokenizer
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

DOCUMENT = "0123456789abcdef" * 2


def line(text: str, y0: float, *, height: float = 20.0, confidence: float = 0.9) -> Line:
    words, x = [], 100.0
    for part in text.split(" "):
        words.append(Word(text=part, box=Box(x, y0, x + 10.0 * len(part), y0 + height), confidence=confidence))
        x += 10.0 * len(part) + 10.0
    return Line(words=tuple(words))


def page(lines: Sequence[Line], number: int = 1) -> Page:
    return Page(number=number, width_px=1654, height_px=2339, dpi=200, lines=tuple(lines), source="tesseract", language="en")


def prose(paragraphs: int, lines: int) -> Page:
    """Paragraphs of lines of 24 tokens each, 28 px apart, with a gap of 60 px between paragraphs."""
    made, y0 = [], 100.0
    for p in range(paragraphs):
        for row in range(lines):
            made.append(line(" ".join(["paper"] * 22 + [str(p % 10), str(row % 10)]), y0))
            y0 += 28.0
        y0 += 60.0
    return page(made)


def tokens(chunk: Chunk) -> int:
    return len(tokenizer().encode(chunk.text).ids)


def covered(given: Page, chunks: list[Chunk]) -> str:
    return "".join("".join(c.text.split()) for c in chunks if c.page == given.number)


def test_a_short_page_is_one_chunk_with_a_box_per_line() -> None:
    given = page([line("Dear Ms Quill", 100), line("thank you for your letter", 128, confidence=0.5)])
    (chunk,) = chunk_pages([given], DOCUMENT)
    assert chunk.text == given.text == "Dear Ms Quill\nthank you for your letter"
    assert (chunk.start, chunk.end, chunk.page, chunk.document_id) == (0, len(given.text), 1, DOCUMENT)
    assert chunk.boxes == tuple(row.box for row in given.lines)
    assert chunk.confidence_score == pytest.approx((0.9 * 11 + 0.5 * 21) / 32, abs=1e-4)


def test_cuts_fall_between_paragraphs() -> None:
    # 4 lines of 24 tokens make a paragraph of 96: two fit into 254, three do not
    given = prose(paragraphs=5, lines=4)
    chunks = chunk_pages([given], DOCUMENT)
    assert [len(c.boxes) for c in chunks] == [8, 8, 4]
    assert [c.text.split("\n")[0].split()[-2:] for c in chunks] == [["0", "0"], ["2", "0"], ["4", "0"]]


@pytest.mark.parametrize(
    ("second", "begins"),
    [
        (line("second " * 150 + "end", 129), False),  # the usual distance
        (line("second " * 150 + "end", 170), True),  # a wide gap
        (line("second " * 150 + "end", 20), True),  # a new column
        (line("second " * 150 + "end", 128, height=44), True),  # another type size
    ],
)
def test_what_begins_a_paragraph(second: Line, begins: bool) -> None:
    # the head and the second line fit into one chunk, a third line does not: where it is cut shows whether they are one paragraph
    head = [line("head " * 99 + "end", 44), line("head", 72), line("head", 100)]
    third = line("third " * 20 + "end", second.box.y1 + 8, height=second.box.height)
    chunks = chunk_pages([page([*head, second, third])], DOCUMENT)
    assert chunks[1].text.startswith("second" if begins else "third")


@pytest.mark.parametrize(
    "text",
    [
        " ".join(["unwahrscheinlichkeiten"] * 300),
        "x.y-z/" * 500,
        "a" * 5000 + " " + "1.2," * 900,
        "\u6f22\u5b57" * 400,
        "9," * 2000 + " ok",
    ],
)
def test_nothing_is_longer_than_the_model_looks_at(text: str) -> None:
    given = page([line("before", 72), line(text, 100), line("after", 128)])
    chunks = chunk_pages([given], DOCUMENT)
    assert max(map(tokens, chunks)) <= MAX_TOKENS
    assert covered(given, chunks) == "".join(given.text.split())
    for chunk in chunks:
        assert given.text[chunk.start : chunk.end] == chunk.text
        assert chunk.boxes
    assert [c.start for c in chunks] == sorted({c.start for c in chunks})


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (254, [MAX_TOKENS]),
        (255, [128 + 2, 127 + 2]),
        (508, [MAX_TOKENS, MAX_TOKENS]),
        (600, [202, 202, 202]),
        (1, [3]),
    ],
)
def test_a_long_paragraph_is_shared_out_evenly_within_the_limit(words: int, wanted: list[int]) -> None:
    chunks = chunk_pages([page([line("word", 100 + 28 * i) for i in range(words)])], DOCUMENT)
    assert [tokens(c) for c in chunks] == wanted


def test_long_prose_fills_its_chunks() -> None:
    chunks = chunk_pages([prose(paragraphs=1, lines=60)], DOCUMENT)
    assert all(200 <= tokens(c) <= MAX_TOKENS for c in chunks[:-1])
    assert all(len(c.boxes) == c.text.count("\n") + 1 for c in chunks)


def test_a_cut_line_gives_each_chunk_its_own_words() -> None:
    given = page([line("word " * 399 + "word", 100)])
    chunks = chunk_pages([given], DOCUMENT)
    assert len(chunks) == 2
    left, right = chunks[0].boxes[0], chunks[1].boxes[0]
    assert left.x1 < right.x0
    assert (left.x0, right.x1) == (given.lines[0].box.x0, given.lines[0].box.x1)


def row(cells: Sequence[str], y0: float) -> Line:
    return Line(
        words=tuple(Word(text=cell, box=Box(100.0 + 300 * n, y0, 250.0 + 300 * n, y0 + 20), confidence=0.9) for n, cell in enumerate(cells))
    )


FILLING = [line("filling " * 150 + "end.", 100)]  # 152 tokens: what follows fits into the same chunk, or begins the next one


def first_lines(lines: Sequence[Line]) -> list[str]:
    return [chunk.text.split("\n")[0][:20] for chunk in chunk_pages([page(lines)], DOCUMENT)]


@pytest.mark.parametrize("height", [20.0, 32.0])
def test_a_heading_goes_with_what_it_heads(height: float) -> None:
    heading = line("4 Notice and termination", 200, height=height)
    text = [line("Notice " * 30 + "given.", 260 + 28 * n) for n in range(4)]
    assert first_lines([*FILLING, heading, *text]) == ["filling filling fill", "4 Notice and termina"]
    # alone, or before another that heads nothing, it fills up the chunk before it
    assert first_lines([*FILLING, heading]) == ["filling filling fill"]


def test_headings_above_headings_stay_together() -> None:
    text = line("Notice " * 120 + "given.", 320)
    found = first_lines([*FILLING, line("Part II", 200, height=32), line("4 Notice", 260), text])
    assert found == ["filling filling fill", "Part II"]


@pytest.mark.parametrize("mark", ["-", "\u2022", "3.", "b)", "(iv)", "2.4", "12"])
def test_a_list_is_cut_between_its_items(mark: str) -> None:
    item = f"{mark} item " + "more " * 60
    lines = [line(text.strip(), 100 + 28 * n) for n, text in enumerate([item, "rest " * 40, item, "rest " * 40, item, "rest " * 40])]
    chunks = chunk_pages([page(lines)], DOCUMENT)
    assert [len(chunk.boxes) for chunk in chunks] == ([4, 2] if mark != "12" else [3, 3])


def test_a_table_stays_whole_and_is_cut_between_rows() -> None:
    rows = [row([f"item{n}", f"{n}", f"{n}.50"], 680 + 50 * n) for n in range(12)]  # rows further apart than the lines above
    prose_above = [line("word " * 8 + "end.", 100 + 28 * n) for n in range(20)]
    assert first_lines([*prose_above, *rows]) == ["word word word word ", "item0 0 0.50"]
    long = [row([f"item{n}", f"{n}", f"{n}.50"], 100 + 28 * n) for n in range(70)]
    found = chunk_pages([page(long)], DOCUMENT)
    assert len(found) > 1
    assert all(text.startswith("item") and text.endswith(".50") for text in (chunk.text for chunk in found))


def test_a_tokenizer_to_which_line_ends_are_tokens_is_counted_right() -> None:
    def counts(texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 * text.count("\n") for text in texts]

    chunks = chunk_pages([page([line("word word", 100 + 28 * n) for n in range(60)])], DOCUMENT, counts, 30)
    assert max(counts([chunk.text for chunk in chunks])) <= 30
    assert " ".join(" ".join(chunk.text.split()) for chunk in chunks) == " ".join(["word"] * 120)


def test_ids_are_the_same_again_and_differ_by_document_page_and_place() -> None:
    same = [line("same words", 100)]
    pages = [page(same, 1), page(same, 2)]
    first, again, other = chunk_pages(pages, DOCUMENT), chunk_pages(pages, DOCUMENT), chunk_pages(pages, "f" * 32)
    assert first == again
    assert len({c.id for c in first + other}) == 4
    assert all(len(c.id) == 32 for c in first)
    repeated = chunk_pages([page([line(" ".join(["same"] * 254), 100 + 28 * i) for i in range(3)])], DOCUMENT)
    assert len(repeated) == len({c.id for c in repeated}) == 3


@pytest.mark.parametrize("lines", [[], [line("\u200b", 100)]])
def test_a_page_without_words_for_the_model_gives_no_chunk(lines: list[Line]) -> None:
    assert chunk_pages([page(lines)], DOCUMENT) == []


def test_the_limit_holds_for_what_is_fed_to_the_model() -> None:
    (ids,) = token_ids(["word " * 1000])
    assert (len(ids), ids[0], ids[-1]) == (MAX_TOKENS, 101, 102)
