"""How a ranker does on companies that it has not seen: every company is left out once, and what was learned from the others is asked about it. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from docmill.stages.understanding.ranking.learning import RankLesson, fitted, is_no_chance, told
from docmill.stages.understanding.ranking.ranker import FieldRanker, Ranker

FOLDS = 5
"""Into so many parts companies are divided by their names."""

LEAST_TESTS, LEAST_COMPANIES = 20, 5
"""Documents and companies that must be there to say whether a field's ranker is better than the rules."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A field's figures over all parts, each counted with what the others taught.

    Attributes:
        key: `kind.field`.
        documents, companies: how many were asked about.
        possible: in how many the right value is among the candidates: no ranker does better.
        rules, ranker: how many each gets right.
        wins, losses: in how many the ranker is right and the rules are wrong, and the other way round.
    """

    key: str
    documents: int
    companies: int
    possible: int
    rules: int
    ranker: int
    wins: int
    losses: int

    @property
    def is_better(self) -> bool:
        """Whether the ranker beats the rules by more than chance, on enough papers of enough companies."""
        return self.documents >= LEAST_TESTS and self.companies >= LEAST_COMPANIES and is_no_chance(self.wins, self.losses)


def tried(lessons: Sequence[RankLesson]) -> list[Trial]:
    """The trial of each field of each kind, split by company."""
    return [_tried(key, [one for one in lessons if one.key == key]) for key in sorted({one.key for one in lessons})]


def trained(lessons: Sequence[RankLesson], trials: Sequence[Trial]) -> Ranker:
    """What all lessons teach, switched on where the trial was better than the rules."""
    better = {one.key: one.is_better for one in trials}
    models = {key: fitted([one for one in lessons if one.key == key]) for key in better}
    return Ranker({key: FieldRanker(model.weights, is_used=better[key]) for key, model in models.items()})


def metrics_of(trials: Sequence[Trial]) -> dict[str, float]:
    """What a version of a model keeps of its trial: shares of right fields, with the ranker where it is used and by the rules alone."""
    tested = max(1, sum(one.documents for one in trials))
    used = {one.key: round(one.ranker / one.documents, 4) for one in trials if one.is_better}
    right = sum(one.ranker if one.is_better else one.rules for one in trials)
    shares = {"right": round(right / tested, 4), "right_by_rules": round(sum(one.rules for one in trials) / tested, 4)}
    return {"tested": sum(one.documents for one in trials), **shares, "fields_used": len(used), **used}


def _tried(key: str, lessons: Sequence[RankLesson]) -> Trial:
    pairs: list[tuple[bool, bool]] = []
    for fold in range(FOLDS):
        model = fitted([one for one in lessons if _fold(one.company) != fold])
        pairs += [(told(model, one), told(None, one)) for one in lessons if _fold(one.company) == fold]
    return Trial(
        key=key,
        documents=len(lessons),
        companies=len({one.company for one in lessons}),
        possible=sum(bool(one.right) for one in lessons),
        rules=sum(old for _, old in pairs),
        ranker=sum(new for new, _ in pairs),
        wins=sum(new and not old for new, old in pairs),
        losses=sum(old and not new for new, old in pairs),
    )


def _fold(company: str) -> int:
    return hashlib.sha256(f"trial {company}".encode()).digest()[0] % FOLDS
