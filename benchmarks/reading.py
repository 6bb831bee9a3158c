"""Reading: steady-state pages per second of docmill on Dask workers against plain `tesseract` and OCRmyPDF on all cores, same pages, same run.

    python benchmarks/reading.py [--pages 100] [--rounds 2] [--ocrmypdf PROGRAM] [--only scans | --only text]

Scanned pages are generated. Plain Tesseract runs as one process per page, as many at a time as there are cores, with OMP_THREAD_LIMIT=1 and the
same settings, on PNG files. docmill mills the same PNG files, and the scans as one PDF, through the read stage on a warm local cluster; the
start of the cluster is printed apart. OCRmyPDF gets the same PDF with a job per core and nothing optional switched on; it is left out when the
program is not there. Then ten times as many pages with a text layer: what the read stage takes per page, beside three raw extractions on one
core each: pypdfium2's text alone, pypdfium2's words with their boxes (what docmill extracts, too, before it judges, orders and keeps it), and
`pdftotext -bbox`. Rounds alternate, so that a noisy machine hurts all.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from blocks.runners import ShardRunner
    from docmill.services.running.room import Room

TEXT_PAGES_FOR_A_SCAN = 10
"""A page with a text layer takes a hundredth of a scan's time; over a hundred of them the start of shards would be measured."""


def plain_tesseract(images: list[Path], cores: int) -> float:
    """Seconds of reading all images with the bare program."""

    def read(image: Path) -> None:
        words = ["tesseract", str(image), "stdout", "--dpi", "200", "--psm", "3", "-l", "eng", "tsv"]
        subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, env={**os.environ, "OMP_THREAD_LIMIT": "1"})

    started = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(read, images))
    return time.perf_counter() - started


def ocrmypdf(program: str, scans: Path, cores: int) -> float:
    """Seconds of OCRmyPDF over a PDF of scans."""
    words = [
        program,
        "-j",
        str(cores),
        "-l",
        "eng",
        "--output-type",
        "pdf",
        "--optimize",
        "0",
        "-q",
        str(scans),
        str(scans.with_suffix(".ocr.pdf")),
    ]
    started = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def raw_extraction(file: Path) -> dict[str, float]:
    """Seconds of raw extractions of all pages of a PDF, one page after another."""
    import pypdfium2

    def texts() -> None:
        with pypdfium2.PdfDocument(file) as document:
            for page in document:
                page.get_textpage().get_text_range()

    def words() -> None:
        with pypdfium2.PdfDocument(file) as document:
            for page in document:
                layer = page.get_textpage()
                for found in re.finditer(r"\S+", layer.get_text_range()):
                    left, bottom, right, top = zip(*map(layer.get_charbox, range(*found.span())), strict=True)
                    _ = min(left), min(bottom), max(right), max(top)

    def poppler() -> None:
        subprocess.run(["pdftotext", "-bbox", str(file), os.devnull], check=True)

    return {
        name: timed(work) for name, work in (("pypdfium2 text", texts), ("pypdfium2 words and boxes", words), ("pdftotext -bbox", poppler))
    }


def timed(work: Callable[[], None]) -> float:
    """Wall time of some work."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def docmill_reading(opened: Room, runner: ShardRunner, images: list[Path], engine: str = "tesseract") -> float:
    """Seconds of the read stage over all files; registration and inspection are not counted, artefacts, receipts and folding are."""
    from blocks.runners import RunSignals
    from docmill.services.intake import take_in
    from docmill.services.running.heart import Heart
    from docmill.services.running.run import BatchRun
    from docmill.services.sources import files_of
    from docmill.values.options import MillOptions

    options = MillOptions(engine=engine, index=False, force=True)
    batch_id, _ = take_in(opened, files_of([str(image) for image in images], opened.settings), options)
    run = BatchRun(opened, batch_id, f"bench-{batch_id}", workers=runner.workers, lease_s=600)
    signals = RunSignals(still_s=lambda: run.still_s, longest_item_s=lambda: run.longest_item_s)
    with Heart(run, lease_s=600):
        shards = [s for inspect in run.first_shards() for s in run.fold(inspect, runner.run(inspect, signals, last_try=True))]
        started = time.perf_counter()
        with ThreadPoolExecutor(len(shards)) as pool:
            for shard, report in zip(shards, pool.map(lambda s: runner.run(s, signals, last_try=True), shards), strict=True):
                assert all(outcome.error_code is None for outcome in report.outcomes)
                run.fold(shard, report)
        return time.perf_counter() - started


def main() -> None:
    """Print pages per second of all and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--ocrmypdf", default=shutil.which("ocrmypdf"), help="The program; by default the one on PATH.")
    parser.add_argument("--only", choices=["scans", "text"], help="One half only.")
    asked = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    sys.path.insert(0, str(Path(__file__).parents[1]))
    with tempfile.TemporaryDirectory(prefix="docmill-bench-") as folder:
        os.environ["DOCMILL_HOME"] = str(Path(folder) / "home")
        from blocks.dask_cluster import DaskCluster
        from docmill.cli.rooms import room

        images, book = scans(Path(folder), 2 * cores if asked.only == "text" else asked.pages)
        started = time.perf_counter()
        with room() as opened, DaskCluster(mode="local", workers=cores).open(estimated_s=1e9) as runner:
            docmill_reading(opened, runner, images[: 2 * cores])
            print(f"start-up: {time.perf_counter() - started:.1f} s (cluster, cells, first pages)")
            if asked.only != "text":
                compare_scans(opened, runner, images, book, asked.rounds, asked.ocrmypdf)
            if asked.only != "scans":
                compare_text(opened, runner, Path(folder), TEXT_PAGES_FOR_A_SCAN * asked.pages, asked.rounds)


