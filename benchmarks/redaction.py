"""Redaction end to end on documents with known personal data: what leaks, what survives, how fast: `python benchmarks/redaction.py DATA_FOLDER`.

DATA_FOLDER holds `loader.py` with `items`, and the set `pii_docs` (text PDFs and scans). Every copy is checked by means of its own, not by the
proof's: poppler's text, Tesseract on the rendered page, and the file's bytes. Times are per page, on one core; the checks are not in them.

Words that are not personal are counted too, on text PDFs and scans alike: those that Tesseract reads in the original, and of them those whose middle
lies under a box. A word is personal when it stands in one of the document's values.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytesseract
from pdf2image import convert_from_path

sys.path.insert(0, str(Path(__file__).parent))
from pii_text import loader_of

from docmill.services.redacting import ProvenCopy, Redaction, redact_and_prove
from docmill.stages.privacy import verbs as privacy
from docmill.stages.privacy.redaction import verbs as redaction
from docmill.stages.reading import verbs as reading
from docmill.values.options import DEFAULT_ENTITIES

LIMITS = {"max_pages": 100, "max_pixels": 100_000_000, "max_bytes": 100_000_000}
DPI = 200
SURE = 50  # Tesseract's confidence, of 100, below which a word is none
TELLING = 3  # letters and digits of a part of a value


@dataclass
class Sums:
    """What came out over all documents of one kind."""

    files: int = 0
    pages: int = 0
    values: int = 0
    leaked: list[str] = field(default_factory=list)
    kept: int = 0
    lost: list[str] = field(default_factory=list)
    others: int = 0
    covered: list[str] = field(default_factory=list)
    seconds: Counter[str] = field(default_factory=Counter)
    bytes_before: int = 0
    bytes_after: int = 0


def plain(text: str) -> str:
    """Letters and digits, lower case, without accents: Tesseract's English reads none."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())


def mill(path: Path, folder: Path, sums: Sums, *, thorough: bool) -> ProvenCopy:
    """Read, find and redact one file. What OCR reads for the gate has a clock of its own."""
    began = time.perf_counter()
    seen = reading.inspect(str(path), LIMITS)
    pages = [str(folder / f"{n}.json") for n in range(1, int(str(seen["page_count"])) + 1)]
    for number, out in enumerate(pages, start=1):
        reading.read_page(str(path), str(seen["media_type"]), number, "en", "auto", str(folder), out, LIMITS)
    read = time.perf_counter()
    spans = str(folder / "spans.json")
    privacy.find_pii(pages, "en", list(DEFAULT_ENTITIES), spans)
    found = time.perf_counter()
    ocr = Counter[str]()

    def call(verb: str, *args: Any) -> Mapping[str, Any]:
        room, _, name = verb.partition(".verbs:")
        start = time.perf_counter()
        answer = dict(getattr(reading if room == "reading" else redaction, name)(*args))
        ocr[room] += time.perf_counter() - start  # type: ignore[assignment] # seconds
        return answer

    asked = Redaction(str(path), str(seen["media_type"]), pages, spans, "en", thorough=thorough)
    made = redact_and_prove(call, asked, folder, LIMITS)
    whole = time.perf_counter() - found
    steps = {"read": read - began, "find": found - read, "redact and prove": whole - ocr["reading"], "OCR gate": ocr["reading"]}
    sums.seconds += Counter(steps)  # type: ignore[arg-type] # seconds
    sums.pages += len(pages)
    return made


def texts_of(copy: Path) -> str:
    """All that can be read of a copy without docmill: its text layer, and what OCR sees."""
    layer = subprocess.run(["pdftotext", "-layout", str(copy), "-"], capture_output=True, check=True, text=True).stdout
    seen = "\n".join(pytesseract.image_to_string(image) for image in convert_from_path(copy, dpi=DPI))
    metadata = subprocess.run(["pdfinfo", str(copy)], capture_output=True, check=True, text=True).stdout
    return f"{layer}\n{seen}\n{metadata}"


def count_covered(row: dict[str, Any], source: Path, made: ProvenCopy, sums: Sums) -> None:
    """Words of the original that are in no value, and those of them that lie under a box."""
    values = [span["text"] for span in row["spans"]]
    tokens, joined = {plain(word) for value in values for word in value.split()}, [plain(value) for value in values]
    for image, page in zip(convert_from_path(source, dpi=DPI), made.evidence.pages, strict=True):
        seen = pytesseract.image_to_data(image, output_type=pytesseract.Output.DICT)
        for text, sure, *box in zip(*(seen[name] for name in ("text", "conf", "left", "top", "width", "height")), strict=True):
            word = plain(text)
            if not word or float(sure) < SURE or word in tokens or (len(word) >= TELLING and any(word in value for value in joined)):
                continue
            x, y = ((box[side] + box[side + 2] / 2) * page.dpi / DPI for side in (0, 1))
            sums.others += 1
            if any(x0 <= x < x1 and y0 <= y < y1 for x0, y0, x1, y1 in page.boxes):
                sums.covered.append(f"{row['id']}: {text}")


def judge(row: dict[str, Any], copy: Path, sums: Sums) -> None:
    """What of the document's values is left, and what of the rest is gone."""
    text = plain(texts_of(copy))
    raw = copy.read_bytes()
    for value in {span["text"] for span in row["spans"]}:
        sums.values += 1
        if plain(value) in text or value.encode() in raw:
            sums.leaked.append(f"{row['id']}: {value}")
    for kept in row.get("keep_texts", ()):
        sums.kept += 1
        if plain(kept) not in text:
            sums.lost.append(f"{row['id']}: {kept}")


def main() -> None:
    """Print leaks, losses, sizes and pages per second, for text PDFs and for scans."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--thorough", action="store_true", help="let the OCR gate read whole pages")
    arguments = parser.parse_args()
    rows = list(loader_of(arguments.data).items("pii_docs", root=str(arguments.data)))
    for kind in ("text", "scan"):
        sums = Sums()
        for row in rows:
            source = Path(row["_dir"]) / row["files"][kind]
            with tempfile.TemporaryDirectory() as folder:
                made = mill(source, Path(folder), sums if sums.files else Sums(), thorough=arguments.thorough)  # the first loads the models
                copy = made.path
                sums.files += 1
                sums.bytes_before, sums.bytes_after = sums.bytes_before + source.stat().st_size, sums.bytes_after + copy.stat().st_size
                judge(row, copy, sums)
                count_covered(row, source, made, sums)
        speed = {step: f"{sums.pages / seconds:.1f} pages/s" for step, seconds in sums.seconds.items()}
        print(
            f"{kind}: {sums.files} files, leaked {len(sums.leaked)} of {sums.values} values, kept {sums.kept - len(sums.lost)} of {sums.kept} texts"
        )
        print(f"  {json.dumps(speed)}, {sums.bytes_before} bytes before, {sums.bytes_after} after")
        print(f"  {len(sums.covered)} of {sums.others} other words covered")
        for line in (*sums.leaked, *sums.lost, *sums.covered):
            print("  !", line)


if __name__ == "__main__":
    main()
