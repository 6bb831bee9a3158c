"""Where the ranker speaks: fields of kinds where it beat the rules, unless the rules' choice is as good as proven. Without a ranker nothing changes."""

from collections.abc import Callable, Sequence

from docmill.stages.understanding.layout import field
from docmill.stages.understanding.ranking.candidates import Candidate, candidates_of
from docmill.stages.understanding.ranking.features import features_of
from docmill.stages.understanding.ranking.ranker import Ranker
from docmill.values.evidence import Field
from docmill.values.page import Page

PROVEN = 0.95
"""From this confidence on arithmetic, check digits or a paper's only date speak for the rules' choice, and it stays."""

MOST_SURE = 0.9
"""No learned weight proves anything, so its choice is never surer than this."""

SOURCE = "ranker"


def options_of(name: str, pages: Sequence[Page], found: Field | None) -> tuple[list[Candidate], list[dict[str, float]], int]:
    """Candidates of a field, the features of each and last those of none, and which option the rules chose.

    Args:
        name: of the field, one of RANKED.
        pages: of one document, not none.
        found: what the rules chose.
    """
    candidates, chosen = candidates_of(name, pages, found)
    options = features_of(name, candidates, chosen, found)
    return candidates, options, len(candidates) if chosen is None else chosen


def is_proven(found: Field | None) -> bool:
    """Whether the rules' choice stays, whatever was learned."""
    return found is not None and found.evidence.confidence >= PROVEN


def better(ranker: Ranker, kind: str, name: str, pages: Sequence[Page], found: Field | None) -> tuple[Candidate, float] | None:
    """Another candidate that the ranker takes for the field, and how likely it is (0.0-1.0); None where the rules' choice stays."""
    model = ranker.of(kind, name)
    if model is None or is_proven(found):
        return None
    candidates, options, rules = options_of(name, pages, found)
    best, share = model.choice(options, rules)
    return None if best == rules else (candidates[best], min(MOST_SURE, share))


def ranked(ranker: Ranker, kind: str, pages: Sequence[Page]) -> Callable[[str, Field | None], Field | None]:
    """What makes a field out of what the rules found: the same one, or what the ranker takes for it."""

    def chosen(name: str, found: Field | None) -> Field | None:
        other = better(ranker, kind, name, pages, found)
        return found if other is None else field(name, other[0].value, other[0].seen, other[1], SOURCE)

    return chosen
