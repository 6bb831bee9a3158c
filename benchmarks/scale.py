"""Scale: documents per second, bytes per document and memory of every process over 1k, 10k, 100k tiny documents, with PostgreSQL.

    python benchmarks/scale.py [--sizes 1000,10000]

As benchmarks/orchestration.py (no-op stages, everything else real), with ledger and Prefect in PostgreSQL and a look at memory every second.
Growth per 1,000 documents is taken between a tenth of a run and its end: what comes before is warming up. Every size is of documents that no size
before it has milled. Of PostgreSQL's processes only what each has for itself is counted: all of them map the same buffers.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Self

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "deployments"), str(Path(__file__).parent), str(ROOT)]

if TYPE_CHECKING:
    from collections.abc import Mapping


WARM_LOOKS = 10
LEDGER = "PostgreSQL"


class Memory:
    """Resident MB of processes, looked at every second."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids, self._seen = dict(pids), {name: [] for name in pids}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        import psutil

        while not self._over.wait(1.0):
            for name, pid in self._pids.items():
                with contextlib.suppress(psutil.Error):
                    top = psutil.Process(pid)
                    # the servers are children of this process, and counted by themselves
                    alike = [top] if pid == os.getpid() else [top, *top.children(recursive=True)]
                    sizes = [p.memory_info() for p in alike]
                    self._seen[name].append(sum(one.rss - (one.shared if name == LEDGER else 0) for one in sizes) / 1e6)

    def growth(self, documents: int) -> dict[str, float]:
        """MB per 1,000 documents between a tenth of the looks and the last."""
        found = {}
        for name, seen in self._seen.items():
            if len(seen) > WARM_LOOKS:
                found[name] = (seen[-1] - seen[len(seen) // WARM_LOOKS]) / (0.9 * documents / 1000)
        return found

    def peak(self) -> dict[str, float]:
        """Highest MB."""
        return {name: max(seen, default=0.0) for name, seen in self._seen.items()}


def database_bytes(url: str, name: str) -> int:
    """Size of a PostgreSQL database."""
    import sqlalchemy as sa

    engine = sa.create_engine(f"postgresql+pg8000://{url}/postgres")
    with engine.connect() as conn:
        size = conn.execute(sa.text("SELECT pg_database_size(:name)"), {"name": name}).scalar_one()
    engine.dispose()
    return int(size)


def measure(count: int, home: Path, url: str, pids: dict[str, int], *, first: int) -> dict[str, float]:
    """Mill `count` tiny documents, numbered from `first` on so that none was milled before, and say what it cost."""
    from docmill.cli.rooms import room
    from docmill.services.intake import take_in
    from docmill.services.samples import write_tiny
    from docmill.services.sources import files_of
    from docmill.settings import settings
    from docmill.values.options import MillOptions
    from flows.ingest_documents import ingest_documents

    folder = home / f"documents-{count}"
    write_tiny(folder, count, first=first)
    before = {name: database_bytes(url, name) for name in ("docmill", "prefect")}
    started = time.perf_counter()
    with room() as opened:
        batch_id = take_in(opened, files_of([str(folder)], settings()), MillOptions(index=False))[0]
    registered, cpu = time.perf_counter(), time.process_time()
    with Memory({"flow": os.getpid(), **pids}) as memory:
        counts = ingest_documents(batch_id=batch_id)
    ended = time.perf_counter()
    assert counts["completed"] == count, counts
    time.sleep(10)  # Prefect's server writes events after the run has ended
    after = {name: database_bytes(url, name) for name in ("docmill", "prefect")}
    row = {
        "documents": count,
        "register_s": registered - started,
        "mill_s": ended - registered,
        "documents/s": count / (ended - started),
        "flow CPU ms": (time.process_time() - cpu) / count * 1000,
        "ledger kB": (after["docmill"] - before["docmill"]) / count / 1000,
        "Prefect kB": (after["prefect"] - before["prefect"]) / count / 1000,
        **{f"{name} MB": value for name, value in memory.peak().items()},
        **{f"{name} MB/1k": value for name, value in memory.growth(count).items()},
    }
    print(json.dumps(row), file=sys.stderr, flush=True)  # a run that is stopped keeps the sizes it has done
    return row


def main() -> None:
    """Run the sizes one after another on one set of servers."""
    import psutil
    from orchestration import child, free_port, ratio, wait_for
    from up_cluster import make_databases, postgres

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000")
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    with tempfile.TemporaryDirectory(prefix="docmill-scale-") as folder, contextlib.ExitStack() as parts:
        home, ports = Path(folder), [free_port() for _ in range(3)]
        url, api, address = f"docmill@127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}/api", f"tcp://127.0.0.1:{ports[2]}"
        env = {
            "DOCMILL_HOME": str(home / "home"),
            "DOCMILL_LEDGER_URL": f"postgresql+pg8000://{url}/docmill",
            "DOCMILL_DASK_ADDRESS": address,
            "PREFECT_HOME": str(home / "prefect"),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://{url}/prefect",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_API_URL": api,
            "PREFECT_LOGGING_LEVEL": "ERROR",
            "DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "20",  # as up_cluster.py and the manifests set it
            "PYTHONPATH": str(ROOT),
        }
        os.environ.update(env)
        parts.enter_context(postgres(home, ports[0], home))
        make_databases(url)
        parts.enter_context(child("-m", "docmill.cli.main", "db", "upgrade", env=env)).wait(120)
        server = parts.enter_context(child("-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(ports[1]), env=env))
        words = ["--host", "127.0.0.1", "--no-dashboard"]
        scheduler = parts.enter_context(child("-m", "distributed.cli.dask_scheduler", "--port", str(ports[2]), *words, env=env))
        words += ["--nthreads", "1", "--preload", str(Path(__file__).with_name("noop_preload.py"))]
        workers = [parts.enter_context(child("-m", "distributed.cli.dask_worker", address, *words, env=env)) for _ in range(2)]
        wait_for(f"{api}/health")
        pids = {"server": server.pid, "scheduler": scheduler.pid, "worker 1": workers[0].pid, "worker 2": workers[1].pid}
        pids[LEDGER] = next(one.pid for one in psutil.Process().children() if one.name() == "postgres")
        rows = [measure(size, home, url, pids, first=sum(sizes[:at])) for at, size in enumerate(sizes)]
    for name in rows[0]:
        print(f"{name:>18} " + " ".join(f"{row.get(name, float('nan')):>12.2f}" for row in rows))
    for less, more in pairwise(rows):
        print(f"milling seconds per document, {more['documents']:.0f} against {less['documents']:.0f}: x{ratio([less, more]):.2f}")


if __name__ == "__main__":
    main()
