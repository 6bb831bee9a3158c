"""Finding a known value again, however it is split, spaced, accented or re-cased.

Finding uses this to spread a value over the document, the proof to look for it in the written file: one definition, so that what the
proof calls a leak is what finding would have covered.

A name is looked for as a whole: after `Uwe Sommer` was found, a lone `Sommer` is not taken for it, because the same word may stand
there as an ordinary one, and a proof that trips over ordinary words would be switched off.
"""

import unicodedata
from array import array
from collections.abc import Iterable, Iterator
from itertools import pairwise

SHORTEST = 4
"""Letters and digits a value needs to be looked for elsewhere: shorter ones (`Ida`, `54`) are parts of too many other words."""

_UNDECOMPOSED = str.maketrans("łøđðħŧı", "loddhti", "")  # strokes are no accents to Unicode, but OCR loses them all the same
_WIDEST_GAP = 3  # characters between two letters of one value that are neither letter nor digit
_BLOCK = 1 << 20  # characters of a text that are looked at together
_WORDLIKE = frozenset({"PERSON", "LOCATION", "ADDRESS", "ORGANIZATION", "NRP", "TITLE", "DATE_TIME"})


def folded(text: str) -> str:
    """The text's letters and digits alone: compatibility forms resolved, accents and case dropped."""
    return "".join(_fold(c) for c in text)


class Haystack:
    """A text in which known values are looked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        letters: list[str] = []
        self._places = array("L")  # a list would take nine times the memory
        for place, character in enumerate(text):
            plain = _fold(character)
            letters.append(plain)
            self._places.extend((place,) * len(plain))
        self._folded = "".join(letters)

    def find(self, value: str, entity: str) -> Iterator[tuple[int, int]]:
        """[start, end) of every occurrence of the value; nothing for values shorter than `SHORTEST`.

        A name ends at word borders (`Anna` is not in `Annapolis`). Anything else only needs that no digit stands beside it, so that a
        number glued to its label still counts.
        """
        return self.places_of(folded(value), entity)

    @property
    def starts(self) -> set[str]:
        """Every run of `SHORTEST` letters and digits: a value that is there begins with one."""
        return {self._folded[at : at + SHORTEST] for at in range(len(self._folded) - SHORTEST + 1)}

    def places_of(self, needle: str, entity: str) -> Iterator[tuple[int, int]]:
        """`find` for a value that is folded already."""
        if len(needle) < SHORTEST:
            return
        is_border = str.isalnum if entity in _WORDLIKE or not any(c.isdigit() for c in needle) else str.isdigit
        at = self._folded.find(needle)
        while at >= 0:
            places = self._places[at : at + len(needle)]
            start, end = places[0], places[-1] + 1
            is_tight = all(b - a <= _WIDEST_GAP + 1 for a, b in pairwise(places))
            before = self._text[start - 1 : start] if start else ""
            if is_tight and not is_border(before) and not is_border(self._text[end : end + 1]):
                yield start, end
            at = self._folded.find(needle, at + 1)

    def windows(self, longest: int) -> Iterator[str]:
        """Every folded run of `SHORTEST` to `longest` letters and digits that `find` could find, whatever the value's type.

        For who holds only keyed hashes of the values: they are compared with the hashes of all these.
        """
        for first, place in enumerate(self._places):
            is_inside = self._text[place - 1 : place].isalnum() if place else False
            follows_digit = self._text[place - 1 : place].isdigit() if place else False
            has_digit = False
            for last in range(first, min(first + longest, len(self._places))):
                if last > first and self._places[last] - self._places[last - 1] > _WIDEST_GAP + 1:
                    break
                has_digit = has_digit or self._folded[last].isdigit()
                behind = self._text[self._places[last] + 1 : self._places[last] + 2]
                is_cut = (follows_digit or behind.isdigit()) if has_digit else (is_inside or behind.isalnum())
                if last - first + 1 >= SHORTEST and not is_cut:
                    yield self._folded[first : last + 1]

    def holds(self, value: str, entity: str) -> bool:
        """Whether the value occurs."""
        return next(self.find(value, entity), None) is not None


class Known:
    """(value, entity) pairs that are looked for in many texts.

    A book has thousands of values on thousands of pages: each is folded once, and of a text only those are looked for whose first letters it has.

    Args:
        values: the pairs.

    Attributes:
        reach: no occurrence has more characters, with the one beside it.
    """

    def __init__(self, values: Iterable[tuple[str, str]]) -> None:
        self._pairs = tuple(values)
        self._needles = tuple(folded(value) for value, _ in self._pairs)
        self.reach = max(map(len, self._needles), default=0) * (_WIDEST_GAP + 1) + 1
        self._by_start: dict[str, list[int]] = {}
        for number, needle in enumerate(self._needles):
            self._by_start.setdefault(needle[:SHORTEST], []).append(number)

    def occurrences(self, text: str) -> Iterator[tuple[int, int, tuple[str, str]]]:
        """(start, end, pair) of every occurrence in a text, in the order of the pairs."""
        haystack = Haystack(text)
        starts = haystack.starts & self._by_start.keys()
        for number in sorted(number for start in starts for number in self._by_start[start]):
            pair = self._pairs[number]
            for start, end in haystack.places_of(self._needles[number], pair[1]):
                yield start, end, pair

    def held(self, text: str) -> int:
        """How many of the pairs occur in a text; it may be long."""
        found = set[tuple[str, str]]()
        for begin in range(0, len(text), _BLOCK):
            block = text[max(0, begin - self.reach) : begin + _BLOCK]
            is_first, is_last = begin <= self.reach, begin + _BLOCK >= len(text)
            # what touches a cut is seen with its neighbours in the block before or behind
            found.update(pair for start, end, pair in self.occurrences(block) if (start or is_first) and (end < len(block) or is_last))
        return len(found)


def _fold(character: str) -> str:
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    plain = unicodedata.normalize("NFKD", character).casefold().translate(_UNDECOMPOSED)
    return "".join(c for c in plain if c.isalnum())
