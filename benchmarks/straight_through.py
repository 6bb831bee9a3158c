"""How many fields need no person, at a promised error rate: promises made after some decided documents, kept or broken on the rest.

    python benchmarks/straight_through.py FOLDER [--ocr [--keep PAGES]] [--rate 0.05] [--documents 60] [--splits 20]
    python benchmarks/straight_through.py --generated 2000 --rate 0.01

FOLDER holds `receipts_sroie` (see benchmarks/fields.py). Reviewers are simulated: they answer from ground truth. Splits are random by company: no
company is on both sides. `--ocr` reads the images; else pages are made of the truth's lines. `--generated` makes printed invoices instead.
"""

import argparse
import random
import re
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from fields import OURS, is_right, receipts, run

from docmill.services.review.binomial import least_count
from docmill.services.review.calibration import Judged, calibration_error, held_out_scores, reliability
from docmill.services.review.promise import NoPromise, promise
from docmill.values.page import Page

MISREAD = 0.04
"""Of the words with figures on generated pages."""

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit"))


def judged_receipts(folder: Path, *, ocr: bool, keep: Path | None = None) -> list[Judged]:
    """Every field found on the receipts that the truth knows, judged by it."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        for case in receipts(folder / "receipts_sroie", ocr=ocr, scratch=Path(name), keep=keep):
            understood, _ = run(case, Path(name))
            by_name = {one.name: one for one in understood.fields}
            for key, wanted in case.wanted.items():
                got = by_name.get(OURS.get(key, key))
                if wanted and got is not None:
                    right = is_right(key, wanted, got.value or "")
                    found.append(Judged(understood.kind.name, got.name, got.evidence.confidence, right, case.group, case.name))
    return found


def worn(one: Page, dice: random.Random) -> Page:
    """A page as a poor reader gives it: some words with a wrong figure, most of those with less confidence than the others."""
    lines = []
    for line in one.lines:
        words = []
        for word in line.words:
            is_misread = dice.random() < MISREAD and any(c.isdigit() for c in word.text)
            text = re.sub(r"\d", lambda found: str((int(found[0]) + 3) % 10), word.text, count=1) if is_misread else word.text
            sure = dice.betavariate(6, 4) if is_misread else dice.betavariate(18, 1)
            words.append(word.model_copy(update={"text": text, "confidence": round(sure, 3)}))
        lines.append(line.model_copy(update={"words": tuple(words)}))
    return one.model_copy(update={"lines": tuple(lines), "source": "tesseract"})


def judged_generated(count: int) -> list[Judged]:
    """Every field found on invented invoices, worn; a company is a seed's invented one with its account."""
    from invoice_generator import printed, sale

    from docmill.stages.understanding.document import understand_pages

    found = []
    for seed in range(count):
        one, dice = sale(seed), random.Random(seed)  # noqa: S311 - a seeded page, no secret
        understood = understand_pages([worn(printed(one), dice)], "auto")
        truth = {"document_number": one.number, "issue_date": one.issued.isoformat(), "due_date": one.due.isoformat(), "vendor_iban": one.account,
                 "net_total": str(one.net), "tax_total": str(one.tax), "total": str(one.total), "vendor_name": one.vendor[0]}  # fmt: skip
        for got in understood.fields:
            if got.name in truth:
                right = is_right(got.name, truth[got.name], got.value or "")
                found.append(Judged(understood.kind.name, got.name, got.evidence.confidence, right, f"account {one.account}", str(seed)))
    return found


def split(judged: Sequence[Judged], documents: int, seed: int) -> tuple[list[Judged], list[Judged]]:
    """Random companies until so many documents are decided; the rest."""
    by_company = defaultdict(set)
    for one in judged:
        by_company[one.group].add(one.document)
    companies = sorted(by_company)
    random.Random(seed).shuffle(companies)  # noqa: S311 - a seeded split, no secret
    decided: set[str] = set()
    for company in companies:
        if len(decided) >= documents:
            break
        decided |= by_company[company]
    return [one for one in judged if one.document in decided], [one for one in judged if one.document not in decided]


def measure(judged: Sequence[Judged], documents: int, rate: float, splits: int) -> tuple[int, list[float], list[float]]:
    """Refusals, and of each promise that was made: the share of wrong accepted fields on the rest, the share accepted."""
    refused, wrong, through = 0, [], []
    for seed in range(splits):
        decided, rest = split(judged, documents, seed)
        made = promise(decided, rate=rate)
        if isinstance(made, NoPromise):
            refused += 1
            continue
        accepted = [one for one in rest if made.accepts(one.kind, one.field, one.confidence, one.document)]
        wrong.append(sum(not one.is_right for one in accepted) / max(1, len(accepted)))
        through.append(len(accepted) / len(rest))
    return refused, wrong, through


def show(judged: Sequence[Judged], counts: Sequence[int], rates: Sequence[float], splits: int) -> None:
    """Print the curve and the reliability."""
    documents = len({one.document for one in judged})
    print(
        f"{documents} documents, {len(judged)} fields, {sum(not o.is_right for o in judged) / len(judged):.3f} of them wrong; {splits} splits"
    )
    print("promise  decided  refused  wrong on the rest: median   most   kept    straight-through: median  least")
    for rate in rates:
        for count in counts:
            refused, wrong, through = measure(judged, count, rate, splits)
            if not wrong:
                print(f"{rate:>6.0%}  {count:>7}  {refused:>7}  -- (at least {least_count(0, rate, 0.95)} decisions)")
                continue
            kept = sum(one <= rate for one in wrong)
            print(f"{rate:>6.0%}  {count:>7}  {refused:>7}  {statistics.median(wrong):>25.3f}  {max(wrong):>5.3f}  {kept:>2}/{len(wrong):<3}"
                  f"  {statistics.median(through):>25.3f}  {min(through):>5.3f}")  # fmt: skip
    raw = reliability([(one.confidence, one.is_right) for one in judged])
    calibrated = reliability(held_out_scores(judged))
    print(f"calibration error: engine {calibration_error(raw):.3f}, held out after calibration {calibration_error(calibrated):.3f}")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--generated", type=int, default=0)
    parser.add_argument("--ocr", action="store_true")
    parser.add_argument("--keep", type=Path, help="Folder for read pages: with --ocr read once, later taken from there.")
    parser.add_argument("--rate", type=float, nargs="+", default=[0.05, 0.1])
    parser.add_argument("--documents", type=int, nargs="+", default=[15, 30, 45, 60, 75])
    parser.add_argument("--splits", type=int, default=20)
    asked = parser.parse_args()
    judged = judged_generated(asked.generated) if asked.generated else judged_receipts(asked.folder, ocr=asked.ocr, keep=asked.keep)
    show(judged, asked.documents, asked.rate, asked.splits)


if __name__ == "__main__":
    main()
