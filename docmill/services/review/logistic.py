"""Platt scaling with a term for each field: the log-odds of being right are a straight line in the log-odds of the engine's confidence.

Terms are held near what says nothing (slope 1, offset 0) by a normal prior, so that a few decisions move them a little and many as far as they
must (Platt 1999, with a ridge instead of his target smoothing). Solved by Newton's method in plain floats: some dozens of terms.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NEAREST = 0.01
"""Confidences are taken as 0.01-0.99: nothing is surer than that before anybody has looked."""

SLOPE_PRIOR, COMMON_PRIOR, OFFSET_PRIOR = 4.0, 0.1, 1.0
"""Weights of the priors: the slope's, the common offset's, a field's; 1 / variance on the scale of log-odds."""

_ROUNDS = 25
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Line:
    """Log-odds = common + slope * logit(confidence) + the field's offset."""

    slope: float
    common: float
    offsets: Mapping[str, float]

    def at(self, field: str, confidence: float) -> float:
        """The probability (0.0-1.0) of being right; a field that was never seen has no offset of its own."""
        return sigmoid(self.common + self.slope * log_odds(confidence) + self.offsets.get(field, 0.0))


def log_odds(share: float) -> float:
    """log(p / (1 - p)) of a share held within 0.01-0.99."""
    held = min(max(share, NEAREST), 1.0 - NEAREST)
    return math.log(held / (1.0 - held))


def fitted(points: Sequence[tuple[str, float, bool]]) -> Line:
    """The line through points (field, confidence, whether it was right); without points the one that changes nothing."""
    fields = sorted({field for field, _, _ in points})
    place = {field: 2 + at for at, field in enumerate(fields)}
    terms = [1.0, 0.0, *(0.0 for _ in fields)]
    weights = [SLOPE_PRIOR, COMMON_PRIOR, *(OFFSET_PRIOR for _ in fields)]
    middles = [1.0, 0.0, *(0.0 for _ in fields)]
    for _ in range(_ROUNDS):
        gradient = [w * (m - t) for w, m, t in zip(weights, middles, terms, strict=True)]
        curvature = [[w if row == column else 0.0 for column in range(len(terms))] for row, w in enumerate(weights)]
        for field, confidence, is_right in points:
            _add(gradient, curvature, terms, ((0, log_odds(confidence)), (1, 1.0), (place[field], 1.0)), is_right=is_right)
        step = solved(curvature, gradient)
        terms = [term + move for term, move in zip(terms, step, strict=True)]
        if max(map(abs, step)) < _CLOSE:
            break
    return Line(max(terms[0], 0.0), terms[1], {field: terms[at] for field, at in place.items()})


def solved(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """The solution of a symmetric positive definite system, by Gauss's elimination; the ridge keeps pivots away from zero."""
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    for at, pivot in enumerate(rows):
        for below in rows[at + 1 :]:
            factor = below[at] / pivot[at]
            for column in range(at, len(pivot)):
                below[column] -= factor * pivot[column]
    answer = [0.0] * len(rows)
    for at in reversed(range(len(rows))):
        known = sum(rows[at][column] * answer[column] for column in range(at + 1, len(rows)))
        answer[at] = (rows[at][-1] - known) / rows[at][at]
    return answer


def _add(
    gradient: list[float], curvature: list[list[float]], terms: Sequence[float], entries: Sequence[tuple[int, float]], *, is_right: bool
) -> None:
    expected = sigmoid(sum(terms[at] * value for at, value in entries))
    for at, value in entries:
        gradient[at] += (is_right - expected) * value
        for other, more in entries:
            curvature[at][other] += expected * (1.0 - expected) * value * more


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x), without overflow."""
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))
