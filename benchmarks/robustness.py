"""A folder of damaged, hostile and odd files through one `docmill ingest`: whether every outcome is the expected one, and what it cost.

    python benchmarks/robustness.py FOLDER [--engine auto]

FOLDER has a manifest.json, a list of {"file", "expect"}: ok = a result; error_clean = refused with a code of the document's; no_crash and
bounded_time = either of both, or out of time; ok_or_error_clean = either; the rest as ok. Files that are not as expected are named, with the
peak resident memory of every process of the run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from process_memory import PeakMemory

ROOT = Path(__file__).parents[1]
GOOD = {"completed", "needs_review"}
CLEAN = {"unsupported_type", "damaged", "encrypted", "too_large"}


def is_expected(expect: str, state: str, code: str | None) -> bool:
    """Whether a job ended as the manifest says."""
    if expect == "error_clean":
        return code in CLEAN
    if expect == "ok_or_error_clean":
        return state in GOOD or code in CLEAN
    if expect in {"no_crash", "bounded_time", "bounded_memory"}:
        return state in {*GOOD, "partial"} or code in {*CLEAN, "timed_out"}
    return state in GOOD


def main() -> None:
    """Print what is not as expected, counts, time and memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--engine", default="auto")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    expected = {Path(one["file"]).name: one["expect"] for one in json.loads((asked.folder / "manifest.json").read_text())}
    files = [str(asked.folder / one["file"]) for one in json.loads((asked.folder / "manifest.json").read_text())]
    with tempfile.TemporaryDirectory(prefix="docmill-bench-") as home:
        os.environ["DOCMILL_HOME"] = home
        words = [sys.executable, "-m", "docmill.cli.main", "ingest", *files, "--json", "--engine", asked.engine]
        started = time.perf_counter()
        process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with PeakMemory(process.pid) as memory:
            _, said = process.communicate()
        taken_s = time.perf_counter() - started
        from docmill.cli.rooms import room
        from docmill.services.jobs import list_jobs

        with room() as opened:
            jobs = list_jobs(opened.ledger, opened.tenant, limit=10 * len(files))
    odd = [job for job in jobs if not is_expected(expected.get(job.name, "ok"), job.state, job.error_code)]
    for job in odd:
        print(f"NOT AS EXPECTED {job.name}: {expected.get(job.name)}, but {job.state} {job.error_code or ''} {job.error_message or ''}")
    print(f"{len(files)} files, {len(jobs)} jobs, {len(odd)} not as expected; exit {process.returncode} in {taken_s:.0f} s")
    print(f"outcomes: {dict(Counter(job.error_code or job.state.value for job in jobs))}; traceback shown: {b'Traceback' in said}")
    print(f"peak resident: {memory.told()}")


if __name__ == "__main__":
    main()
