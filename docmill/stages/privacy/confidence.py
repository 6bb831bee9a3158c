"""What a finding's confidence says: how often findings with such votes are personal data, as measured (benchmarks/pii_confidence.py).

Engines count alike whatever they claim: Presidio says .85 of every name. Each vote has a worth, its share of right findings where it stood alone;
votes of several engines add up as independent witnesses would (1 - the product of their doubts). Patterns of a user keep the user's own figure.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from docmill.stages.privacy.hits import Hit
from docmill.values.evidence import Vote

MOST: Final = 0.99
"""No number of votes makes a finding surer, unless a single one says so itself (a denied value: 1.0)."""

_WORTH: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("presidio", "PERSON"): 0.74, ("presidio", "ORGANIZATION"): 0.6, ("presidio", "LOCATION"): 0.88, ("presidio", "NRP"): 0.92,
        ("presidio", "DATE_TIME"): 0.55, ("patterns", "address_block"): 0.9, ("patterns", "address_tail"): 0.85, ("patterns", "age"): 0.93,
        ("patterns", "phone_context"): 0.92, ("patterns", "phone_national"): 0.85, ("patterns", "title"): 0.94, ("patterns", "ssn"): 0.93,
        ("patterns", "name_title"): 0.92, ("patterns", "name_label"): 0.9, ("patterns", "salutation"): 0.9,
    }
)  # fmt: skip
"""(engine, rule) -> share of right findings; what is not here counts as it says itself."""

_BY_SCORE: Mapping[tuple[str, str], tuple[float, float]] = MappingProxyType(
    {("rampart", "PERSON"): (0.72, 0.96), ("rampart", "LOCATION"): (0.7, 0.94), ("rampart", "ADDRESS"): (0.8, 0.95)}
)
"""(engine, rule) -> worth at a score of 0.6 and of 1.0, of engines whose scores mean something."""
_LOW_SCORE: Final = 0.6


def worth_of(vote: Vote) -> float:
    """How often this engine is right when it alone says so, 0.0-1.0."""
    key = (vote.engine, vote.rule)
    if key in _BY_SCORE:
        low, high = _BY_SCORE[key]
        return low + (high - low) * max(0.0, vote.confidence - _LOW_SCORE) / (1 - _LOW_SCORE)
    return _WORTH.get(key, vote.confidence)


def confidence_of(hit: Hit) -> float:
    """Confidence of a merged hit, 0.0-1.0, by its votes."""
    best: dict[str, float] = {}
    for vote in hit.reasons:
        best[vote.engine] = max(best.get(vote.engine, 0.0), worth_of(vote))
    doubt = 1.0
    for worth in best.values():
        doubt *= 1 - worth
    return round(min(1 - doubt, max(MOST, *best.values())), 2)
