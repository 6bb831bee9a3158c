"""The model's tokenizer: BERT WordPiece, lower case, accents stripped, built from the vocabulary that ships beside this module."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docmill.errors import EngineMissing

if TYPE_CHECKING:
    from tokenizers import BertWordPieceTokenizer

VOCABULARY: Final = Path(__file__).parent / "vocabulary" / "vocab.txt"
VOCABULARY_SHA256: Final = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"

MAX_TOKENS: Final = 256
"""What all-MiniLM-L6-v2 was trained to look at, [CLS] and [SEP] included; the rest of a text is ignored."""

SPECIAL_TOKENS: Final = 2
"""[CLS] and [SEP], which enclose every text."""


@lru_cache(maxsize=1)
def tokenizer() -> "BertWordPieceTokenizer":
    """The tokenizer of this process, without truncation or padding.

    Raises:
        EngineMissing: the library or the vocabulary is not installed.
    """
    try:
        from tokenizers import BertWordPieceTokenizer  # noqa: PLC0415 - a native library, loaded only where texts are embedded

        return BertWordPieceTokenizer(str(VOCABULARY), lowercase=True)
    except Exception as error:  # the native side raises bare Exception when the file is missing
        raise EngineMissing("the tokenizer of the embedding model is not installed") from error


def token_ids(texts: Sequence[str]) -> list[list[int]]:
    """Token ids of each text, [CLS] and [SEP] included, cut to MAX_TOKENS as the model wants it."""
    encodings = tokenizer().encode_batch(list(texts))
    return [e.ids if len(e.ids) <= MAX_TOKENS else [*e.ids[: MAX_TOKENS - 1], e.ids[-1]] for e in encodings]


def token_counts(texts: Sequence[str]) -> list[int]:
    """Tokens of each text without [CLS] and [SEP].

    Words never share a token, so the count of texts joined by white space is the sum of their counts.
    """
    return [len(e.ids) for e in tokenizer().encode_batch(list(texts), add_special_tokens=False)]
