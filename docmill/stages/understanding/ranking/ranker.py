"""The ranker: a linear model per kind and field, in a JSON file, and a switch for each that says whether it beat the rules. Inference is a sum."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from docmill.errors import StageFailed
from docmill.stages.understanding.ranking.features import FEATURES


@dataclass(frozen=True, slots=True)
class FieldRanker:
    """Weights by feature, and whether it is used: it is where it beat the rules on companies that it had not seen."""

    weights: Mapping[str, float]
    is_used: bool = False

    def shares(self, options: Sequence[Mapping[str, float]]) -> list[float]:
        """How likely each option is the field, 0.0-1.0, adding up to 1. Features that training never saw count nothing."""
        logits = [sum(self.weights.get(name, 0.0) * value for name, value in one.items()) for one in options]
        highest = max(logits)
        powers = [math.exp(logit - highest) for logit in logits]
        return [power / sum(powers) for power in powers]

    def choice(self, options: Sequence[Mapping[str, float]], rules: int) -> tuple[int, float]:
        """The chosen option and how likely it is.

        Args:
            options: the candidates' features, and last those of none: choosing none is no opinion, and the rules' choice stays.
            rules: what the rules chose.
        """
        shares = self.shares(options)
        best = max(range(len(shares)), key=lambda at: (shares[at], -at))
        return (rules, shares[rules]) if best == len(options) - 1 else (best, shares[best])


@dataclass(frozen=True, slots=True)
class Ranker:
    """What was learned, by `kind.field`."""

    fields: Mapping[str, FieldRanker] = field(default_factory=dict)

    def of(self, kind: str, name: str) -> FieldRanker | None:
        """The model of a field; None where the rules decide."""
        found = self.fields.get(f"{kind}.{name}")
        return found if found is not None and found.is_used else None

    def as_json(self, metrics: Mapping[str, float] | None = None) -> bytes:
        """The ranker as a file, with how it did on companies that it had not seen."""
        rows = {key: {"is_used": one.is_used, "weights": dict(sorted(one.weights.items()))} for key, one in sorted(self.fields.items())}
        body = {"version": 1, "features": FEATURES, "metrics": metrics or {}, "fields": rows}
        return json.dumps(body, separators=(",", ":")).encode()


NO_RANKER = Ranker()
"""The rules decide: what comes with docmill."""


def ranker_from(data: bytes) -> Ranker:
    """The ranker in a file. One that learned features of another version is none: the rules decide until it is trained again.

    Raises:
        StageFailed: the file is no ranker.
    """
    try:
        kept = json.loads(data)
        rows = {
            str(key): FieldRanker({str(name): float(weight) for name, weight in row["weights"].items()}, is_used=bool(row["is_used"]))
            for key, row in kept["fields"].items()
        }
        return Ranker(rows) if kept["features"] == FEATURES else NO_RANKER
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StageFailed("a ranker cannot be read", reason=type(error).__name__) from None


def metrics_from(data: bytes) -> dict[str, float]:
    """How the ranker in a file did when it was trained, as it says itself.

    Raises:
        StageFailed: the file is no ranker.
    """
    try:
        return {str(name): float(value) for name, value in json.loads(data)["metrics"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StageFailed("a ranker cannot be read", reason=type(error).__name__) from None


@lru_cache(maxsize=4)
def ranker_in(file: Path) -> Ranker:
    """As `ranker_from`, kept for the next document.

    Raises:
        StageFailed: the file is not there or no ranker.
    """
    try:
        return ranker_from(file.read_bytes())
    except OSError as error:
        raise StageFailed("a ranker cannot be read", reason=type(error).__name__) from None
