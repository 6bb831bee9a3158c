"""What confidences of findings are worth: `python benchmarks/pii_confidence.py DATA_FOLDER [MORE.jsonl ...]`.

Prints for each engine and rule how often it was right where it stood alone (the figures of docmill/stages/privacy/confidence.py), from the half of
`pii_text` that rules were tuned on and from further files of the same form; then, on the other half, how often findings of each band of confidence
were right, with the engines' own highest score (before) and with docmill's (after). A finding is right when half of its characters are personal.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from pii_text import is_tuned_on, loader_of

from docmill.stages.privacy.finding import find_in_text
from docmill.stages.privacy.hits import Hit
from docmill.values.options import KNOWN_ENTITIES

BANDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 1.01)
Judged = list[tuple[Hit, bool]]


def judged(rows: Iterable[dict[str, Any]]) -> Judged:
    """Every finding, and whether it is right."""
    found = []
    for row in rows:
        due = {i for s in row["spans"] for i in range(s["start"], s["end"])}
        for hit in find_in_text(row["text"], language="en", entities=KNOWN_ENTITIES).hits:
            places = [i for i in range(hit.start, hit.end) if not row["text"][i].isspace()]
            found.append((hit, 2 * sum(i in due for i in places) >= len(places)))
    return found


def alone(found: Judged) -> dict[tuple[str, str], list[tuple[float, bool]]]:
    """(engine, rule) -> score and rightness of findings that nobody else voted for."""
    by_vote: dict[tuple[str, str], list[tuple[float, bool]]] = {}
    for hit, is_right in found:
        engines = {vote.engine for vote in hit.reasons}
        if len(engines) == 1:
            for vote in hit.reasons:
                by_vote.setdefault((vote.engine, vote.rule), []).append((vote.confidence, is_right))
    return by_vote


def error(pairs: Sequence[tuple[float, bool]], *, show: bool) -> float:
    """Expected calibration error over BANDS (Naeini et al. 2015): mean difference of confidence and share of right findings."""
    total = 0.0
    for low, high in pairwise(BANDS):
        band = [(sure, right) for sure, right in pairs if low <= sure < high]
        if band:
            said, was = sum(s for s, _ in band) / len(band), sum(r for _, r in band) / len(band)
            total += abs(said - was) * len(band) / len(pairs)
            if show:
                print(f"    {low:.2f}-{min(high, 1):.2f}: {len(band):4} findings, said {said:.2f}, right {was:.2f}")
    return total


def main() -> None:
    """Print the table and the reliability."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("more", type=Path, nargs="*")
    arguments = parser.parse_args()
    rows = list(loader_of(arguments.data).items("pii_text", root=str(arguments.data)))
    more = [json.loads(line) for file in arguments.more for line in file.read_text().splitlines()]
    for (engine, rule), seen in sorted(alone(judged([*(r for r in rows if is_tuned_on(r)), *more])).items()):
        scores = sorted(score for score, _ in seen)
        middle = scores[len(scores) // 2]
        halves = [[right for score, right in seen if (score > middle) is above] for above in (False, True)]
        shares = ", ".join(f"{sum(half) / len(half):.2f} of {len(half)}" for half in halves if half)
        print(f"{engine} {rule}: right {sum(r for _, r in seen) / len(seen):.2f} of {len(seen)}; below and above {middle}: {shares}")
    unseen = judged(r for r in rows if not is_tuned_on(r))
    for name, pairs in (
        ("before", [(max(v.confidence for v in hit.reasons), right) for hit, right in unseen]),
        ("after", [(hit.confidence, right) for hit, right in unseen]),
    ):
        print(f"{name}: calibration error {error(pairs, show=True):.3f} over {len(pairs)} findings")


if __name__ == "__main__":
    main()
