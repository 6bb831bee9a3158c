"""Uploads per second and flow runs per upload, against a running `docmill up`.

    docmill up                                             # in another terminal
    python benchmarks/uploads.py http://127.0.0.1:8000 --home .docmill --count 1000 --seconds 120
    python benchmarks/uploads.py http://127.0.0.1:8000 --home .docmill --adhoc 20

The first sends one-page digital PDFs with distinct bytes at an even pace, waits until all are final, and prints one JSON line: the time to accept
(p50, p95), the time to the last end, outcomes, and whether each of the promises was kept. With --home, the folder of that `docmill up`, also how
many flow runs it took, by the ledger's attempts, and the memory of all its processes (proportional set size, shared pages counted once): before,
the most, at the end, and the gateway's own, which has to stay flat. The second measures single uploads on an idle queue and, with --home, the
parts: waiting for the run to claim the task, work, and each stage's share.
"""

import argparse
import contextlib
import json
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import sqlalchemy as sa

from docmill.client import Client
from docmill.services.samples.bulk import write_tiny
from docmill.services.stack_note import running_stack
from docmill.settings import Settings
from docmill.storage.ledger import open_ledger
from docmill.storage.ledger.tables_jobs import ATTEMPTS, JOBS

POLL_S = 0.2
MEMORY_EVERY_S = 5.0
MIB = 1024 * 1024
P95_MS, MOST_RUNS, FINAL_S = 300, 50, 900