def compare_scans(opened: Room, runner: ShardRunner, images: list[Path], book: Path, rounds: int, ocrmypdf_program: str | None) -> None:
    """Scanned pages: docmill, plain Tesseract, OCRmyPDF."""
    rows: dict[str, list[float]] = {}
    cores = runner.workers
    for _ in range(rounds):
        rows.setdefault("plain tesseract, PNG", []).append(plain_tesseract(images, cores))
        rows.setdefault("docmill, PNG", []).append(docmill_reading(opened, runner, images))
        rows.setdefault("docmill, PDF of scans", []).append(docmill_reading(opened, runner, [book]))
        if ocrmypdf_program:
            rows.setdefault("OCRmyPDF, PDF of scans", []).append(ocrmypdf(ocrmypdf_program, book, cores))
    print_rows(rows, len(images), cores)


def compare_text(opened: Room, runner: ShardRunner, folder: Path, pages: int, rounds: int) -> None:
    """Pages with a text layer: docmill and raw extractions."""
    from docmill.services.samples.bulk import write_long

    long = write_long(folder / "long.pdf", pages)
    for _ in range(rounds):
        print_born_digital(docmill_reading(opened, runner, [long], "auto"), raw_extraction(long), pages, runner.workers)


def print_rows(rows: dict[str, list[float]], pages: int, cores: int) -> None:
    """Pages per second and the ratio to docmill on the same kind of file."""
    for name, seconds in rows.items():
        print(f"{name:>24}: {' '.join(f'{pages / one:.2f}' for one in seconds)} pages/s over {pages} pages on {cores} cores")
    for peer, own in (("plain tesseract, PNG", "docmill, PNG"), ("plain tesseract, PNG", "docmill, PDF of scans"),
                      ("OCRmyPDF, PDF of scans", "docmill, PDF of scans"), ("OCRmyPDF, PDF of scans", "docmill, PNG")):  # fmt: skip
        if peer in rows:
            ratios = [a / b for a, b in zip(rows[peer], rows[own], strict=True)]
            print(f"{own} against {peer}: {statistics.median(ratios):.3f}x")


def print_born_digital(ours: float, raw: dict[str, float], pages: int, cores: int) -> None:
    """Milliseconds per page; docmill's are of one core, as if its cores worked one after another."""
    docmill = 1000 * ours * cores / pages
    told = (f"{name} {1000 * took / pages:.1f} (x{docmill * pages / 1000 / took:.1f})" for name, took in raw.items())
    print(f"text layer, ms per page and core: docmill {docmill:.1f}; raw: {', '.join(told)}")


def scans(folder: Path, pages: int) -> tuple[list[Path], Path]:
    """Page images of generated scans, one file each, and the scans as one PDF."""
    from pdf2image import convert_from_path

    from docmill.services.samples import write_scans

    made = []
    (book,) = write_scans(folder / "scans", 1, pages)
    for number in range(1, pages + 1):
        image = folder / f"scan-{number:04d}.png"
        with contextlib.closing(convert_from_path(book, dpi=200, grayscale=True, first_page=number, last_page=number)[0]) as page:
            page.save(image, dpi=(200, 200))
        made.append(image)
    return made, book


if __name__ == "__main__":
    main()
