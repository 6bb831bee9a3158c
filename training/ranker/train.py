"""Trains a ranker of candidates on documents whose fields are known, tries it on companies that it has not seen, and writes it as JSON.

    python training/ranker/train.py DATA... [--keep PAGES_FOLDER] [--out ranker.json]
    docmill models add ranker.json      # keeps it as a version; `docmill models promote` puts it to use, `rollback ranker` takes it back

Each DATA is a folder with one JSON file per document:

    {"file": "a.pdf", "company": "any name of whom it is from", "kind": "invoice", "fields": {"total": "12.50", "due_date": null}}

`file` stands beside it (PDF or image) and is read as `docmill read` does; `language` (ISO 639-1, default en) may say in which language. `fields` has those that
are known: ISO dates, decimal numbers with a point, text as printed, null where the paper has no such field. What is not named teaches nothing.
A field is switched on where the ranker beats the rules by more than chance; with none switched on the file changes nothing.
"""

import argparse
import hashlib
import json
from pathlib import Path

from docmill.cli.read import read_file
from docmill.stages.understanding.document import pages_looked_at
from docmill.stages.understanding.ranking.learning import RankLesson, rank_lessons
from docmill.stages.understanding.ranking.trial import Trial, metrics_of, trained, tried
from docmill.values.options import MillOptions
from docmill.values.page import Page
from docmill.values.pages_file import read_pages, write_pages


def pages_of(file: Path, language: str, keep: Path | None) -> list[Page]:
    """The pages as docmill reads them, or as they were kept."""
    kept = keep / f"{hashlib.sha256(file.read_bytes()).hexdigest()}.json" if keep else None  # by content: names repeat between folders
    if kept is not None and kept.exists():
        return read_pages(kept.read_bytes())
    pages, _, first = read_file(file, MillOptions(language=language))
    if first is not None and not pages:
        raise first
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_pages(kept, pages)
    return pages


def lessons_of(folder: Path, keep: Path | None) -> list[RankLesson]:
    """The lessons of every document of a folder."""
    found = []
    for path in sorted(folder.glob("*.json")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        pages = pages_of(folder / facts["file"], facts.get("language", "en"), keep)
        looked_at = [pages[index] for index in pages_looked_at(len(pages))]
        found += rank_lessons(looked_at, facts["kind"], facts["fields"], facts["company"])
    return found


def show(trials: list[Trial]) -> None:
    """Print what each field's ranker does on companies that it has not seen."""
    print(f"{'kind.field':<32}{'papers':>7}{'companies':>10}{'among':>7}{'rules':>7}{'ranker':>7}{'wins':>6}{'losses':>7}  used")
    for one in trials:
        counts = f"{one.documents:>7}{one.companies:>10}{one.possible:>7}{one.rules:>7}{one.ranker:>7}{one.wins:>6}{one.losses:>7}"
        print(f"{one.key:<32}{counts}  {'yes' if one.is_better else 'no'}")


def main() -> None:
    """Try, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    lessons = [one for folder in asked.data for one in lessons_of(folder, asked.keep)]
    trials = tried(lessons)
    show(trials)
    if asked.out:
        asked.out.write_bytes(trained(lessons, trials).as_json(metrics_of(trials)))


if __name__ == "__main__":
    main()
