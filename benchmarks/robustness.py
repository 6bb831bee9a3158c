"""A folder of damaged, hostile and odd files through one `docmill ingest`: whether every outcome is the expected one, and what it cost.

    python benchmarks/robustness.py FOLDER [--engine auto]

FOLDER has a manifest.json, a list of {"file", "expect"}: ok = a result; error_clean = refused with a code of the document's; no_crash and
bounded_time = either of both, or out of time; ok_or_error_clean = either; the rest as ok. Files that are not as expected are named, with the
peak resident memory of every process of the run; then, or where a process held more than its limit, the exit code is 1.
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
from typing import TYPE_CHECKING

from process_memory import PeakMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


def broken_promises(expect: Mapping[str, str], ended: Iterable[tuple[str, str, str | None]]) -> list[str]:
    """What is not as the manifest says, one line each; a file that has no outcome at all is among it.

    Args:
        expect: file name -> expectation.
        ended: name, state and error code of every job.
    """
    jobs = list(ended)
    odd = [(name, state, code) for name, state, code in jobs if not is_expected(expect.get(name, "ok"), state, code)]
    missing = sorted({*expect} - {name for name, _, _ in jobs})
    told = [f"{name}: {expect.get(name, 'ok')} expected, but {state} {code or ''}".rstrip() for name, state, code in odd]
    return told + [f"{name}: {expect[name]} expected, but there is no job" for name in missing]


def main() -> int:
    """Print what is not as expected, counts, time and memory; 1 when anything is not as expected or over its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--engine", default="auto")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    manifest = json.loads((asked.folder / "manifest.json").read_text())
    expected = {Path(one["file"]).name: str(one["expect"]) for one in manifest}
    with tempfile.TemporaryDirectory(prefix="docmill-bench-") as home:
        os.environ["DOCMILL_HOME"] = home
        started = time.perf_counter()
        code, said, memory = ingested([str(asked.folder / one["file"]) for one in manifest], asked.engine)
        taken_s = time.perf_counter() - started
        from docmill.cli.rooms import room
        from docmill.services.jobs import list_jobs

        with room() as opened:
            jobs = list_jobs(opened.ledger, opened.tenant, limit=10 * len(manifest))
    odd = broken_promises(expected, [(job.name or "", job.state.value, job.error_code) for job in jobs])
    if b"Traceback" in said:
        odd.append("a traceback was shown")
    odd += [f"{role}: over its memory limit" for role in memory.over]
    for line in odd:
        print(f"NOT AS EXPECTED {line}")
    print(f"{len(manifest)} files, {len(jobs)} jobs, {len(odd)} not as expected; exit {code} in {taken_s:.0f} s")
    print(f"outcomes: {dict(Counter(job.error_code or job.state.value for job in jobs))}")
    print(f"peak resident: {memory.told()}")
    return 1 if odd else 0


def ingested(files: list[str], engine: str) -> tuple[int, bytes, PeakMemory]:
    """Exit code and standard error of one `docmill ingest`, and what its processes held."""
    words = [sys.executable, "-m", "docmill.cli.main", "ingest", *files, "--json", "--engine", engine]
    process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with PeakMemory(process.pid) as memory:
        _, said = process.communicate()
    return process.returncode, said, memory


if __name__ == "__main__":
    sys.exit(main())
