"""How right docmill tells kinds apart: F1 per kind, macro F1 over the labels that are there, and what confidence is worth.

    python benchmarks/kinds.py FOLDER [--keep PAGES] [--show] [--whole SET,SET...]

FOLDER holds `classification/manifest.json`: a list of {"file", "label"}, paths relative to it; and `packages.json`: {"file", "page_labels"}.
Packages are also made by joining two to four of the documents, 150 times by chance with a fixed seed: how many of the inner beginnings are found, and how
many are told where none is.
`--whole` names folders of FOLDER whose PDFs are one document each: how many of those with several pages are taken for a package.
`--keep` keeps the pages read in the folder PAGES. `other` for a labelled document is a miss and no false alarm of another kind.
"""

import argparse
import json
import random
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

from fields import read

from docmill.errors import DocmillError
from docmill.stages.understanding.kinds import decide_kind
from docmill.stages.understanding.packages import documents_of
from docmill.values.evidence import Kind
from docmill.values.page import Page

BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.01)


def decided(pages: list[Page]) -> Kind:
    """The kind as the stage decides it."""
    with_words = [page for page in pages if page.words]
    return decide_kind(with_words, "auto") if with_words else Kind(name="other", confidence=0.5, reason="no words")


def report(pairs: list[tuple[str, Kind]]) -> None:
    """F1 of each label that is there, their mean, and the reliability of confidences."""
    scores = {}
    for label in sorted({wanted for wanted, _ in pairs}):
        right = sum(wanted == label == got.name for wanted, got in pairs)
        asked, given = sum(wanted == label for wanted, _ in pairs), sum(got.name == label for _, got in pairs)
        scores[label] = 2 * right / max(1, asked + given)
        print(f"  {label:<16}{right:>4}/{asked:<4} F1 {scores[label]:.3f}")
    correct = sum(wanted == got.name for wanted, got in pairs)
    print(f"macro F1 {sum(scores.values()) / len(scores):.3f}, {correct}/{len(pairs)} right")
    print("confidence      documents  right")
    for low, high in pairwise(BINS):
        inside = [wanted == got.name for wanted, got in pairs if low <= got.confidence < high]
        if inside:
            print(f"{low:.2f} - {min(high, 1.0):.2f}   {len(inside):>6}    {sum(inside) / len(inside):.3f}")


def report_joined(documents: list[list[Page]]) -> None:
    """Recall and precision of where documents begin in packages made of these documents."""
    chance, found, missed, false = random.Random(3), 0, 0, 0  # noqa: S311 - no secret
    for _ in range(150):
        pages: list[Page] = []
        begins = set()
        for document in chance.choices(documents, k=chance.randint(2, 4)):
            begins.add(len(pages))
            pages += [page.model_copy(update={"number": len(pages) + n}) for n, page in enumerate(document, 1)]
        told = set(documents_of(pages))
        found, missed, false = found + len(told & begins - {0}), missed + len(begins - told), false + len(told - begins)
    print(f"packages joined by chance: {found}/{found + missed} beginnings found, {false} told where none is")


def report_whole(paths: list[Path], scratch: Path, keep: Path | None) -> None:
    """How many files that are one document are told to hold several."""
    files = pages_seen = wrong = 0
    for path in paths:
        try:
            pages = read(path, "en", scratch, keep)
        except DocmillError:
            continue  # damaged or encrypted on purpose
        if len(pages) > 1:
            files, pages_seen = files + 1, pages_seen + len(pages)
            if len(starts := documents_of(pages)) > 1:
                wrong += 1
                print(f"  taken for a package: {path.name}, beginnings on pages {[index + 1 for index in starts]} of {len(pages)}")
    print(f"single documents of several pages: {wrong} of {files} ({pages_seen} pages) taken for a package")


def main() -> None:
    """Measure documents and packages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--whole", default="")
    asked = parser.parse_args()
    folder = asked.folder / "classification"
    with tempfile.TemporaryDirectory() as name:
        pairs, documents = [], []
        for one in json.loads((folder / "manifest.json").read_bytes()):
            pages = read((folder / one["file"]).resolve(), "en", Path(name), asked.keep)
            documents.append(pages)
            kind = decided(pages)
            pairs.append((one["label"], kind))
            if asked.show and kind.name != one["label"]:
                print(f"  miss {one['file']}: {one['label']} <> {kind}")
        report(pairs)
        for one in json.loads((folder / "packages.json").read_bytes()):
            pages = read((folder / one["file"]).resolve(), "en", Path(name), asked.keep)
            starts = [index + 1 for index in documents_of(pages)]
            print(f"package of {len(pages)} pages labelled {dict(Counter(one['page_labels']))}: documents begin on pages {starts}")
        report_joined(documents)
        report_whole(
            [path for one in asked.whole.split(",") if one for path in sorted((asked.folder / one).rglob("*.pdf"))], Path(name), asked.keep
        )


if __name__ == "__main__":
    main()
