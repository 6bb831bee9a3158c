"""Which letters RapidOCR may read: its one model writes Chinese, Japanese and Latin alike.

On a paper in a western language what looks like an ideograph is a row of asterisks, a logo or a fold, and the next best letter is right, or so
doubtful that the line is left out.
"""

from typing import Any, Final

import numpy as np

_EASTERN: Final = frozenset({"ja", "zh"})
_FIRST_EASTERN: Final = 0x2E80
"""From here on Unicode holds ideographs, kana and their full-width signs (CJK Radicals Supplement and the blocks after it)."""


class LetterChoice:
    """The recogniser's decoder, in its place: takes the letters of other languages out of the choice.

    Args:
        decode: RapidOCR's CTCLabelDecode: takes probabilities (lines x columns x letters); `character` lists the letters.
    """

    def __init__(self, decode: Any) -> None:
        self._decode = decode
        letters = decode.character
        # names of more than one character are the decoder's own, such as the blank
        self._western = np.array([len(letter) != 1 or ord(letter) < _FIRST_EASTERN for letter in letters], dtype=np.float32)
        self._is_western = False

    @property
    def character(self) -> Any:
        """The letters in the order of the probabilities."""
        return self._decode.character

    def choose(self, language: str) -> None:
        """Read this language (ISO 639-1) from now on."""
        self._is_western = language not in _EASTERN

    def __call__(self, probabilities: Any, *arguments: Any, **named: Any) -> Any:
        """As the decoder in whose place this stands."""
        return self._decode(probabilities * self._western if self._is_western else probabilities, *arguments, **named)
