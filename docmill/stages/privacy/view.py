"""A page's words in another order or closer together than its text has them, and the way back.

Belongs here: what every such view is made of. Does not belong here: which words stand how in it (columns, spacing, wrapping, headings).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from docmill.stages.privacy.hits import Hit

_NEXT = 2  # a blank or line break between two words, and the hyphen before it that broke one


@dataclass(frozen=True)
class View:
    """Words as they are to be searched. `words` holds (start in `text`, start in the text they come from, length) of each."""

    text: str
    words: tuple[tuple[int, int, int], ...]

    def on_page(self, hit: Hit) -> Iterator[Hit]:
        """The hit's parts as hits in the text that the words come from: one for each run of words that stand together there."""
        run: tuple[int, int] | None = None
        for at, on_page, length in self.words:
            start, end = max(hit.start, at), min(hit.end, at + length)
            if start >= end:
                continue
            place = (on_page + start - at, on_page + end - at)
            if run and run[1] <= place[0] <= run[1] + _NEXT:
                run = (run[0], place[1])
                continue
            if run:
                yield hit._replace(start=run[0], end=run[1])
            run = place
        if run:
            yield hit._replace(start=run[0], end=run[1])


@dataclass
class ViewWriter:
    """Writes a view, piece by piece."""

    _parts: list[str] = field(default_factory=list)
    _words: list[tuple[int, int, int]] = field(default_factory=list)
    _at: int = 0

    def word(self, text: str, start: int) -> None:
        """A word, and where it starts in the text that it comes from."""
        self._words.append((self._at, start, len(text)))
        self.between(text)

    def between(self, text: str) -> None:
        """What stands between words: blanks, line breaks, a label. It is nowhere on the page."""
        self._parts.append(text)
        self._at += len(text)

    def written(self) -> View:
        """The view."""
        return View("".join(self._parts), tuple(self._words))
