"""How right docmill reads: word F1, character error rate and seconds per page, per set of documents with known text.

    python benchmarks/reading_accuracy.py FOLDER [--limit N] [--sets NAME,NAME] [--engine auto]

FOLDER holds one folder per set with one JSON file per document: `file` or `files`, and the truth as `text`, or as `lines` of words
(`[{"text": ...}]`). A set of PDFs without a truth of its own is compared with poppler's `pdftotext`, which says how alike two text
extractions are and not which one is right. Pages are read one after another by one process, with one thread.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from docmill.settings import scrubbed_environment
from docmill.stages.reading import verbs
from docmill.values.page import Page

CER_CHARACTERS = 4000


@dataclass
class SetFigures:
    """Sums over the documents of one set."""

    f1: list[float] = field(default_factory=list)
    cer: list[float] = field(default_factory=list)
    pages: int = 0
    seconds: float = 0.0
    sources: Counter[str] = field(default_factory=Counter)


def word_f1(truth: str, got: str) -> float:
    """F1 over words without order, case folded."""
    a, b = (Counter(re.findall(r"\w+", text.lower())) for text in (truth, got))
    return 2 * (a & b).total() / max(1, a.total() + b.total())


def character_error_rate(truth: str, got: str) -> float:
    """Levenshtein distance over the length of the truth, white space folded, first CER_CHARACTERS of both."""
    a, b = (" ".join(text.split())[:CER_CHARACTERS] for text in (truth, got))
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (x != y)))
        last = row
    return last[-1] / max(1, len(a))


def documents(folder: Path, limit: int) -> Iterator[tuple[str, Path, str]]:
    """(variant, file, truth) for each document of a set."""
    for description in sorted(folder.glob("*.json"))[:limit]:
        facts = json.loads(description.read_text(encoding="utf-8"))
        if not isinstance(facts, dict) or not ({"file", "files"} & facts.keys()):
            continue
        files = facts.get("files") or {facts.get("level", "-"): facts["file"]}
        lines = [line["text"] for line in facts.get("lines") or [] if "text" in line]
        truth = facts.get("text") or "\n".join(lines) or poppler_text(folder, files)
        for variant, name in files.items():
            if truth:
                yield variant, folder / name, truth


def poppler_text(folder: Path, files: dict[str, str]) -> str:
    """What pdftotext finds in the first of the files that has a text layer."""
    for name in files.values():
        if name.endswith(".pdf"):
            done = subprocess.run(["pdftotext", str(folder / name), "-"], capture_output=True, text=True, check=True)
            if done.stdout.strip():
                return done.stdout
    return ""


def read(file: Path, engine: str, scratch: Path, figures: SetFigures) -> str:
    """The text of all pages of a file."""
    facts = verbs.inspect(str(file), {})
    texts = []
    for number in range(1, int(facts["page_count"] or 0) + 1):
        out = scratch / "page.json"
        started = time.perf_counter()
        told = verbs.read_page(str(file), str(facts["media_type"]), number, "en", engine, str(scratch), str(out), {})
        figures.seconds += time.perf_counter() - started
        figures.pages += 1
        figures.sources[str(told["source"])] += 1
        texts.append(Page.model_validate_json(out.read_bytes()).text)
    return "\n".join(texts)


def measure(folder: Path, limit: int, engine: str) -> None:
    """Read one set and print a row per variant."""
    figures: dict[str, SetFigures] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for variant, file, truth in documents(folder, limit):
            row = figures.setdefault(variant, SetFigures())
            text = read(file, engine, Path(scratch), row)
            row.f1.append(word_f1(truth, text))
            row.cer.append(character_error_rate(truth, text))
    for variant, row in sorted(figures.items()):
        sources = ", ".join(f"{name} {n}" for name, n in sorted(row.sources.items()))
        print(
            f"{folder.name:<24}{variant:<20}{len(row.f1):>5}{row.pages:>7}{sum(row.f1) / len(row.f1):>9.3f}"
            f"{sum(row.cer) / len(row.cer):>8.3f}{row.seconds / max(1, row.pages):>9.2f}  {sources}",
            flush=True,
        )


def main() -> int:
    """Parse arguments; each set runs in a process of its own with the cell's environment (one thread)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=10, help="documents per set")
    parser.add_argument("--sets", default="ocr_raster,ocr_old_books,receipts_sroie,invoices_einvoice")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--one-set", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one_set:
        measure(given.folder, given.limit, given.engine)
        return 0
    print(f"{'set':<24}{'variant':<20}{'docs':>5}{'pages':>7}{'word F1':>9}{'CER':>8}{'s/page':>9}  read by", flush=True)
    arguments = ["--one-set", "--limit", str(given.limit), "--engine", given.engine]
    worst = 0
    for name in given.sets.split(","):
        command = [sys.executable, __file__, str(given.folder / name), *arguments]
        worst = max(worst, subprocess.run(command, env=scrubbed_environment(), check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
