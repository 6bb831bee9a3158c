"""Overlapping hits become one. Nothing that any hit covered is ever uncovered: the winner takes the union."""

from collections.abc import Iterable, Iterator

from docmill.stages.privacy.hits import Hit

_PLACES = frozenset({"ADDRESS", "LOCATION"})
_LOOSE = _PLACES | {"PERSON", "ORGANIZATION", "NRP", "TITLE", "DATE_TIME"}  # whose ends are a matter of reading, not of checking
_GAP_CHARS = 4  # `,` newline, quote mark and blank between the parts of one address


def merge(hits: Iterable[Hit], text: str) -> tuple[Hit, ...]:
    """Hits in order, none overlapping another.

    Parts of one address, its town and country among them, that only blanks, commas or a line break keep apart become one.

    Where a model's span runs into a number that a pattern checked, the number keeps its own span and the rest of the model's stays beside it.

    Of other overlapping hits a structured pattern beats a model, then the surer, then the longer one names the type and source; the span is the
    union of all and the confidence the highest.
    """
    merged: list[Hit] = []
    for hit in sorted(_carved(hits, text), key=lambda h: (h.start, -h.end)):
        if merged and (hit.start < merged[-1].end or _is_one_address(merged[-1], hit, text)):
            merged[-1] = _joined(merged[-1], hit)
        else:
            merged.append(hit)
    return tuple(merged)


def _carved(hits: Iterable[Hit], text: str) -> Iterator[Hit]:
    """The hits, those of models without the characters of structured values."""
    every = list(hits)
    solid = sorted({(h.start, h.end) for h in every if h.is_pattern and h.type not in _LOOSE})
    for hit in every:
        if hit.is_pattern or hit.type not in _LOOSE:
            yield hit
            continue
        at = hit.start
        for start, end in solid:
            if start < hit.end and at < end:
                yield from _rest(hit, at, start, text)
                at = max(at, end)
        yield from _rest(hit, at, hit.end, text)


def _rest(hit: Hit, start: int, end: int, text: str) -> Iterator[Hit]:
    if any(c.isalnum() for c in text[start:end]):
        yield hit._replace(start=start, end=end)


def _is_one_address(one: Hit, other: Hit, text: str) -> bool:
    between = text[one.end : other.start]
    return (
        {one.type, other.type} <= _PLACES
        and "ADDRESS" in {one.type, other.type}
        and len(between) <= _GAP_CHARS
        and not between.strip(" ,>\n")
    )


def _joined(one: Hit, other: Hit) -> Hit:
    winner = max(one, other, key=_strength)
    return winner._replace(start=min(one.start, other.start), end=max(one.end, other.end), confidence=max(one.confidence, other.confidence))


def _strength(hit: Hit) -> tuple[bool, int, float]:
    return hit.is_pattern, hit.end - hit.start, hit.confidence
