"""One huge PDF through `docmill ingest`: peak memory of every process, resuming after a kill, and what is read again when one page changes.

    python benchmarks/huge_document.py [--pages 500] [--scan-every 0] [--personal] [--index] [--kill] [--change] [options of `docmill ingest`]

The PDF is generated: pages of about 430 words with a text layer; with --scan-every N each N-th page is a scan without one; with --personal
every page that is no scan has five e-mail addresses at its foot, no two alike. --kill ends the whole run by SIGKILL when half of the pages are
read and begins it again; --change rewrites the file with one page changed, all objects renumbered, and mills that too. Pages read are counted
by what lies in the store: the journal's begin markers and the notes of page contents.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pikepdf
from process_memory import PeakMemory

ROOT = Path(__file__).parents[1]
ENDS_S = 6 * 3600
LEASE_S = 65


def huge_pdf(file: Path, pages: int, scan_every: int, *, has_addresses: bool) -> None:
    """Write the document."""
    from docmill.services.samples.bulk import write_long, write_scans

    scans = write_scans(file.parent / "scans", 1, pages // scan_every)[0] if scan_every else None
    write_long(file, pages)
    if has_addresses:
        with pikepdf.open(file, allow_overwriting_input=True) as whole:
            for number, page in enumerate(whole.pages):
                shown = " ".join(f"person{number}.{one}@mail.example" for one in range(5))
                page.contents_add(b"BT /F1 8 Tf 40 20 Td (%s) Tj ET" % shown.encode())
            whole.save(file)
    if scans is None:
        return
    with pikepdf.open(file, allow_overwriting_input=True) as whole, pikepdf.open(scans) as scanned:
        for number, page in enumerate(scanned.pages, start=1):
            whole.pages[number * scan_every - 1] = page
        whole.save(file)


def change_one(file: Path, out: Path) -> None:
    """The file written anew with one page changed: other object numbers, other compression."""
    with pikepdf.open(file) as old, pikepdf.new() as fresh:
        fresh.pages.extend(old.pages)
        fresh.pages[len(fresh.pages) // 2].contents_add(b"BT /F1 14 Tf 40 20 Td (changed) Tj ET")
        fresh.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, recompress_flate=True)


def begin(file: Path, home: Path, options: list[str]) -> subprocess.Popen[bytes]:
    """`docmill ingest FILE` in a session of its own."""
    words = [sys.executable, "-m", "docmill.cli.main", "ingest", str(file), "--json", *options]
    return subprocess.Popen(
        words, env={**os.environ, "DOCMILL_HOME": str(home), "PYTHONPATH": str(ROOT)}, start_new_session=True, stdout=subprocess.PIPE
    )


def count(home: Path, pattern: str) -> int:
    """Files below home's store that match."""
    return sum(1 for _ in home.rglob(pattern))


def kill_half_way(process: subprocess.Popen[bytes], home: Path, pages: int) -> int:
    """SIGKILL to the whole session when half of the pages have words; the number of pages that have."""
    end = time.monotonic() + ENDS_S
    while time.monotonic() < end and process.poll() is None and count(home, "private/*/read/*/*.json") < pages // 2:
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = count(home, "private/*/read/*/*.json")
    time.sleep(LEASE_S)  # so long the ledger believes in a run that does not answer
    return done


def ingest(file: Path, home: Path, options: list[str]) -> None:
    """One whole run with its peaks."""
    started = time.perf_counter()
    process = begin(file, home, options)
    with PeakMemory(process.pid) as memory:
        told, _ = process.communicate(timeout=ENDS_S)
    print(f"exit {process.returncode} in {time.perf_counter() - started:.0f} s; peak resident: {memory.told()}")
    print(f"report: {told.decode()[:900]}")


def main() -> None:
    """Print what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--scan-every", type=int, default=0)
    for flag in ("--personal", "--index", "--kill", "--change"):
        parser.add_argument(flag, action="store_true")
    asked, options = parser.parse_known_args()
    options += [] if asked.index else ["--no-index"]
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory(prefix="docmill-bench-") as folder:
        home, file = Path(folder) / "home", Path(folder) / "huge.pdf"
        huge_pdf(file, asked.pages, asked.scan_every, has_addresses=asked.personal)
        print(f"{asked.pages} pages, {file.stat().st_size / 1e6:.1f} MB")
        if asked.kill:
            done = kill_half_way(begin(file, home, options), home, asked.pages)
            print(f"killed with {done} pages read")
        ingest(file, home, options)
        begun = count(home, "private/*/journal/*/read-page-*/*.begun")
        print(f"pages begun: {begun} of {asked.pages}" + (f"; {begun - asked.pages} begun twice" if asked.kill else ""))
        if asked.change:
            change_one(file, Path(folder) / "changed.pdf")
            notes = count(home, "private/*/read/*/*.note")
            ingest(Path(folder) / "changed.pdf", home, options)
            print(f"after one page changed: {count(home, 'private/*/read/*/*.note') - notes} pages read again")


if __name__ == "__main__":
    main()
