"""One pattern: a regular expression, a check of what it matched, and context words where the shape alone says too little.

Belongs here: how a pattern is applied. The patterns themselves live in their own modules.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from docmill.stages.privacy.hits import Hit

BEFORE = 48
"""Characters in front of a match in which a context word counts: about one short line, so that a label on the line above still does."""

AFTER = 16
"""Characters behind a match in which a context word counts (`555 0100 (office)`)."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern with validation.

    Attributes:
        name: shown in a span's source.
        type: the entity type.
        regex: what to look for; a group `value`, if there is one, or `value2` where that took no part, is the personal part.
        confidence: 0.0-1.0, of a match that passed.
        accept: looks at the value, False drops it.
        context: words of which one must stand near; None when the shape is proof enough.
    """

    name: str
    type: str
    regex: re.Pattern[str]
    confidence: float
    accept: Callable[[str], bool] | None = None
    context: re.Pattern[str] | None = None

    def find(self, text: str) -> Iterator[Hit]:
        """All accepted matches."""
        names = [name for name in ("value", "value2") if name in self.regex.groupindex]
        for match in self.regex.finditer(text):
            group: str | int = next((name for name in names if match[name] is not None), 0)
            start, end = match.span(group)
            if start == end or (self.accept and not self.accept(match[group])):
                continue
            word = context_of(text, start, end, self.context) if self.context else ""
            if word is not None:
                yield Hit(start, end, self.type, self.confidence, f"pattern:{self.name}", word)


def context_of(text: str, start: int, end: int, words: re.Pattern[str]) -> str | None:
    """The one of the words that stands nearest before the match, or else right behind it on its line; None when none does."""
    before = list(words.finditer(text, max(0, start - BEFORE), start))
    found = before[-1] if before else words.search(text[end : end + AFTER].partition("\n")[0])
    return " ".join(found[0].split()) if found else None


def any_of(*words: str) -> re.Pattern[str]:
    """A case-insensitive pattern for whole words or phrases (regular expressions themselves)."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)
