"""How a ranker is learned: of the options of each document the right one is made likely (a conditional logit). Pure.

A normal prior keeps weights near those of the rules, so a few documents move them a little and many as far as they must (maximum a posteriori,
solved by L-BFGS). Features count only where several companies show them. Needs NumPy and SciPy, which are loaded where a ranker is trained.
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from docmill.stages.understanding.document import understand_pages
from docmill.stages.understanding.ranking.candidates import RANKED
from docmill.stages.understanding.ranking.choosing import is_proven, options_of
from docmill.stages.understanding.ranking.features import RULES
from docmill.stages.understanding.ranking.ranker import FieldRanker
from docmill.values.model import Value
from docmill.values.page import Page

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_COMPANIES = 3
"""A feature that fewer companies show is theirs alone."""

RULES_WEIGHT = 3.0
"""Where learning begins: the rules' choice is e^3 times as likely as any other."""

PRIOR = 0.5
"""Weight of the prior on every weight: 1 / variance on the scale of logits."""

CHANCE = 0.05
"""A ranker beats the rules where so many wins over losses come by chance less often than this (sign test)."""

_ROUNDS = 200


class RankLesson(Value):
    """A field of a document of which it is known what it is.

    Attributes:
        key: `kind.field`.
        options: features of each candidate, and last those of none.
        right: which options are right; empty where the page does not show the value as it is.
        rules: which one the rules chose.
        is_proven: whether that one stays whatever is learned.
        company: whom the document is from; lessons of one company stay together.
    """

    key: str
    options: tuple[dict[str, float], ...]
    right: tuple[int, ...]
    rules: int
    is_proven: bool
    company: str = ""


def rank_lessons(pages: Sequence[Page], kind: str, truths: Mapping[str, str | None], company: str = "") -> list[RankLesson]:
    """The lessons of one document.

    Args:
        pages: those with words that the stage looks at.
        kind: what the document is.
        truths: value by field as far as known; None for a field that the document has not.
        company: whom it is from.
    """
    pages = [page for page in pages if page.words]
    if not pages:
        return []
    by_name = {one.name: one for one in understand_pages(pages, kind).fields}
    lessons = []
    for name in (name for name in RANKED if name in truths):
        found, wanted = by_name.get(name), truths[name]
        candidates, options, rules = options_of(name, pages, found)
        right = [at for at, one in enumerate(candidates) if wanted is not None and is_same(name, one.value, wanted)]
        right += [len(candidates)] if wanted is None else []
        lesson = RankLesson(
            key=f"{kind}.{name}", options=tuple(options), right=tuple(right), rules=rules, is_proven=is_proven(found), company=company
        )
        lessons.append(lesson)
    return lessons


def is_same(name: str, one: str, other: str) -> bool:
    """Whether two values of a field are the same: sums as numbers, everything else by letters and figures alone."""
    if name == "total":
        try:
            return Decimal(one) == Decimal(other)
        except InvalidOperation:
            return False
    return re.sub(r"[\W_]", "", one).casefold() == re.sub(r"[\W_]", "", other).casefold()


def told(model: FieldRanker | None, lesson: RankLesson) -> bool:
    """Whether the stage would give the right value with this model; without one, whether the rules do."""
    is_asked = model is not None and not lesson.is_proven
    return (model.choice(lesson.options, lesson.rules)[0] if model is not None and is_asked else lesson.rules) in lesson.right


def beats(model: FieldRanker, lessons: Sequence[RankLesson]) -> bool:
    """Whether a model is right where the rules are wrong more often than chance explains (one-sided sign test)."""
    pairs = [(told(model, one), told(None, one)) for one in lessons]
    return is_no_chance(sum(new and not old for new, old in pairs), sum(old and not new for new, old in pairs))


def is_no_chance(wins: int, losses: int) -> bool:
    """Whether so many wins over losses come by chance too seldom to be chance (one-sided sign test)."""
    both = wins + losses
    return wins > losses and sum(math.comb(both, k) for k in range(wins, both + 1)) / 2**both <= CHANCE


def fitted(lessons: Sequence[RankLesson]) -> FieldRanker:
    """The weights that make the right options likely; of no lessons those that choose as the rules do. Lessons are of one key."""
    start = {RULES: RULES_WEIGHT}
    useful = [one for one in lessons if one.right]
    names = _names(useful)
    if not names:
        return FieldRanker(start)
    import numpy as np  # noqa: PLC0415 - loads in 0.2 s, only where a ranker is trained
    from scipy.optimize import minimize  # noqa: PLC0415 - as above

    place = {name: at for at, name in enumerate(names)}
    seen = [_matrix(one, place) for one in useful]
    prior = np.array([start.get(name, 0.0) for name in names])

    def loss(weights: "NDArray[np.float64]") -> "tuple[float, NDArray[np.float64]]":
        cost = PRIOR / 2 * float(((weights - prior) ** 2).sum())
        slope = PRIOR * (weights - prior)
        for rows, one in zip(seen, useful, strict=True):
            logits = rows @ weights
            powers = np.exp(logits - logits.max())
            all_of, right = powers / powers.sum(), np.zeros_like(powers)
            right[list(one.right)] = powers[list(one.right)]
            cost -= math.log(max(1e-300, float(right.sum() / powers.sum())))
            slope += rows.T @ (all_of - right / max(1e-300, float(right.sum())))
        return cost, slope

    found = minimize(loss, prior, jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS})
    return FieldRanker({name: round(float(weight), 4) for name, weight in zip(names, found.x, strict=True) if abs(weight) > 1e-4})  # noqa: PLR2004 - nothing


def _names(lessons: Sequence[RankLesson]) -> list[str]:
    companies = defaultdict[str, set[str]](set)
    for one in lessons:
        for name in {name for option in one.options for name in option}:
            companies[name].add(one.company)
    return sorted(name for name, users in companies.items() if len(users) >= LEAST_COMPANIES)


def _matrix(lesson: RankLesson, place: Mapping[str, int]) -> "NDArray[np.float64]":
    import numpy as np  # noqa: PLC0415 - as above

    rows = np.zeros((len(lesson.options), len(place)))
    for at, option in enumerate(lesson.options):
        for name, value in option.items():
            if name in place:
                rows[at, place[name]] = value
    return rows
