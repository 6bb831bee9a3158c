"""Trains the model of kinds on generated pages and writes its weights as JSON; the same seed gives the same file.

    pip install -e .[train]
    python training/kinds/train.py [--pages 200] [--out docmill/stages/understanding/weights/kinds.json]

Half of each list of templates trains a first model, the other half measures it: its confidences on sentences that it never saw give the temperature. The
model that is kept is then trained on all templates. No real document takes part.
"""

import argparse
import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
from pages import LANGUAGES, page_of, phrases
from scipy.optimize import minimize_scalar
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from docmill.stages.understanding.kind_evidence import KINDS
from docmill.stages.understanding.kind_features import features_of
from docmill.stages.understanding.kinds import evidence_of, worth_of

LEAST_PAGES = 12
"""A word on fewer generated pages, in fewer languages and kinds taken together, is chance."""

Sample = tuple[dict[str, float], str]


def samples(count: int, half: int | None, seed: int) -> list[Sample]:
    """`count` pages of each kind in each language, as features with their kind."""
    chance = random.Random(seed)
    sources = [phrases(language, half) for language in LANGUAGES]
    found = []
    for source in sources:
        for kind in KINDS:
            for _ in range(count):
                page = page_of(kind, source, chance)
                if page.words:
                    found.append((features_of(page, worth_of(evidence_of([page]))), kind))
    return found


def known(found: list[Sample]) -> set[str]:
    """Features that are no chance."""
    counts = Counter(name for features, _ in found for name in features)
    return {name for name, count in counts.items() if count >= LEAST_PAGES or not name.startswith("word:")}


def fitted(found: list[Sample], strength: float) -> tuple[DictVectorizer, LogisticRegression]:
    """A multinomial logistic regression on these samples."""
    names = known(found)
    vectors = DictVectorizer()
    matrix = vectors.fit_transform([{k: v for k, v in features.items() if k in names} for features, _ in found])
    model = LogisticRegression(C=strength, max_iter=600)
    model.fit(matrix, [kind for _, kind in found])
    return vectors, model


def temperature(logits: np.ndarray, right: np.ndarray) -> float:
    """What logits are divided by so that their likelihood on unseen sentences is greatest (Guo et al. 2017)."""

    def loss(t: float) -> float:
        scaled = logits / t
        scaled -= scaled.max(axis=1, keepdims=True)
        return float(-(scaled[np.arange(len(right)), right] - np.log(np.exp(scaled).sum(axis=1))).mean())

    return float(minimize_scalar(loss, bounds=(0.3, 10.0), method="bounded").x)


def main() -> None:
    """Measure on unseen sentences, then train on all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--strength", type=float, default=3.0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "docmill/stages/understanding/weights/kinds.json")
    asked = parser.parse_args()
    vectors, model = fitted(samples(asked.pages, 0, 1), asked.strength)
    unseen = samples(asked.pages // 2, 1, 2)
    logits = model.decision_function(vectors.transform([features for features, _ in unseen]))
    kinds = list(model.classes_)
    right = np.array([kinds.index(kind) for _, kind in unseen])
    divisor = temperature(logits, right)
    told = logits.argmax(axis=1)
    print(f"unseen sentences: {(told == right).mean():.3f} right of {len(right)}, temperature {divisor:.2f}")
    for index, kind in enumerate(kinds):
        print(
            f"  {kind:<18}{(told[right == index] == index).mean():.3f}",
            Counter(kinds[i] for i in told[right == index] if i != index).most_common(2),
        )
    vectors, model = fitted(samples(asked.pages, None, 3), asked.strength)
    weights = {name: [round(float(w), 2) for w in model.coef_[:, column]] for name, column in sorted(vectors.vocabulary_.items())}
    kept = {
        "version": 1,
        "kinds": list(model.classes_),
        "temperature": round(divisor, 3),
        "bias": [round(float(b), 3) for b in model.intercept_],
        "weights": weights,
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    lines = json.dumps(kept, ensure_ascii=False, separators=(",", ":")).replace('"weights":{', '"weights":{\n').replace('],"', '],\n"')
    asked.out.write_text(lines + "\n", encoding="utf-8")
    print(f"{len(weights)} features, {asked.out.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
