"""What each engine gives for its price on the same page images, in one run: word F1, character error rate, core-seconds per page.

    python benchmarks/engines.py FOLDER [--limit N] [--sets NAME,NAME] [--engines NAME,NAME] [--turned] [--made [NAME,NAME]]

FOLDER is as for reading_accuracy.py. `psm3` is the bare `tesseract` program with --psm 3 and docmill's resolution; the others are docmill's
engines. Core-seconds are of this process and the programs it starts, without the first page (models are loaded there). With --turned every
page is also read after being turned by 90, 180 and 270 degrees, with --made after being skewed, faded, halved, made black and white, or kept
in 16 bits, in transparency, in CMYK, or on its side with an EXIF orientation.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from PIL import ExifTags, Image, ImageOps
from reading_accuracy import character_error_rate, documents, word_f1

from docmill.settings import scrubbed_environment
from docmill.stages.reading import verbs
from docmill.stages.reading.image_file import dpi_of
from docmill.values.page import Page

IMAGES = {".jpg": "image/jpeg", ".png": "image/png"}


def core_seconds() -> float:
    """User and system time of this process and of the children it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def plain_tesseract(file: Path) -> tuple[str, float, str]:
    """What the bare program reads; it gives no confidence with its text."""
    with Image.open(file) as image:
        dpi = dpi_of(image, *image.size)
    words = ["tesseract", str(file), "stdout", "--dpi", str(dpi), "--psm", "3", "-l", "eng"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout, 0.0, "psm3"


def by_docmill(file: Path, engine: str, scratch: Path) -> tuple[str, float, str]:
    """Text, confidence and the engine that read it."""
    out = scratch / "page.json"
    verbs.read_page(str(file), IMAGES[file.suffix], 1, "en", engine, str(scratch), str(out), {})
    page = Page.model_validate_json(out.read_bytes())
    return page.text, page.confidence, page.source


def _skewed(counterclockwise_deg: float) -> "Wear":
    return lambda image: image.rotate(counterclockwise_deg, Image.Resampling.BICUBIC, expand=True, fillcolor="white")


def _only_alpha(image: Image.Image) -> Image.Image:
    """Black everywhere, and the page in the transparency: what draws alpha on black, or drops it, sees nothing."""
    black = Image.new("L", image.size)
    return Image.merge("LA", (black, ImageOps.invert(image.convert("L")))).convert("RGBA")


def _sixteen_bits(image: Image.Image) -> Image.Image:
    return image.convert("I").point(lambda v: v * 257 + 0).convert("I;16")


def _orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = value
    return exif


Wear = Callable[[Image.Image], Image.Image]
MADE: dict[str, tuple[Wear, str, dict[str, object]]] = {
    "skew 2": (_skewed(2), ".png", {}),
    "skew 5": (_skewed(5), ".png", {}),
    "skew 10": (_skewed(-10), ".png", {}),
    "skew 13": (_skewed(13), ".png", {}),
    "faded": (lambda image: image.point(lambda v: 200 + v // 6), ".png", {}),
    "dark": (lambda image: image.point(lambda v: 20 + v // 4), ".png", {}),
    "half": (lambda image: image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS), ".png", {}),
    "one bit": (lambda image: image.convert("1", dither=Image.Dither.NONE).convert("RGB"), ".png", {}),
    "16 bit": (_sixteen_bits, ".png", {}),
    "alpha": (_only_alpha, ".png", {}),
    "CMYK": (lambda image: image.convert("CMYK"), ".jpg", {"quality": 95}),
    "EXIF 6": (lambda image: image.transpose(Image.Transpose.ROTATE_90), ".jpg", {"quality": 95, "exif": _orientation(6)}),
}
"""What happens to pages on their way: a name, the picture made of an RGB one, and how its file is written."""


def variants(file: Path, scratch: Path, *, turned: bool, made: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """The page as it is, and copies of it that were turned clockwise or worn."""
    yield "0", file
    changes = {name: MADE[name] for name in made}
    for clockwise_deg in (90, 180, 270) if turned else ():
        changes[str(clockwise_deg)] = (partial(Image.Image.rotate, angle=-clockwise_deg, expand=True), ".png", {})
    for name, (change, suffix, options) in changes.items():
        copy = scratch / f"{file.stem}-{name.replace(' ', '-')}{suffix}"
        with Image.open(file) as image:
            change(image.convert("RGB")).save(copy, **({"compress_level": 1} if suffix == ".png" else {}), **options)
        yield name, copy
        copy.unlink()


def measure(folder: Path, limit: int, engines: list[str], *, turned: bool, made: Sequence[str]) -> list[dict[str, object]]:
    """A record for each page, turn and engine."""
    records: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder_made:
        scratch = Path(folder_made)
        for variant, file, truth in documents(folder, limit):
            if file.suffix not in IMAGES:
                continue
            for change, copy in variants(file, scratch, turned=turned, made=made):
                for engine in engines:
                    before = core_seconds()
                    text, confidence, source = plain_tesseract(copy) if engine == "psm3" else by_docmill(copy, engine, scratch)
                    spent = core_seconds() - before
                    figures = {
                        "f1": word_f1(truth, text),
                        "cer": character_error_rate(truth, text),
                        "confidence": confidence,
                        "source": source,
                    }
                    where = {"set": folder.name, "variant": variant, "page": file.stem, "change": change, "engine": engine}
                    records.append({**where, **figures, "core_s": spent})
                    print(json.dumps(records[-1]), flush=True)
    return records


def table(records: list[dict[str, object]]) -> None:
    """Means per set, variant, turn and engine."""
    groups: defaultdict[tuple[str, ...], list[dict[str, object]]] = defaultdict(list)
    for record in records:
        groups[tuple(str(record[name]) for name in ("set", "variant", "change", "engine"))].append(record)
    print(f"{'set':<18}{'variant':<9}{'change':>8}  {'engine':<11}{'pages':>6}{'word F1':>9}{'CER':>8}{'core-s':>8}  kept")
    for (name, variant, change, engine), rows in sorted(groups.items()):
        f1, cer = (sum(float(str(r[key])) for r in rows) / len(rows) for key in ("f1", "cer"))
        timed = [float(str(r["core_s"])) for r in rows[1:]] or [float(str(rows[0]["core_s"]))]
        kept: defaultdict[str, int] = defaultdict(int)
        for r in rows:
            kept[str(r["source"])] += 1
        told = ", ".join(f"{source} {n}" for source, n in sorted(kept.items()))
        core_s = sum(timed) / len(timed)
        print(f"{name:<18}{variant:<9}{change:>8}  {engine:<11}{len(rows):>6}{f1:>9.3f}{cer:>8.3f}{core_s:>8.2f}  {told}", flush=True)


def main() -> int:
    """Parse arguments; each set runs in a process of its own with the cell's environment (one thread)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=10, help="documents per set")
    parser.add_argument("--sets", default="ocr_raster,ocr_old_books,receipts_sroie")
    parser.add_argument("--engines", default="psm3,tesseract,rapidocr,auto")
    parser.add_argument("--turned", action="store_true")
    parser.add_argument("--made", nargs="?", const=",".join(MADE), default="", help="all, or the names after it, by commas")
    parser.add_argument("--one-set", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one_set:
        measure(given.folder, given.limit, given.engines.split(","), turned=given.turned, made=list(filter(None, given.made.split(","))))
        return 0
    records = []
    for name in given.sets.split(","):
        command = [sys.executable, __file__, str(given.folder / name), "--one-set", "--limit", str(given.limit), "--engines", given.engines]
        command += ["--turned"] * given.turned + (["--made", given.made] if given.made else [])
        done = subprocess.run(command, env=scrubbed_environment(), stdout=subprocess.PIPE, text=True, check=True)
        records += [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    table(records)
    return 0


if __name__ == "__main__":
    sys.exit(main())
