"""How scripts run that don't run as Latin ones do: Hebrew and Arabic from right to left, Chinese and Japanese also from top to bottom.

Works on words and where they stand, without fonts or languages. Letters within a word are in reading order already.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

from docmill.values.geometry import Box

IDEOGRAPHS_FROM: Final = "\u2e80"
"""No letter of a script that is written along lines only comes behind it, presentation forms aside."""

_RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_STACKED: Final = 1.5
"""So many times taller than wide are two and more letters that stand on one another."""


def is_stacked(text: str, box: Box) -> bool:
    """Whether a word of ideographs or kana runs downwards with its letters upright."""
    return len(text) > 1 and text[0] >= IDEOGRAPHS_FROM and box.height > _STACKED * box.width


def has_right_to_left(texts: Sequence[str]) -> bool:
    """Whether any of these words is of a script that runs from right to left."""
    return _RIGHT_TO_LEFT.search("".join(texts)) is not None


def is_mostly_right_to_left(texts: Sequence[str]) -> bool:
    """Whether more letters of these words run from right to left than from left to right."""
    whole = "".join(texts)
    return 2 * len(_RIGHT_TO_LEFT.findall(whole)) > sum(map(str.isalpha, whole))


def with_foreign_turned(texts: Sequence[str], line: Sequence[int], *, right_to_left: bool) -> list[int]:
    """A line's words in reading order: a phrase in a script that runs against the line is read its own way, with all between its first and last word.

    Args:
        texts: of all words.
        line: the words of a line, by index, in the direction of the line.
        right_to_left: that direction.
    """
    runs_against: Callable[[str], bool] = _is_left_to_right if right_to_left else _is_right_to_left
    out: list[int] = []
    waiting: list[int] = []  # a phrase and what stands behind its last sure word
    sure = 0
    for key in line:
        if runs_against(texts[key]):
            waiting.append(key)
            sure = len(waiting)
        elif waiting and not (_is_right_to_left(texts[key]) or _is_left_to_right(texts[key])):
            waiting.append(key)
        else:
            out += [*reversed(waiting[:sure]), *waiting[sure:], key]
            waiting, sure = [], 0
    return [*out, *reversed(waiting[:sure]), *waiting[sure:]]


def _is_right_to_left(text: str) -> bool:
    return _RIGHT_TO_LEFT.search(text) is not None


def _is_left_to_right(text: str) -> bool:
    return not _is_right_to_left(text) and any(unicodedata.bidirectional(c) == "L" for c in text)
