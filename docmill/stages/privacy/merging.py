"""Overlapping hits become one. Nothing that any hit covered is ever uncovered: the winner takes the union."""

from collections.abc import Iterable

from docmill.stages.privacy.hits import Hit

_PLACES = frozenset({"ADDRESS", "LOCATION"})
_GAP_CHARS = 4  # `,` newline, quote mark and blank between the parts of one address


def merge(hits: Iterable[Hit], text: str) -> tuple[Hit, ...]:
    """Hits in order, none overlapping another.

    Parts of one address, its town and country among them, that only blanks, commas or a line break keep apart become one.

    Of overlapping hits a structured pattern beats a model, then the surer, then the longer one names the type and source; the span is the
    union of all and the confidence the highest.
    """
    merged: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.start, -h.end)):
        if merged and (hit.start < merged[-1].end or _is_one_address(merged[-1], hit, text)):
            merged[-1] = _joined(merged[-1], hit)
        else:
            merged.append(hit)
    return tuple(merged)


def _is_one_address(one: Hit, other: Hit, text: str) -> bool:
    between = text[one.end : other.start]
    return {one.type, other.type} <= _PLACES and "ADDRESS" in {one.type, other.type} and len(between) <= _GAP_CHARS and not between.strip(" ,>\n")


def _joined(one: Hit, other: Hit) -> Hit:
    winner = max(one, other, key=_strength)
    return winner._replace(start=min(one.start, other.start), end=max(one.end, other.end), confidence=max(one.confidence, other.confidence))


def _strength(hit: Hit) -> tuple[bool, int, float]:
    return hit.is_pattern, hit.end - hit.start, hit.confidence