def percentile(values: list[float], share: float) -> float:
    """The value below which this share lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def unique_pdfs(folder: Path, count: int) -> list[bytes]:
    """PDFs that no run of this benchmark has sent before."""
    stamp = f"\n% {time.time_ns()}\n".encode()
    return [path.read_bytes() + stamp for path in write_tiny(folder, count, kind="pdf")]


class Memory(threading.Thread):
    """Looks every few seconds at the memory of the embedded set of a home, in MiB: all processes, and the gateway alone."""

    def __init__(self, home: Path) -> None:
        super().__init__(daemon=True)
        stack = running_stack(Settings(home=home))
        if stack is None:
            raise SystemExit(f"no `docmill up` runs for {home}")
        self._root, self._over = psutil.Process(stack.pid), threading.Event()
        self.seen: list[tuple[float, float]] = []

    def run(self) -> None:
        """Until `end`."""
        while not self._over.wait(MEMORY_EVERY_S if self.seen else 0):
            whole = gateway = 0.0
            for process in [self._root, *self._root.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    pss = process.memory_full_info().pss / MIB
                    whole += pss
                    gateway += pss if process.cmdline()[-2:] == ["docmill.cli.main", "serve"] else 0
            self.seen.append((whole, gateway))

    def end(self) -> dict[str, int]:
        """What was seen."""
        self._over.set()
        self.join()
        whole, gateway = [w for w, _ in self.seen], [g for _, g in self.seen]
        names = ("memory_before_mib", "memory_most_mib", "memory_end_mib", "gateway_before_mib", "gateway_most_mib", "gateway_end_mib")
        return dict(zip(names, map(round, (whole[0], max(whole), whole[-1], gateway[0], max(gateway), gateway[-1])), strict=True))


def flow_runs(home: Path, tasks: set[str]) -> int:
    """How many flow runs worked on these tasks."""
    ledger = open_ledger(Settings(home=home).resolved_ledger_url)
    try:
        with ledger.reading() as conn:
            rows = conn.execute(sa.select(ATTEMPTS.c.job_id, ATTEMPTS.c.flow_run_id))
            return len({run for job, run in rows if job in tasks})
    finally:
        ledger.close()


def parts(home: Path, tasks: set[str]) -> dict[str, object]:
    """Medians: seconds from accepted to claimed, from claimed to ended, and of work by stage."""
    ledger = open_ledger(Settings(home=home).resolved_ledger_url)
    try:
        with ledger.reading() as conn:
            query = sa.select(JOBS.c.job_id, JOBS.c.accepted_at, JOBS.c.started_at, JOBS.c.finished_at, JOBS.c.stage_seconds)
            rows = [row for row in conn.execute(query) if row.job_id in tasks and row.finished_at and row.started_at]
    finally:
        ledger.close()
    stages = {name for row in rows for name in row.stage_seconds or {}}
    return {
        "accepted_to_claimed_p50_s": round(statistics.median((r.started_at - r.accepted_at).total_seconds() for r in rows), 2),
        "claimed_to_ended_p50_s": round(statistics.median((r.finished_at - r.started_at).total_seconds() for r in rows), 2),
        "stages_p50_s": {n: round(statistics.median((r.stage_seconds or {}).get(n, 0.0) for r in rows), 3) for n in sorted(stages)},
    }


def send(client: httpx.Client, number: int, data: bytes, at_s: float) -> tuple[float, int, str | None]:
    """(seconds, status, task) of one upload that is sent at its time."""
    time.sleep(max(0.0, at_s - time.monotonic()))
    begun = time.monotonic()
    answer = client.post("/api/v1/upload/async/", files={"file": (f"{number}.pdf", data, "application/pdf")}, data={"tags": "benchmark"})
    return time.monotonic() - begun, answer.status_code, answer.json().get("task_id")


def burst(url: str, count: int, seconds: float, home: Path | None) -> dict[str, object]:
    """Many uploads at an even pace."""
    memory = Memory(home) if home else None
    if memory:
        memory.start()
    with tempfile.TemporaryDirectory() as folder, httpx.Client(base_url=url, timeout=60) as client, ThreadPoolExecutor(16) as pool:
        documents = unique_pdfs(Path(folder), count)
        begun = time.monotonic()
        sent = [pool.submit(send, client, n, data, begun + n * seconds / count) for n, data in enumerate(documents)]
        answers = [future.result() for future in sent]
        accepted_s = time.monotonic() - begun
        tasks = {task for _, status, task in answers if status == httpx.codes.ACCEPTED and task}
        wait_final(client)
        final_s = time.monotonic() - begun
        outcomes = outcomes_of(client, tasks)
    took = [s for s, _, _ in answers]
    told: dict[str, object] = {
        "uploads": count,
        "accepted": len(tasks),
        "accept_p50_ms": round(1000 * statistics.median(took)),
        "accept_p95_ms": round(1000 * percentile(took, 0.95)),
        "all_sent_s": round(accepted_s, 1),
        "all_final_s": round(final_s, 1),
        "outcomes": outcomes,
    }
    kept = {"accepted": len(tasks) == count, "p95": 1000 * percentile(took, 0.95) < P95_MS, "final": final_s < FINAL_S}
    if home and memory:
        runs = flow_runs(home, tasks)
        told |= {"flow_runs": runs, **memory.end()}
        kept["runs"] = runs < MOST_RUNS
    return {**told, "kept": kept}


def wait_final(client: httpx.Client) -> None:
    """Wait until no task of this benchmark is open."""
    while any(
        client.get("/api/v1/upload/tasks/", params={"status": s, "tag": "benchmark", "limit": 1}).json()["tasks"]
        for s in ("pending", "processing")
    ):
        time.sleep(1)


def outcomes_of(client: httpx.Client, tasks: set[str]) -> dict[str, int]:
    """Outcome -> how many of the tasks have it."""
    outcomes: dict[str, int] = {}
    cursor: str | None = None
    while True:
        asked = {"tag": "benchmark", "limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/v1/upload/tasks/", params=asked).json()
        for task in page["tasks"]:
            if task["task_id"] in tasks:
                outcomes[task["outcome"]] = outcomes.get(task["outcome"], 0) + 1
        cursor = page["next_cursor"]
        if cursor is None:
            return outcomes


def adhoc(url: str, count: int, home: Path | None) -> dict[str, object]:
    """Single uploads on an idle queue, POST to completed."""
    took, posted, tasks = [], [], set()
    with tempfile.TemporaryDirectory() as folder, Client(url) as client:
        for number, data in enumerate(unique_pdfs(Path(folder), count)):
            path = Path(folder) / f"adhoc-{number}.pdf"
            path.write_bytes(data)
            begun = time.monotonic()
            task = client.submit(path, tags=["benchmark"])
            posted.append(time.monotonic() - begun)
            client.wait(task.task_id, poll_s=POLL_S)
            took.append(time.monotonic() - begun)
            tasks.add(task.task_id)
    told: dict[str, object] = {
        "adhoc": count,
        "p50_s": round(statistics.median(took), 2),
        "p95_s": round(percentile(took, 0.95), 2),
        "post_p50_s": round(statistics.median(posted), 3),
    }
    return told | (parts(home, tasks) if home else {})


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--adhoc", type=int, default=0)
    given = parser.parse_args()
    found = adhoc(given.url, given.adhoc, given.home) if given.adhoc else burst(given.url, given.count, given.seconds, given.home)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
