"""Capitals where a text has none: models and patterns know names by their capital. `follow up with jessica kadyrov` -> `... Jessica Kadyrov`.

A word that no English dictionary has is taken for a name. The dictionary is the one inside spaCy's model (WordNet's index, for lemmas).
Every character stays at its place, so hits in the recased text are hits in the text.
"""

import re
from collections.abc import Callable

_WORD = re.compile(r"(?<![\w@./-])[^\W\d_]{3,}(?![\w@]|[./][^\W\d_])")
_ENDINGS = ("", "s", "es", "ed", "d", "ing", "er", "ly", "'s")

Known = Callable[[str], bool]
"""Whether a lower-case word is an ordinary English one."""


def is_without_capitals(text: str) -> bool:
    """Whether there are words but no capital letter."""
    return bool(_WORD.search(text)) and not any(c.isupper() for c in text)


def recased(text: str, is_known: Known) -> str:
    """The text with a capital on every word that is no ordinary one."""

    def raised(match: re.Match[str]) -> str:
        word = match[0]
        first = word[0].upper()
        return word if len(first) != 1 or is_ordinary(word, is_known) else first + word[1:]

    return _WORD.sub(raised, text)


def is_ordinary(word: str, is_known: Known) -> bool:
    """Whether the word, or what it is an inflected form of, is an ordinary one."""
    small = word.lower()
    stems = (small.removesuffix(ending) for ending in _ENDINGS if small.endswith(ending))
    return any(is_known(stem) or is_known(f"{stem}e") for stem in stems if len(stem) > 1)
