"""A whole night: real documents, repeated with noise, through the deployment `nightly` on a real Prefect server, PostgreSQL and Dask workers.

    python benchmarks/night.py FOLDER... [--documents 2000] [--warm-up 200] [--minutes 600] [--keep SCRATCH]

Prints documents/s, how much memory each process gained per 1,000 documents after the warm-up (growth.py), and whether the batch's report agrees
with the ledger, the store and the sources. Ctrl-C, SIGTERM or `--minutes` end it early: then the figures are of what was done. With `--keep` the
copies and docmill's home stay in SCRATCH, and the same command goes on with what the last one left, as a late night does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from growth import Growth, table
from night_report import Night, told
from noisy_copies import sources_below, write_copies

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
START_S, LOOK_S, SAY_S = 300.0, 5.0, 60.0
DEPLOYMENT = "ingest-documents/nightly"
OVER = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class Places:
    """Where the set that was started answers."""

    pid: int
    prefect_api: str
    ledger_url: str


@contextlib.contextmanager
def cluster(scratch: Path, documents: Path) -> Iterator[Places]:
    """The set of `make up-cluster`: PostgreSQL, Prefect, Dask with two workers, gateway."""
    scratch.chmod(0o755)  # PostgreSQL does not run as root, and its user must come through
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL_", "PREFECT_"))}
    ours = {"DOCMILL_HOME": str(scratch / "home"), "DOCMILL_SOURCE_ROOTS": str(documents), "PYTHONPATH": str(ROOT)}
    ours |= {"DOCMILL_PREFECT_PORT": "0", "DOCMILL_GATEWAY_PORT": "0"}
    said = scratch / "up.out"
    words = [sys.executable, str(ROOT / "deployments" / "up_cluster.py")]
    with said.open("wb") as out:
        process = subprocess.Popen(
            words, cwd=scratch, env=kept | ours, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield _places(process, said)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(120)
        process.kill()


def _places(process: subprocess.Popen[bytes], said: Path) -> Places:
    end = time.monotonic() + START_S
    while "Ctrl-C" not in said.read_text():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"the set did not start:\n{said.read_text()}")
        time.sleep(0.3)
    named = {line[:12].strip(): line[12:].strip() for line in said.read_text().splitlines()}
    return Places(process.pid, f"{named['Prefect UI']}/api", f"postgresql+pg8000://docmill@{named['PostgreSQL']}/docmill")


def start_run(api: str, documents: Path) -> str:
    """A run of the deployment, as its schedule would make it; returns its id."""
    deployment = httpx.get(f"{api}/deployments/name/{DEPLOYMENT}", timeout=30).raise_for_status().json()["id"]
    wanted = {"deployments": {"id": {"any_": [deployment]}}, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    for run in httpx.post(f"{api}/flow_runs/filter", json=wanted, timeout=30).raise_for_status().json():
        if not run["auto_scheduled"]:  # asked for by a benchmark that was stopped before it began
            httpx.delete(f"{api}/flow_runs/{run['id']}", timeout=30)
    asked = {"parameters": {"sources": [str(documents)]}}
    return str(httpx.post(f"{api}/deployments/{deployment}/create_flow_run", json=asked, timeout=30).raise_for_status().json()["id"])


def state_of(api: str, run_id: str) -> str:
    """The state of a flow run; unknown when the server does not answer at once."""
    with contextlib.suppress(httpx.HTTPError):
        return str(httpx.get(f"{api}/flow_runs/{run_id}", timeout=10).raise_for_status().json()["state_type"])
    return "unknown"


def watch(places: Places, run_id: str, night: Night, growth: Growth, end: float, log: Path) -> str:
    """Look at the run and at all memory until the run is over or time is; returns the run's last state."""
    said = 0.0
    with log.open("a") as lines:
        while (state := state_of(places.prefect_api, run_id)) not in OVER and time.monotonic() < end:
            done = night.done()
            means = growth.look(done)
            lines.write(json.dumps({"at": round(time.time(), 1), "done": done, "mb": {k: round(v, 1) for k, v in means.items()}}) + "\n")
            lines.flush()
            if time.monotonic() - said > SAY_S:
                said = time.monotonic()
                print(f"{night.minutes():6.1f} min  {state.lower()}  {done} documents done", file=sys.stderr, flush=True)
            time.sleep(LOOK_S)
    return state


def run(scratch: Path, asked: argparse.Namespace) -> bool:
    """One night; returns whether it ended by itself and its report was right."""
    folder, state = scratch / "documents", "not started"
    sources = sources_below(asked.folders)
    if not sources:
        sys.exit("no documents there")
    copies = write_copies(sources, folder, asked.documents)
    print(f"{len(copies)} documents from {len(sources)}", file=sys.stderr, flush=True)
    with cluster(scratch, folder) as places:
        night, growth = Night(places.ledger_url, scratch / "home", copies), Growth(places.pid)
        end = time.monotonic() + 60 * asked.minutes
        try:
            state = watch(places, start_run(places.prefect_api, folder), night, growth, end, scratch / "memory.jsonl")
        except KeyboardInterrupt:
            state = "stopped"
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        is_over = state == "COMPLETED"
        print(told(night, state), flush=True)
        lines = growth.lines(asked.warm_up)
        print(table(lines) if lines else f"no figures of growth: too little was done after the first {asked.warm_up} documents", flush=True)
        wrong = night.wrong() if is_over else ["the night is not over"]
        print("report: " + ("; ".join(wrong) if wrong else "agrees with the ledger, the store and the sources"), flush=True)
    return is_over and not wrong


def main() -> int:
    """Read the command line; exit code 1 when the night did not end by itself or its report is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--warm-up", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=600)
    parser.add_argument("--keep", type=Path, help="A scratch folder that stays; PostgreSQL's user must be able to enter it.")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.path.insert(0, str(ROOT))
    with contextlib.ExitStack() as stack:
        made = asked.keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="docmill-night-", ignore_cleanup_errors=True))
        scratch = Path(made).absolute()
        scratch.mkdir(parents=True, exist_ok=True)
        return 0 if run(scratch, asked) else 1


if __name__ == "__main__":
    sys.exit(main())
