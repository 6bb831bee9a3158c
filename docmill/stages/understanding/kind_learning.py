"""A model of kinds that learned from decisions: the shipped one, moved as far as documents whose kind people decided ask for. Pure.

Log-linear as the shipped one; a normal prior keeps every weight near the shipped weight, so a few documents move it a little and many as far
as they must (maximum a posteriori, solved by L-BFGS). Words become features only where several companies use them: a model must not remember
who wrote what. Needs NumPy and SciPy, which are loaded where a model is trained; a trained one is a JSON file of sums like the shipped one.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from docmill.stages.understanding.kind_model import KindModel
from docmill.stages.understanding.kinds import chosen_kind, joint, shares_of
from docmill.values.model import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_COMPANIES = 3
"""A word that fewer companies use is theirs alone, and no word of a kind."""

PRIOR = 0.3
"""Weight of the prior on every weight: 1 / variance on the scale of logits."""

_ROUNDS = 200


class Lesson(Value):
    """A document whose kind a person decided.

    Attributes:
        features: of its first page (kind_features).
        worth: what the rules found, by kind.
        kind: as decided.
        company: whom it is from; lessons of one company stay together.
    """

    features: dict[str, float]
    worth: dict[str, float]
    kind: str
    company: str


def learned(base: KindModel, lessons: Sequence[Lesson]) -> KindModel:
    """The base model after these lessons; of none it stays as it is."""
    lessons = [one for one in lessons if one.kind in base.kinds]
    if not lessons:
        return base
    import numpy as np  # noqa: PLC0415 - loads in 0.2 s, only where a model is trained
    from scipy.optimize import minimize  # noqa: PLC0415 - as above
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - as above

    names = _names(base, lessons)
    place = {name: at for at, name in enumerate(names)}
    cells = [(row, place[name], value) for row, one in enumerate(lessons) for name, value in one.features.items() if name in place]
    rows, columns, values = zip(*cells, strict=True) if cells else ((), (), ())
    seen = csr_matrix((values, (rows, columns)), shape=(len(lessons), len(names)))
    nothing = (0.0,) * len(base.kinds)
    start = np.array([base.bias, *(base.weights.get(name, nothing) for name in names)])
    shares = np.log([[shares_of(one.worth, base.kinds)[kind] for kind in base.kinds] for one in lessons])
    right = np.array([base.kinds.index(one.kind) for one in lessons])
    divisor = base.divisor

    def loss(flat: "NDArray[np.float64]") -> "tuple[float, NDArray[np.float64]]":
        moved = flat.reshape(start.shape)
        logits = (seen @ (start + moved)[1:] + (start + moved)[0]) / divisor + shares
        logits -= logits.max(axis=1, keepdims=True)
        told = np.exp(logits)
        told /= told.sum(axis=1, keepdims=True)
        cost = -np.log(np.maximum(told[np.arange(len(right)), right], 1e-300)).sum() + PRIOR / 2 * (moved**2).sum()
        told[np.arange(len(right)), right] -= 1.0
        slope = np.vstack([told.sum(axis=0, keepdims=True), seen.T @ told]) / divisor + PRIOR * moved
        return float(cost), slope.reshape(-1)

    found = minimize(loss, np.zeros(start.size), jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS})
    new = start + found.x.reshape(start.shape)
    weights = {**base.weights, **{name: tuple(map(float, new[1 + at].round(4))) for name, at in place.items()}}
    return KindModel(base.kinds, base.temperature, tuple(map(float, new[0].round(4))), weights)


def tell(model: KindModel, lesson: Lesson) -> tuple[str, float]:
    """The kind that the stage would decide on with this model, and the probability (0.0-1.0) that it gives the right one."""
    told = joint(model.probabilities(lesson.features), lesson.worth)
    return chosen_kind(told, lesson.worth)[0], told.get(lesson.kind, 0.0)


def _names(base: KindModel, lessons: Sequence[Lesson]) -> list[str]:
    companies = defaultdict[str, set[str]](set)
    for one in lessons:
        for name in one.features:
            companies[name].add(one.company)
    return sorted(name for name, users in companies.items() if name in base.weights or len(users) >= LEAST_COMPANIES)
