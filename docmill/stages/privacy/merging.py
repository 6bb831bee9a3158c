"""Overlapping hits become one. Nothing that any hit covered is ever uncovered: the winner takes the union."""

from collections.abc import Collection, Iterable, Iterator

from docmill.stages.privacy.hits import Hit

_PLACES = frozenset({"ADDRESS", "LOCATION"})
_LOOSE = _PLACES | {"PERSON", "ORGANIZATION", "NRP", "TITLE", "DATE_TIME"}  # whose ends are a matter of reading, not of checking
_STREETS = frozenset(
    {"pattern:street_en", "pattern:street_glued", "pattern:street_word", "pattern:street_prefix", "pattern:numbered_street"}
)
_EDGES = " \t\n,;>"  # of what is left of a span when a part of it was cut out
_GAP_CHARS = 4  # `,` newline, quote mark and blank between the parts of one address


def merge(hits: Iterable[Hit], text: str) -> tuple[Hit, ...]:
    """Hits in order, none overlapping another.

    Parts of one address that only blanks, commas or a line break keep apart become one; its town and country keep their own spans.

    Where a model's span runs into a number that a pattern checked, the number keeps its own span and the rest of the model's stays beside it.
    So does a town in what is an address as a whole.

    Of other overlapping hits a structured pattern beats a model, then the surer, then the longer one names the type and source; the span is the
    union of all and the confidence the highest.
    """
    merged: list[Hit] = []
    for hit in sorted(_carved(hits, text), key=lambda h: (h.start, -h.end)):
        if merged and (hit.start < merged[-1].end or _is_one_address(merged[-1], hit, text, {"ADDRESS"})):
            merged[-1] = _joined(merged[-1], hit)
        else:
            merged.append(hit)
    return tuple(merged)


def whole_addresses(hits: Iterable[Hit], text: str) -> tuple[Hit, ...]:
    """Hits in order, with each address as one, its town and country among it: nobody should learn how many words it has."""
    whole: list[Hit] = []
    for hit in hits:
        if whole and _is_one_address(whole[-1], hit, text, _PLACES) and "ADDRESS" in {whole[-1].type, hit.type}:
            whole[-1] = _joined(whole[-1], hit)
        else:
            whole.append(hit)
    return tuple(whole)


def touching(hits: Iterable[Hit], text: str) -> tuple[Hit, ...]:
    """Hits in order, parts of one address without a gap: the comma or line break between two belongs to the first."""
    joined: list[Hit] = []
    for hit in hits:
        if joined and _is_one_address(joined[-1], hit, text, _PLACES) and "ADDRESS" in {joined[-1].type, hit.type}:
            joined[-1] = joined[-1]._replace(end=hit.start)
        joined.append(hit)
    return tuple(joined)


def _carved(hits: Iterable[Hit], text: str) -> Iterator[Hit]:
    """The hits: those of models without the characters of structured values, and addresses without those of their towns."""
    every = list(hits)
    solid = sorted({(h.start, h.end) for h in every if h.is_pattern and h.type not in _LOOSE})
    streets = [h for h in every if h.source in _STREETS]
    doors = sorted({(h.start, h.end) for h in every if h.source in _STREETS or h.source == "pattern:flat"})
    towns = sorted({(h.start, h.end) for h in every if h.type == "LOCATION" and _is_town(h, streets, text)})
    for hit in every:
        if hit.type == "ADDRESS" and hit.source not in _STREETS:
            yield from _without(hit, [(a, b) for a, b in towns if hit.start <= a and b <= hit.end], text)
        elif hit.is_pattern or hit.type not in _LOOSE:
            yield hit
        else:
            yield from _without(hit, sorted(solid + doors) if hit.type == "PERSON" else solid, text)


def _is_town(hit: Hit, streets: Iterable[Hit], text: str) -> bool:
    """Whether a place in an address is its town, not a street's name: it begins its line or its part, or stands behind a postcode."""
    before = text[: hit.start].rstrip(" ")
    is_apart = not before or before[-1] in ",\n>;:" or before[-1].isdigit()
    return is_apart and not any(s.start < hit.end and hit.start < s.end for s in streets)


def _without(hit: Hit, places: Iterable[tuple[int, int]], text: str) -> Iterator[Hit]:
    at = hit.start
    for start, end in places:
        if start < hit.end and at < end:
            yield from _rest(hit, at, start, text)
            at = max(at, end)
    yield from _rest(hit, at, hit.end, text)


def _rest(hit: Hit, start: int, end: int, text: str) -> Iterator[Hit]:
    part = text[start:end]
    if any(c.isalnum() for c in part):
        is_cut = (start, end) != (hit.start, hit.end)
        bare = part.strip(_EDGES) if is_cut else part
        at = start + part.index(bare)
        yield hit._replace(start=at, end=at + len(bare))


def _is_one_address(one: Hit, other: Hit, text: str, types: Collection[str]) -> bool:
    between = text[one.end : other.start]
    return one.type in types and other.type in types and len(between) <= _GAP_CHARS and not between.strip(" ,>\n")


def _joined(one: Hit, other: Hit) -> Hit:
    winner = max(one, other, key=_strength)
    return winner._replace(
        start=min(one.start, other.start),
        end=max(one.end, other.end),
        confidence=max(one.confidence, other.confidence),
        votes=tuple(dict.fromkeys((*one.reasons, *other.reasons))),
    )


def _strength(hit: Hit) -> tuple[bool, int, float]:
    return hit.is_pattern, hit.end - hit.start, hit.confidence
