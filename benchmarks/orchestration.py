"""Orchestration: documents per second with no-op stages, Prefect task runs and bytes per 1,000 documents, and how that grows.

    python benchmarks/orchestration.py [--sizes 1000,10000]

Everything but the stages' own work is real: a Prefect server, a Dask scheduler with two workers, ledger, object store, receipts, journal.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

START_S = 180


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def child(*words: str, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A Python child that ends with the block."""
    process = subprocess.Popen([sys.executable, *words], env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()


def wait_for(url: str) -> None:
    """Until a server answers."""
    import httpx

    end = time.monotonic() + START_S
    while time.monotonic() < end:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2).is_success:
                return
        time.sleep(0.3)
    raise SystemExit(f"no answer from {url}")


def size_of(folder: Path, pattern: str) -> int:
    """Bytes of all files that match."""
    return sum(path.stat().st_size for path in folder.rglob(pattern))


def measure(count: int, home: Path, api: str, *, first: int) -> dict[str, float]:
    """Mill `count` tiny documents, numbered from `first` on so that none was milled before, and say what it cost."""
    import httpx

    from docmill.cli.rooms import room
    from docmill.services.intake import take_in
    from docmill.services.samples import write_tiny
    from docmill.services.sources import files_of
    from docmill.settings import settings
    from docmill.values.options import MillOptions
    from flows.ingest_documents import ingest_documents

    folder = home / f"documents-{count}"
    write_tiny(folder, count, first=first)
    runs_before = httpx.post(f"{api}/task_runs/count", json={}).json()
    ledger_before, prefect_before = size_of(home, "ledger.db*"), size_of(home / "prefect", "prefect.db*")
    started = time.perf_counter()
    with room() as opened:
        batch_id = take_in(opened, files_of([str(folder)], settings()), MillOptions(index=False))[0]
    registered = time.perf_counter()
    cpu = time.process_time()
    counts = ingest_documents(batch_id=batch_id)
    ended = time.perf_counter()
    assert counts["completed"] == count, counts
    time.sleep(10)  # Prefect's server writes events after the run has ended
    return {
        "documents": count,
        "register_s": registered - started,
        "mill_s": ended - registered,
        "documents/s": count / (ended - started),
        "flow CPU s": time.process_time() - cpu,
        "task runs": (httpx.post(f"{api}/task_runs/count", json={}).json() - runs_before) / count * 1000,
        "ledger kB": (size_of(home, "ledger.db*") - ledger_before) / count,
        "Prefect kB": (size_of(home / "prefect", "prefect.db*") - prefect_before) / count,
        "flow MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Run the sizes one after another on one set of servers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,10000")
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory(prefix="docmill-bench-") as folder, contextlib.ExitStack() as parts:
        home, port, dask = Path(folder), free_port(), free_port()
        api, address = f"http://127.0.0.1:{port}/api", f"tcp://127.0.0.1:{dask}"
        env = {
            "DOCMILL_HOME": folder,
            "PREFECT_HOME": str(home / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PYTHONPATH": str(root),
        }
        env |= {"DOCMILL_DASK_ADDRESS": address, "PREFECT_API_URL": api, "PREFECT_LOGGING_LEVEL": "ERROR"}
        os.environ.update(env)
        sys.path.insert(0, str(root))
        parts.enter_context(child("-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), env=env))
        parts.enter_context(
            child("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(dask), "--no-dashboard", env=env)
        )
        for _ in range(2):
            words = ("--nthreads", "1", "--no-dashboard", "--preload", str(Path(__file__).with_name("noop_preload.py")))
            parts.enter_context(child("-m", "distributed.cli.dask_worker", address, *words, env=env))
        wait_for(f"{api}/health")
        rows = [measure(size, home, api, first=sum(sizes[:at])) for at, size in enumerate(sizes)]
    names = list(rows[0])
    print(" | ".join(f"{name:>12}" for name in names))
    for row in rows:
        print(" | ".join(f"{row[name]:>12.1f}" for name in names))
    print("task runs are per 1,000 documents, kB per document (MB per 1,000); starting the servers is not counted")
    if len(rows) > 1:
        print(f"time per document, largest against smallest: x{ratio(rows):.2f}")


def ratio(rows: list[dict[str, float]]) -> float:
    """Milling seconds per document of the last size against the first; 1.0 is linear."""
    return (rows[-1]["mill_s"] / rows[-1]["documents"]) / (rows[0]["mill_s"] / rows[0]["documents"])


if __name__ == "__main__":
    main()
