"""How right docmill understands: every field's accuracy per set, what confidence is worth, flags raised, and milliseconds per page.

    python benchmarks/fields.py FOLDER [--show] [--ocr] [--keep PAGES]

FOLDER holds `receipts_sroie` (JSON with OCR truth in `lines`, and `fields`, `fields_norm`), `invoices_einvoice` (`files`, `fields`, `visible`) and
`invoices_invoice2data`, as far as they are there. Receipts are taken from their truth lines, so that reading is not measured here; `--ocr` reads
their images with the installed engine instead. PDFs are read by docmill. `--show` prints every miss; `--keep` keeps the pages read in the folder
PAGES, so that the next run reads nothing. F1 counts a wrong field as missed and as false.
"""

import argparse
import json
import re
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from docmill.errors import LanguageMissing
from docmill.stages.reading import verbs as reading
from docmill.stages.understanding import verbs
from docmill.values.evidence import Understanding
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

LIMITS = {"max_pages": 200.0, "max_pixels": 1e8, "max_bytes": 1e8}
OURS = {
    "company": "vendor_name", "address": "vendor_address", "date": "issue_date", "invoice_number": "document_number", "seller_name": "vendor_name",
    "buyer_name": "customer_name", "grand_total": "total", "iban": "vendor_iban", "seller_vat_id": "vendor_tax_id",
}  # fmt: skip
MONEY = {"total", "net_total", "tax_total", "grand_total", "amount_due"}
BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.01)


