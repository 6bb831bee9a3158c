"""Which languages a document is written in: py3langid (byte n-grams, naive Bayes; Lui and Baldwin 2012) over pieces of some 300 characters.

One label or number more or less must not decide, so a piece counts by its letters and only where the model is sure; of each document the
shares are given, not one answer.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from docmill.errors import EngineMissing
from docmill.stages.understanding.enrichment.texts import MASK, WORD, blocks_of
from docmill.values.enrichment import LanguageShare
from docmill.values.languages import TESSERACT_NAMES
from docmill.values.page import Page

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LEAST_SHARE: Final = 0.1
_PIECE_CHARACTERS: Final = 300
_LEAST_LETTERS: Final = 24
_SURE: Final = 0.8
_MOST_PIECES: Final = 60
"""Pieces looked at, spread evenly over the document."""


def languages_of(pages: Sequence[Page]) -> tuple[LanguageShare, ...]:
    """Languages with at least a tenth of the letters, the most frequent first; empty where there is too little text to tell.

    Raises:
        EngineMissing: py3langid is not installed.
    """
    pieces = list(_pieces(text for _, text in blocks_of(pages)))
    step = max(1, -(-len(pieces) // _MOST_PIECES))
    letters = Counter[str]()
    for piece in pieces[::step]:
        words = WORD.findall(MASK.sub(" ", piece))
        own = sum(len(word) for word in words)
        if own < _LEAST_LETTERS:
            continue
        name, sure = _identifier().classify(" ".join(words).lower())
        if sure >= _SURE:
            letters[str(name)] += own
    whole = letters.total()
    return tuple(
        LanguageShare(language=name, share=round(count / whole, 3)) for name, count in letters.most_common() if count >= LEAST_SHARE * whole
    )


def _pieces(blocks: Iterable[str]) -> Iterator[str]:
    """Short blocks joined, long ones cut between words."""
    piece = ""
    for block in blocks:
        for word in block.split():
            piece = f"{piece} {word}"
            if len(piece) >= _PIECE_CHARACTERS:
                yield piece
                piece = ""
    if piece:
        yield piece


@lru_cache(maxsize=1)
def _identifier() -> "LanguageIdentifier":
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - 2 MB of model, only where documents are enriched
    except ImportError as error:
        raise EngineMissing("languages cannot be told apart: py3langid is not installed") from error
    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages([name for name in TESSERACT_NAMES if name in found.labels])
    return found
