"""Training: half of the companies teach, the other half say whether what was learned is better than what is in use. Pure.

Which half a company is in follows from its own name alone, whoever else is there: so, as long as its name stays, it never changes sides.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from docmill.services.review.calibration import Judged
from docmill.services.review.judged import thresholds_text
from docmill.services.review.promise import NoPromise, promise
from docmill.services.review.thresholds import Thresholds, parse_thresholds
from docmill.stages.understanding.kind_learning import Lesson, learned, tell
from docmill.stages.understanding.kind_model import KindModel
from docmill.stages.understanding.ranking.learning import RankLesson, beats, fitted, told
from docmill.stages.understanding.ranking.ranker import FieldRanker, Ranker

LEAST_TESTS, LEAST_COMPANIES = 20, 5
"""Documents and companies that must be there to test a model."""

BETTER_BY = 0.02
"""By so much the mean log loss must be lower where as many are right: less is noise."""

_T = TypeVar("_T", Lesson, Judged, RankLesson)


@dataclass(frozen=True, slots=True)
class Trained:
    """What was learned, and how it and the one in use did on companies that it had not seen."""

    data: bytes
    metrics: dict[str, float]
    is_better: bool


@dataclass(frozen=True, slots=True)
class TooFew:
    """Why nothing was trained."""

    reason: str


def train_kinds(lessons: Sequence[Lesson], *, shipped: KindModel, in_use: KindModel) -> Trained | TooFew:
    """A model of kinds, and whether it is better than the one in use.

    Args:
        lessons: documents whose kind people decided.
        shipped: where learning begins, every time: so an old slip is not learned for ever.
        in_use: what it must beat.
    """
    teaching, testing = by_company(lessons, lambda one: one.company)
    if too_few := _too_few(teaching, testing, len({one.company for one in testing})):
        return too_few
    made = learned(shipped, teaching)
    new, old = _measured(made, testing), _measured(in_use, testing)
    is_better = new[0] > old[0] or (new[0] == old[0] and new[1] < old[1] * (1 - BETTER_BY))
    counts = {"taught": len(teaching), "tested": len(testing), "companies_tested": len({one.company for one in testing})}
    metrics = {**counts, "right": new[0], "right_before": old[0], "log_loss": new[1], "log_loss_before": old[1]}
    return Trained(made.as_json(), metrics, is_better)


def train_thresholds(judged: Sequence[Judged], *, rate: float, in_use: Thresholds) -> Trained | TooFew:
    """Thresholds that promise an error rate, and whether they let more through than those in use, within it.

    Args:
        judged: decided fields of sampled documents.
        rate: the promised share of wrong ones among accepted fields, 0.0-1.0.
        in_use: what they must beat.
    """
    teaching, testing = by_company(judged, lambda one: one.group)
    if too_few := _too_few(teaching, testing, len({one.group for one in testing})):
        return too_few
    made = promise(teaching, rate=rate)
    if isinstance(made, NoPromise):
        return TooFew(made.reason)
    text = thresholds_text(made, teaching)
    new, old = _let_through(parse_thresholds(text), testing), _let_through(in_use, testing)
    keeps, kept = (wrong <= rate * accepted for accepted, wrong in (new, old))
    is_better = keeps and (not kept or new[0] > old[0])
    names = ("accepted", "wrong")
    metrics = {"taught": len(teaching), "tested": len(testing), "rate": rate, **dict(zip(names, new, strict=True))}
    return Trained(text.encode(), {**metrics, **{f"{name}_before": count for name, count in zip(names, old, strict=True)}}, is_better)


def train_ranker(lessons: Sequence[RankLesson], *, in_use: Ranker) -> Trained | TooFew:
    """A ranker of candidates, and whether it is better than what is in use.

    Each field of each kind is learned for itself and used where it beats the rules by more than chance; elsewhere the rules decide.

    Args:
        lessons: fields that people decided.
        in_use: what it must beat.
    """
    teaching, testing = by_company(lessons, lambda one: one.company)
    fields: dict[str, FieldRanker] = {}
    tested: list[RankLesson] = []
    reasons = [_too_few(teaching, testing, len({one.company for one in testing}))]
    for key in sorted({one.key for one in teaching}):
        taught, on = ([one for one in part if one.key == key] for part in (teaching, testing))
        reasons.append(_too_few(taught, on, len({one.company for one in on})))
        if reasons[-1] is None:
            model = fitted(taught)
            fields[key] = FieldRanker(model.weights, is_used=beats(model, on))
            tested += on
    if not fields:
        return next(one for one in reversed(reasons) if one is not None)
    made = Ranker(fields)
    metrics = {"taught": len(teaching), "tested": len(tested), "companies_tested": len({one.company for one in tested})}
    right, before = _share_right(made, tested), _share_right(in_use, tested)
    shares = {"right": right, "right_before": before, "right_by_rules": _share_right(Ranker(), tested)}
    used = {key: _share_right(made, [one for one in tested if one.key == key]) for key, one in fields.items() if one.is_used}
    return Trained(made.as_json(), {**metrics, **shares, "fields_used": len(used), **used}, right > before)


def _share_right(ranker: Ranker, lessons: Sequence[RankLesson]) -> float:
    right = sum(told(ranker.of(*one.key.split(".", 1)), one) for one in lessons)
    return round(right / len(lessons), 4)


def by_company(items: Sequence[_T], company: Callable[[_T], str]) -> tuple[list[_T], list[_T]]:
    """Those that teach and those that test, by their company's name."""
    teaches = {name: hashlib.sha256(f"lessons {name}".encode()).digest()[0] % 2 == 0 for name in {company(one) for one in items}}
    return [one for one in items if teaches[company(one)]], [one for one in items if not teaches[company(one)]]


def _too_few(teaching: Sequence[object], testing: Sequence[object], companies: int) -> TooFew | None:
    if not teaching or len(testing) < LEAST_TESTS or companies < LEAST_COMPANIES:
        have = f"{len(teaching)} decisions to learn from, {len(testing)} of {companies} companies to test on"
        return TooFew(f"{have}; {LEAST_TESTS} tests of {LEAST_COMPANIES} companies are needed")
    return None


def _measured(model: KindModel, lessons: Sequence[Lesson]) -> tuple[float, float]:
    """The share of lessons that a model gets right, and its mean log loss."""
    told = [(one, tell(model, one)) for one in lessons]
    right = sum(name == one.kind for one, (name, _) in told) / len(told)
    loss = -sum(math.log(max(p, 1e-6)) for _, (_, p) in told) / len(told)
    return round(right, 4), round(loss, 4)


def _let_through(thresholds: Thresholds, judged: Sequence[Judged]) -> tuple[int, int]:
    """How many fields go through unseen, and how many of them are wrong."""
    accepted = [one for one in judged if one.confidence >= thresholds.of("field", one.field)]
    return len(accepted), sum(not one.is_right for one in accepted)
