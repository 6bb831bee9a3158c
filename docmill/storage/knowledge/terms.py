"""What full text search compares: the terms of a text, the same for chunks and queries.

A word of letters and digits is one term. A compound (`INV-2026/0815`, `anna@example.org`, `1.234,56`) gives its parts and, as one more
term, all of them joined (`inv20260815`): an identifier is found exactly, however its separators were printed or typed, and by its parts.
The index stems terms and leaves out English stop words, of queries as of chunks.
"""

import re
from collections.abc import Iterator
from typing import Final

MAX_TERM_LENGTH: Final = 100
"""Longer terms are left out: they are noise, keys or pictures in text form."""

_PARTS = re.compile(r"[^\W_]+")
_BROKEN_WORD = re.compile(r"(?<=[a-z])-\n(?=[a-z])")


def terms(text: str) -> str:
    """The terms of a text, separated by spaces, lower case. A word broken by a hyphen at a line's end is one."""
    return " ".join(_terms(_BROKEN_WORD.sub("", text.lower())))


def _terms(text: str) -> Iterator[str]:
    for token in text.split():
        if token.isalnum():
            yield token
            continue
        parts = _PARTS.findall(token)
        yield from parts
        if len(parts) > 1:
            yield "".join(parts)
