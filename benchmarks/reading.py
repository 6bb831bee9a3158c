"""Reading: steady-state pages per second of docmill on Dask workers against plain `tesseract` on all cores, same images, same run.

    python benchmarks/reading.py [--pages 100]

Scanned pages are generated (one page a file). Plain Tesseract runs as one process per page, as many at a time as there are cores, with
OMP_THREAD_LIMIT=1 and the same settings. docmill mills the same images through the read stage on a warm local cluster; the start of the cluster
is printed apart. Rounds alternate, so that a noisy machine hurts both.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blocks.runners import ShardRunner
    from docmill.services.running.room import Room

ROUNDS = 2


def plain_tesseract(images: list[Path], cores: int) -> float:
    """Seconds of reading all images with the bare program."""

    def read(image: Path) -> None:
        words = ["tesseract", str(image), "stdout", "--dpi", "200", "--psm", "3", "-l", "eng", "tsv"]
        subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, env={**os.environ, "OMP_THREAD_LIMIT": "1"})

    started = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(read, images))
    return time.perf_counter() - started


def docmill_reading(opened: Room, runner: ShardRunner, images: list[Path]) -> float:
    """Seconds of the read stage over all images; registration and inspection are not counted, artefacts, receipts and folding are."""
    from blocks.runners import RunSignals
    from docmill.services.intake import take_in
    from docmill.services.running.heart import Heart
    from docmill.services.running.run import BatchRun
    from docmill.services.sources import files_of
    from docmill.values.options import MillOptions

    options = MillOptions(engine="tesseract", index=False, force=True)
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
    """Print pages per second of both and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=100)
    pages, cores = parser.parse_args().pages, len(os.sched_getaffinity(0))
    sys.path.insert(0, str(Path(__file__).parents[1]))
    with tempfile.TemporaryDirectory(prefix="docmill-bench-") as folder:
        os.environ["DOCMILL_HOME"] = str(Path(folder) / "home")
        from blocks.dask_cluster import DaskCluster
        from docmill.cli.rooms import room

        images = scans(Path(folder), pages)
        started = time.perf_counter()
        with room() as opened, DaskCluster(mode="local", workers=cores).open(estimated_s=1e9) as runner:
            docmill_reading(opened, runner, images[: 2 * cores])
            print(f"start-up: {time.perf_counter() - started:.1f} s (cluster, cells, first pages)")
            rounds = [(plain_tesseract(images, cores), docmill_reading(opened, runner, images)) for _ in range(ROUNDS)]
    for plain, ours in rounds:
        print(f"plain tesseract {pages / plain:.2f} pages/s | docmill {pages / ours:.2f} pages/s | ratio {plain / ours:.3f}")
    print(f"median ratio {statistics.median(plain / ours for plain, ours in rounds):.3f} over {pages} pages on {cores} cores")


def scans(folder: Path, pages: int) -> list[Path]:
    """Page images of generated scans, one file each."""
    from pdf2image import convert_from_path

    from docmill.services.samples import write_scans

    made = []
    for pdf in write_scans(folder / "scans", pages, 1):
        image = folder / f"{pdf.stem}.png"
        with contextlib.closing(convert_from_path(pdf, dpi=200, grayscale=True)[0]) as page:
            page.save(image, dpi=(200, 200))
        made.append(image)
    return made


if __name__ == "__main__":
    main()
