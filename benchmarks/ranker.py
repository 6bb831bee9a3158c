"""What a learned ranker of candidates adds to the rules: papers with ground truth, learned and measured on different companies (five parts).

    python benchmarks/ranker.py DATA_FOLDER [--ocr] [--keep PAGES_FOLDER] [--sets receipts,stripped,scan,suppliers]

Receipts' words come from their truth lines without --ocr. `among` counts papers whose right value is a candidate at all: no ranker does better.
"""

import argparse
import tempfile
from pathlib import Path

from fields import MONEY, OURS, Case, invoices, receipts

from docmill.stages.understanding.document import pages_looked_at
from docmill.stages.understanding.ranking.learning import RankLesson, rank_lessons
from docmill.stages.understanding.ranking.trial import tried

VARIANTS = {"stripped": "text_layer_no_xml", "scan": "scan_no_text"}


def cases(folder: Path, name: str, scratch: Path, keep: Path | None, *, ocr: bool) -> list[Case]:
    """The papers of one set."""
    if name == "receipts":
        return list(receipts(folder / "receipts_sroie", ocr=ocr, scratch=scratch, keep=keep))
    if name == "suppliers":
        return list(invoices(folder / "invoices_invoice2data", VARIANTS["stripped"], scratch, keep))
    return list(invoices(folder / "invoices_einvoice", VARIANTS[name], scratch, keep))


def lessons(found: list[Case], kind: str) -> list[RankLesson]:
    """The lessons of papers."""
    made = []
    for one in found:
        truths = {OURS.get(name, name): f"{float(value):.2f}" if name in MONEY else value for name, value in one.wanted.items() if value}
        made += rank_lessons([one.pages[index] for index in pages_looked_at(len(one.pages))], kind, truths, one.group)
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ocr", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--sets", default="receipts,stripped,scan,suppliers")
    asked = parser.parse_args()
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
    found: list[RankLesson] = []
    with tempfile.TemporaryDirectory() as name:
        for key in asked.sets.split(","):
            papers = cases(asked.folder, key, Path(name), asked.keep, ocr=asked.ocr)
            found += lessons(papers, "receipt" if key == "receipts" else "invoice")
    print(f"{'kind.field':<32}{'papers':>7}{'companies':>10}{'among':>7}{'rules':>7}{'ranker':>7}{'wins':>6}{'losses':>7}")
    for one in tried(found):
        counts = f"{one.documents:>7}{one.companies:>10}{one.possible:>7}{one.rules:>7}{one.ranker:>7}{one.wins:>6}{one.losses:>7}"
        print(f"{one.key:<32}{counts}{'  used' if one.is_better else ''}")


if __name__ == "__main__":
    main()
