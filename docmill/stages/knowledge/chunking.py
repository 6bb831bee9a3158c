"""Pages become chunks: cut where the page itself pauses, never longer than the model can look at.

A chunk is filled with whole blocks: paragraphs, list items, tables, headings with what they head. A block that is too long is shared out evenly and
cut between lines, which are a table's rows, a line that is too long between words, a word that is too long anywhere. A chunk never crosses a page,
so it has one page and a span of its canonical text.
"""

from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import NamedTuple

from docmill.stages.knowledge.blocks import blocks
from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.tokens import MAX_TOKENS, SPECIAL_TOKENS, token_counts
from docmill.values.geometry import union
from docmill.values.keys import digest
from docmill.values.page import Line, Page, Word

_BLANKS = " \n"

Counts = Callable[[Sequence[str]], list[int]]
"""Texts -> numbers of tokens without special ones."""


class _Piece(NamedTuple):
    """Characters [start, end) of the page's text and their number of tokens."""

    start: int
    end: int
    tokens: int


def chunk_pages(
    pages: Sequence[Page], document_id: str, counts: Counts = token_counts, budget: int = MAX_TOKENS - SPECIAL_TOKENS
) -> list[Chunk]:
    """The chunks of a document in reading order, each of at most `budget` tokens.

    Args:
        pages: in order.
        document_id: enters the chunk ids.
        counts: of the embedding model's tokenizer; the packaged model's without it.
        budget: what the model looks at, special tokens apart.

    Raises:
        EngineMissing: the tokenizer is not installed.
    """
    cutter = _Cutter(counts, budget)
    return [chunk for page in pages for chunk in cutter.chunks(page, document_id)]


class _Cutter:
    """Cuts pages to the measure of one model."""

    def __init__(self, counts: Counts, budget: int) -> None:
        self._counts, self._budget = counts, budget

    def chunks(self, page: Page, document_id: str) -> Iterator[Chunk]:
        lines = _placed(page)
        counted = self._counts([line.text for _, line in lines])
        pieces: list[_Piece] = []
        for block in blocks([line for _, line in lines]):
            own = [_Piece(lines[i][0], lines[i][0] + len(lines[i][1].text), counted[i]) for i in block]
            whole = _Piece(own[0].start, own[-1].end, sum(p.tokens for p in own))
            parts = [part for line in own for part in self._fitting(page.text, line)]
            pieces += [whole] if whole.tokens <= self._budget else self._packed(parts, aim=self._even(whole.tokens))
        for piece in self._counted_as_wholes(page.text, self._packed(pieces, aim=self._budget)):
            if piece.tokens:
                yield _chunk(page, lines, piece, document_id)

    def _counted_as_wholes(self, text: str, pieces: list[_Piece]) -> Iterator[_Piece]:
        """The pieces, those cut once more that are too long as a whole: to some tokenizers the end of a line is a token too."""
        counted = self._counts([text[piece.start : piece.end] for piece in pieces])
        for piece, tokens in zip(pieces, counted, strict=True):
            yield from self._fitting(text, piece._replace(tokens=tokens))

    def _even(self, tokens: int) -> int:
        """The tokens of a part when a long paragraph is shared out evenly: a full chunk and a scrap behind it say less than two halves."""
        return ceil(tokens / ceil(tokens / self._budget))

    def _packed(self, pieces: list[_Piece], aim: int) -> list[_Piece]:
        """Neighbours joined as long as they stay within the budget and the join comes nearer to `aim` tokens."""
        packed: list[_Piece] = []
        for piece in pieces:
            if packed and packed[-1].tokens + piece.tokens <= self._budget and packed[-1].tokens + piece.tokens / 2 <= aim:
                packed[-1] = _Piece(packed[-1].start, piece.end, packed[-1].tokens + piece.tokens)
            else:
                packed.append(piece)
        return packed

    def _fitting(self, text: str, piece: _Piece) -> list[_Piece]:
        """The piece cut until every part is within the budget: between lines or words while there are any, else in the middle of a word."""
        if piece.tokens <= self._budget or piece.end - piece.start <= 1:
            return [piece]
        own = text[piece.start : piece.end]
        middle = len(own) // 2
        spaces = [i for i, character in enumerate(own) if character in _BLANKS]
        cut = min(spaces, key=lambda i: abs(i - middle)) if spaces else middle
        ends = (own[:cut].rstrip(_BLANKS), own[cut:].lstrip(_BLANKS))
        left, right = self._counts(ends)
        return [
            *self._fitting(text, _Piece(piece.start, piece.start + len(ends[0]), left)),
            *self._fitting(text, _Piece(piece.end - len(ends[1]), piece.end, right)),
        ]


def _placed(page: Page) -> list[tuple[int, Line]]:
    """Lines with the offset of their first character; lines without words are left out."""
    placed, at = [], 0
    for line in page.lines:
        if line.words:
            placed.append((at, line))
        at += len(line.text) + 1
    return placed


def _chunk(page: Page, lines: list[tuple[int, Line]], piece: _Piece, document_id: str) -> Chunk:
    text = page.text[piece.start : piece.end]
    touched = [_words_of(line, at, piece) for at, line in lines]
    words = tuple(word for line in touched for word in line)
    return Chunk(
        id=digest("chunk", document_id, page.number, piece.start, text)[:32],
        document_id=document_id,
        page=page.number,
        start=piece.start,
        end=piece.end,
        text=text,
        confidence_score=Line(words=words).confidence,
        boxes=tuple(union([word.box for word in line]).rounded() for line in touched if line),
    )


def _words_of(line: Line, at: int, piece: _Piece) -> list[Word]:
    """The words of a line, whose text begins at `at`, that share a character with the piece."""
    found = []
    for word in line.words:
        if at < piece.end and at + len(word.text) > piece.start:
            found.append(word)
        at += len(word.text) + 1
    return found