@dataclass
class Figures:
    """Counts of one set: per field (asked for, right), per bin of confidence (fields, wrong), times, flags."""

    fields: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    groups: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    bins: dict[float, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    false: int = 0
    wrong: int = 0
    page_ms: list[float] = field(default_factory=list)
    flagged: int = 0
    documents: int = 0


@dataclass(frozen=True)
class Case:
    """One document: its pages, what is asked for, the company it belongs to, and where an e-invoice is."""

    name: str
    pages: list[Page]
    wanted: dict[str, str | None]
    group: str
    original: str | None = None
    einvoice: str | None = None


def truth_page(facts: dict[str, Any], width: int = 1000) -> Page:
    """A page from lines with boxes: words share a line's box by their length."""
    pieces = []
    for line in facts["lines"]:
        x0, y0, x1, y1 = line["box"]
        texts = line["text"].split()
        letter = (x1 - x0) / max(1, len(" ".join(texts)))
        at, words = float(x0), []
        for text in texts:
            words.append(Word(text=text, box=Box(at, float(y0), at + letter * len(text), float(y1)), confidence=0.95))
            at += letter * (len(text) + 1)
        if words:
            pieces.append(words)
    lines = tuple(Line(words=tuple(words)) for words in rows(pieces))
    right = max((w.box.x1 for line in lines for w in line.words), default=width)
    down = max((w.box.y1 for line in lines for w in line.words), default=width)
    return Page(number=1, width_px=int(right) + 20, height_px=int(down) + 20, dpi=150, lines=lines, source="tesseract", language="en")


def rows(pieces: list[list[Word]]) -> list[list[Word]]:
    """Pieces that stand on one printed row become one line, left to right, as engines give them."""
    found: list[list[Word]] = []
    for piece in sorted(pieces, key=lambda words: (words[0].box.y0 + words[0].box.y1, words[0].box.x0)):
        middle = (piece[0].box.y0 + piece[0].box.y1) / 2
        last = found[-1] if found else None
        if (
            last
            and last[0].box.y0 < middle < last[0].box.y1
            and all(w.box.x1 <= piece[0].box.x0 or w.box.x0 >= piece[-1].box.x1 for w in last)
        ):
            last.extend(piece)
            last.sort(key=lambda word: word.box.x0)
        else:
            found.append(list(piece))
    return found


def receipts(folder: Path, *, ocr: bool, scratch: Path, keep: Path | None) -> Iterator[Case]:
    """SROIE receipts."""
    for path in sorted(folder.glob("*.json")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        wanted = {**facts["fields"], "date": facts["fields_norm"]["date_iso"], "total": facts["fields_norm"]["total"]}
        pages = read(folder / facts["file"], "en", scratch, keep) if ocr else [truth_page(facts)]
        yield Case(facts["id"], pages, wanted, facts["group"])


def invoices(folder: Path, variant: str, scratch: Path, keep: Path | None) -> Iterator[Case]:
    """Invoices as PDF, one variant of each."""
    for path in sorted(folder.glob("*.json")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        if variant not in facts["files"]:
            continue
        file, visible = folder / facts["files"][variant], facts.get("visible", {})
        hidden = variant != "with_xml"
        wanted = {k: v for k, v in facts["fields"].items() if not hidden or visible.get(k, True)}
        einvoice = reading.inspect(str(file), LIMITS)["einvoice"]
        pages = read(file, facts.get("language", "en"), scratch, keep)
        yield Case(facts["id"], pages, wanted, facts.get("scenario", facts["id"]), str(file), str(einvoice) if einvoice else None)


def read(file: Path, language: str, scratch: Path, keep: Path | None = None) -> list[Page]:
    """The pages as docmill reads them, in English where the engine has no data for the language; or as they were kept."""
    kept = keep / f"{file.name}.json" if keep else None
    if kept is not None and kept.exists():
        return [Page.model_validate(one) for one in json.loads(kept.read_bytes())]
    try:
        pages = read_in(file, language, scratch)
    except LanguageMissing:
        pages = read_in(file, "en", scratch)
    if kept is not None:
        kept.write_text(json.dumps([page.model_dump(mode="json") for page in pages]), encoding="utf-8")
    return pages


def read_in(file: Path, language: str, scratch: Path) -> list[Page]:
    """The pages as docmill reads them."""
    found = reading.inspect(str(file), LIMITS)
    out, pages = scratch / "read.json", []
    for number in range(1, int(found["page_count"] or 0) + 1):
        reading.read_page(str(file), str(found["media_type"]), number, language, "auto", str(scratch), str(out), LIMITS)
        pages.append(Page.model_validate_json(out.read_bytes()))
    return pages


def is_right(name: str, wanted: str, got: str) -> bool:
    """Amounts and dates exactly, text by letters and figures alone."""
    if name in MONEY:
        return f"{float(wanted):.2f}" == f"{float(got):.2f}"
    return re.sub(r"[^a-z0-9]", "", wanted.lower()) == re.sub(r"[^a-z0-9]", "", got.lower())


def run(case: Case, scratch: Path) -> tuple[Understanding, float]:
    """Understanding of one case and the milliseconds it took per page."""
    paths = []
    for page in case.pages:
        path = scratch / f"page-{page.number}.json"
        path.write_text(page.model_dump_json(), encoding="utf-8")
        paths.append(str(path))
    out, started = scratch / "understanding.json", time.process_time()
    verbs.understand(paths, "auto", str(out), case.original, case.einvoice)
    spent = (time.process_time() - started) * 1000 / max(1, len(paths))
    return Understanding.model_validate_json(out.read_bytes()), spent


def measure(cases: Iterator[Case], scratch: Path, *, show: bool) -> Figures:
    """All figures of one set."""
    figures = Figures()
    for case in cases:
        found, spent = run(case, scratch)
        figures.page_ms.append(spent)
        figures.documents += 1
        figures.flagged += bool(found.problems)
        if show:
            for problem in found.problems:
                print(f"  flag {case.name}: {problem.message}")
        by_name = {f.name: f for f in found.fields}
        for name, wanted in case.wanted.items():
            got = by_name.get(OURS.get(name, name))
            if wanted in (None, ""):
                figures.false += got is not None
                continue
            right = got is not None and is_right(name, wanted, got.value or "")
            for counts in (figures.fields[name], figures.groups[case.group]):
                counts[0] += 1
                counts[1] += right
            if got is not None:
                figures.wrong += not right
                low = max(b for b in BINS if b <= got.evidence.confidence)
                figures.bins[low][0] += 1
                figures.bins[low][1] += not right
            if show and not right:
                print(f"  miss {case.name} {name}: {wanted!r} <> {got and (got.value, got.evidence.confidence, got.evidence.source)}")
    return figures


def report(name: str, figures: Figures) -> None:
    """Print one set."""
    asked, right = (sum(c[i] for c in figures.fields.values()) for i in (0, 1))
    by_group = statistics.mean(c[1] / c[0] for c in figures.groups.values()) if figures.groups else 0.0
    f1 = 2 * right / max(1, right + figures.wrong + figures.false + asked)
    print(f"\n{name}: {right}/{asked} = {right / max(1, asked):.3f}, F1 {f1:.3f}; mean over {len(figures.groups)} groups {by_group:.3f}; "
          f"{figures.flagged}/{figures.documents} flagged; median {statistics.median(figures.page_ms or [0]):.1f} ms of CPU per page; "
          f"{figures.false} fields that were not asked for")  # fmt: skip
    for key, (count, good) in figures.fields.items():
        print(f"  {key:<16}{good:>4}/{count:<4}{good / count:.3f}")


def bar(right: int, count: int, low: float, high: float) -> str:
    """The share that is right as a row of signs, and a mark where it would be if confidence were that share."""
    signs = list(("#" * round(50 * right / count) if count else "").ljust(51))
    signs[round(50 * (low + high) / 2)] = "|"
    return "".join(signs).rstrip()


def report_confidence(all_figures: list[Figures]) -> None:
    """Print how often a field of a confidence is wrong, as a reliability diagram, and how many of the right ones are sure."""
    print("\nconfidence      fields  wrong   right: 50 # are all; | is where the bin's middle confidence would be")
    sums = {low: [sum(f.bins[low][i] for f in all_figures) for i in (0, 1)] for low in BINS[:-1]}
    for low, high in pairwise(BINS):
        count, wrong = sums[low]
        print(
            f"{low:.2f} - {min(high, 1.0):.2f}   {count:>6}  {wrong / count if count else 0:.3f}   {bar(count - wrong, count, low, min(high, 1.0))}"
        )
    right = sum(count - wrong for count, wrong in sums.values())
    sure, sure_wrong = sums[0.95]
    print(f"at 0.95 and more: {sure_wrong}/{sure} wrong; {(sure - sure_wrong) / max(1, right):.2f} of the right fields")


def main() -> None:
    """Measure every set that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--ocr", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--sets", default="receipts,xml,stripped,suppliers")
    asked = parser.parse_args()
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        scratch, einvoices, done = Path(name), asked.folder / "invoices_einvoice", []
        sets = {
            "receipts": lambda: receipts(asked.folder / "receipts_sroie", ocr=asked.ocr, scratch=scratch, keep=asked.keep),
            "xml": lambda: invoices(einvoices, "with_xml", scratch, asked.keep),
            "stripped": lambda: invoices(einvoices, "text_layer_no_xml", scratch, asked.keep),
            "scan": lambda: invoices(einvoices, "scan_no_text", scratch, asked.keep),
            "suppliers": lambda: invoices(asked.folder / "invoices_invoice2data", "text_layer_no_xml", scratch, asked.keep),
        }
        for key in asked.sets.split(","):
            figures = measure(sets[key](), scratch, show=asked.show)
            report(key, figures)
            done.append(figures)
        report_confidence([f for f, key in zip(done, asked.sets.split(","), strict=True) if key != "xml"])


if __name__ == "__main__":
    main()
