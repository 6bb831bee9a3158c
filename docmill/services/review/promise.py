"""Which fields may go through without a person: a threshold with a promise, such as at most 5 % wrong with 95 % confidence.

Thresholds are tried from strict to lax and the first that cannot be promised ends the search; where it begins depends on the number of
decisions alone. So the confidence holds for the threshold that is chosen (fixed sequence testing), not for one lucky threshold of many.
The order in which fields are tried must not come from the decisions it is tested on: few decisions are all needed for the test, and fields
come in the order of the engine's confidence; of many, those of half the companies teach the order and the others test it.
What cannot be promised is refused, with the number of decisions that are missing. Pure.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from docmill.services.review.binomial import least_count, upper_bound
from docmill.services.review.calibration import Calibration, Judged, fit, halves

ALLOWANCES = (1, 0)
"""Wrong ones among the first tried: with none allowed a single slip would end the search, with more it would begin too late."""

DRAW = 1e-6
"""Weight of the draw among fields of equal score: so part of them can be accepted, by chance and not by anything they are."""

CONFIDENCE = 0.95
ENOUGH_TO_LEARN = 600
"""From so many decisions on half of them teach the order: with fewer the test would lose more than the better order gains."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Accept fields whose score is at least `threshold`.

    Attributes:
        rate: at most this share of them is wrong...
        confidence: ...with this confidence.
        calibration: gives scores; the engine's own order where decisions were too few to learn another.
        bound: the exact upper bound that held.
        accepted: of the decisions, how many reach the threshold.
        wrong: how many of those were wrong.
        decisions: how many it was tested on.
    """

    threshold: float
    rate: float
    confidence: float
    calibration: Calibration
    bound: float
    accepted: int
    wrong: int
    decisions: int

    @property
    def straight_through(self) -> float:
        """The share of the tested fields that no person need look at."""
        return self.accepted / self.decisions

    def accepts(self, kind: str, field: str, confidence: float, document: str) -> bool:
        """Whether a field of a document may go through."""
        return _rank(self.calibration, kind, field, confidence, document) >= self.threshold


@dataclass(frozen=True, slots=True)
class NoPromise:
    """Why nothing is promised. `needed` decisions, all right, would be the fewest."""

    reason: str
    decisions: int
    needed: int


def promise(judged: Sequence[Judged], *, rate: float, confidence: float = CONFIDENCE) -> Promise | NoPromise:
    """The laxest threshold whose error rate can be promised.

    Args:
        judged: decisions on fields that were chosen without looking at them: every field of some documents.
        rate: the promised share of wrong ones among the accepted, 0.0-1.0.
        confidence: of the promise, 0.0-1.0.

    Raises:
        ValueError: a rate or confidence outside (0, 1).
    """
    needed = least_count(0, rate, confidence)
    if len(judged) < needed:
        return NoPromise(f"{len(judged)} decisions; at least {needed} are needed", len(judged), needed)
    taught, tested = halves(judged) if len(judged) >= ENOUGH_TO_LEARN else ([], list(judged))
    order = fit(taught)
    scores = sorted(((_rank(order, o.kind, o.field, o.confidence, o.document), o.is_right) for o in tested), reverse=True)
    start = next(count for allowed in ALLOWANCES if (count := least_count(allowed, rate, confidence)) <= len(scores) or not allowed)
    if start > len(scores):
        return NoPromise("too few of the decisions are left to test the order on", len(judged), needed)
    found: tuple[int, int, float] | None = None
    for count in range(start, len(scores) + 1):
        wrong = sum(not is_right for _, is_right in scores[:count])
        bound = upper_bound(wrong, count, confidence)
        if bound > rate:
            break
        found = count, wrong, bound
    if found is None:
        return NoPromise("too many of the surest fields were wrong", len(judged), needed)
    count, wrong, bound = found
    return Promise(scores[count - 1][0], rate, confidence, order, bound, count, wrong, len(scores))


def _rank(order: Calibration, kind: str, field: str, confidence: float, document: str) -> float:
    drawn = int.from_bytes(hashlib.sha256(f"{document} {field}".encode()).digest()[:8], "big") / 2**64
    return order.score(kind, field, confidence) + DRAW * drawn
