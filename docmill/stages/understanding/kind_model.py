"""The small model of kinds: a multinomial logistic regression whose weights are a JSON file made by training/kinds/train.py from generated pages.

Inference is a sum; scikit-learn is only needed for training.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from docmill.errors import StageFailed

_WEIGHTS = Path(__file__).parent / "weights" / "kinds.json"
_LEAST_TEMPERATURE = 1.3
"""Generated pages are easier than real ones, so probabilities are never made sharper than this, whatever training says (benchmarks/kinds.py)."""


@dataclass(frozen=True, slots=True)
class KindModel:
    """Weights by feature, one per kind, in the order of `kinds`."""

    kinds: tuple[str, ...]
    temperature: float
    bias: tuple[float, ...]
    weights: Mapping[str, tuple[float, ...]]

    @property
    def divisor(self) -> float:
        """What logits are divided by."""
        return max(_LEAST_TEMPERATURE, self.temperature)

    def probabilities(self, features: Mapping[str, float]) -> dict[str, float]:
        """By kind, 0.0-1.0, adding up to 1. Features that training never saw count nothing."""
        logits = list(self.bias)
        for name, value in features.items():
            for index, weight in enumerate(self.weights.get(name, ())):
                logits[index] += weight * value
        divisor, highest = self.divisor, max(logits)
        powers = [math.exp((logit - highest) / divisor) for logit in logits]
        return {kind: power / sum(powers) for kind, power in zip(self.kinds, powers, strict=True)}

    def as_json(self) -> bytes:
        """The model as a file."""
        rows = {name: list(row) for name, row in sorted(self.weights.items())}
        body = {"version": 1, "kinds": self.kinds, "temperature": self.temperature, "bias": self.bias, "weights": rows}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


@lru_cache(maxsize=4)
def kind_model(file: Path = _WEIGHTS) -> KindModel:
    """The model in a file; without one the model that comes with docmill.

    Raises:
        StageFailed: the file is no model.
    """
    try:
        kept = json.loads(file.read_bytes())
        weights = {name: tuple(row) for name, row in kept["weights"].items()}
        return KindModel(tuple(kept["kinds"]), float(kept["temperature"]), tuple(kept["bias"]), weights)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StageFailed("a model of kinds cannot be read", reason=type(error).__name__) from None
