"""What a confidence is worth: per kind of document and field, learned from decisions. Pure; where decisions come from is in `judged`.

Reliability is measured on decisions that the calibration has not seen: what is alike (a company's documents) stays in one fold.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docmill.services.publishing_masked import FIGURES_AND_WORDS
from docmill.services.review.logistic import Line, fitted, log_odds, sigmoid

FOLDS = 5


FIGURES_AHEAD = 1.0
"""Log-odds by which a figure or date goes before a name of the same confidence while nothing is learned: it passed checks that names have not."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A field that a person judged.

    Attributes:
        kind: of the document.
        field: its name.
        confidence: 0.0-1.0, as the engine said.
        is_right: whether the person accepted it.
        group: whom the document is from: what is alike stays in one fold.
        document: its id.
    """

    kind: str
    field: str
    confidence: float
    is_right: bool
    group: str
    document: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """What decisions teach of every kind's fields; without a line nothing was learned, and scores only order."""

    line: Line | None = None

    def score(self, kind: str, field: str, confidence: float) -> float:
        """The probability (0.0-1.0) that a field of this confidence is right."""
        if self.line is not None:
            return self.line.at(f"{kind}.{field}", confidence)
        return sigmoid(log_odds(confidence) + (FIGURES_AHEAD if field in FIGURES_AND_WORDS else 0.0))


@dataclass(frozen=True, slots=True)
class Bin:
    """Fields whose score lies in [low, high): how many, what was expected of them and what came."""

    low: float
    high: float
    count: int
    expected: float
    right: float


def fit(judged: Sequence[Judged]) -> Calibration:
    """What decisions teach; without any, nothing."""
    return (
        Calibration() if not judged else Calibration(fitted([(f"{one.kind}.{one.field}", one.confidence, one.is_right) for one in judged]))
    )


def held_out_scores(judged: Sequence[Judged]) -> list[tuple[float, bool]]:
    """(score, whether it was right) of each decision, scored by what has seen no decision of its fold's groups."""
    return [(taught.score(one.kind, one.field, one.confidence), one.is_right) for taught, others in _folds(judged) for one in others]


def reliability(scores: Sequence[tuple[float, bool]], *, bins: int = 10) -> list[Bin]:
    """Expected against seen share of right ones, by score; empty bins are left out."""
    found = []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = [(score, right) for score, right in scores if low <= score < high or (number == bins - 1 and score >= high)]
        if inside:
            count = len(inside)
            found.append(Bin(low, high, count, sum(s for s, _ in inside) / count, sum(r for _, r in inside) / count))
    return found


def calibration_error(bins: Sequence[Bin]) -> float:
    """The mean distance between expected and seen, weighted by count (expected calibration error; 0.0 is best)."""
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.expected - one.right) for one in bins) / total if total else 0.0


def halves(judged: Sequence[Judged]) -> tuple[list[Judged], list[Judged]]:
    """The decisions of one half of the groups and those of the other."""
    first = set(sorted({one.group for one in judged}, key=_shuffled)[::2])
    return [one for one in judged if one.group in first], [one for one in judged if one.group not in first]


def _folds(judged: Sequence[Judged]) -> Iterator[tuple[Calibration, list[Judged]]]:
    fold_of = {group: number % FOLDS for number, group in enumerate(sorted({one.group for one in judged}, key=_shuffled))}
    for fold in range(FOLDS):
        others = [one for one in judged if fold_of[one.group] == fold]
        seen = [one for one in judged if fold_of[one.group] != fold]
        if others and seen:
            yield fit(seen), others


def _shuffled(group: str) -> str:
    # the same folds every time, whatever order and names groups have
    return hashlib.sha256(group.encode()).hexdigest()
