"""Uploads per second and flow runs per upload, against a running `docmill up`.

    docmill up                                             # in another terminal
    python benchmarks/uploads.py http://127.0.0.1:8000 --count 1000 --seconds 120

Sends one-page digital PDFs with distinct bytes at an even pace, waits until all are final, and prints one JSON line: the time to accept (p50, p95), the time to
the last end, outcomes, and how many flow runs it took by the ledger's `attempts`. With --adhoc N it measures single uploads on an idle queue instead.
"""

import argparse
import json
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from docmill.client import Client
from docmill.services.samples.bulk import write_tiny

POLL_S = 0.2


def percentile(values: list[float], share: float) -> float:
    """The value below which this share lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def unique_pdfs(folder: Path, count: int) -> list[bytes]:
    """PDFs that no run of this benchmark has sent before."""
    stamp = f"\n% {time.time_ns()}\n".encode()
    return [path.read_bytes() + stamp for path in write_tiny(folder, count, kind="pdf")]


def send(client: httpx.Client, number: int, data: bytes, at_s: float) -> tuple[float, int, str | None]:
    """(seconds, status, task) of one upload that is sent at its time."""
    time.sleep(max(0.0, at_s - time.monotonic()))
    begun = time.monotonic()
    answer = client.post("/api/v1/upload/async/", files={"file": (f"{number}.pdf", data, "application/pdf")}, data={"tags": "benchmark"})
    return time.monotonic() - begun, answer.status_code, answer.json().get("task_id")


def burst(url: str, count: int, seconds: float) -> dict[str, object]:
    """Many uploads at an even pace."""
    with tempfile.TemporaryDirectory() as folder, httpx.Client(base_url=url, timeout=60) as client, ThreadPoolExecutor(8) as pool:
        documents = unique_pdfs(Path(folder), count)
        begun = time.monotonic()
        sent = [pool.submit(send, client, n, data, begun + n * seconds / count) for n, data in enumerate(documents)]
        answers = [future.result() for future in sent]
        accepted_s = time.monotonic() - begun
        tasks = {task for _, status, task in answers if status == httpx.codes.ACCEPTED and task}
        outcomes = wait_final(client, tasks)
    took = [s for s, _, _ in answers]
    return {
        "uploads": count,
        "accepted": len(tasks),
        "accept_p50_ms": round(1000 * statistics.median(took)),
        "accept_p95_ms": round(1000 * percentile(took, 0.95)),
        "all_sent_s": round(accepted_s, 1),
        "all_final_s": round(time.monotonic() - begun, 1),
        "outcomes": outcomes,
    }


def wait_final(client: httpx.Client, tasks: set[str]) -> dict[str, int]:
    """Outcomes of the tasks once all are final."""
    open_states = ("pending", "processing")
    while any(
        client.get("/api/v1/upload/tasks/", params={"status": s, "tag": "benchmark", "limit": 1}).json()["tasks"] for s in open_states
    ):
        time.sleep(1)
    outcomes: dict[str, int] = {}
    for task in tasks:
        outcome = client.get(f"/api/v1/upload/status/{task}/").json()["outcome"]
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return outcomes


def adhoc(url: str, count: int) -> dict[str, object]:
    """Single uploads on an idle queue, POST to completed."""
    took, waited = [], []
    with tempfile.TemporaryDirectory() as folder, Client(url) as client:
        for number, data in enumerate(unique_pdfs(Path(folder), count)):
            path = Path(folder) / f"adhoc-{number}.pdf"
            path.write_bytes(data)
            begun = time.monotonic()
            started: list[float] = []
            task = client.submit(path, tags=["benchmark"])
            client.wait(
                task.task_id, poll_s=POLL_S, on_progress=lambda t, s=started: s.append(time.monotonic()) if t.status != "pending" else None
            )
            took.append(time.monotonic() - begun)
            waited.append(started[0] - begun)
    return {
        "adhoc": count,
        "p50_s": round(statistics.median(took), 1),
        "p95_s": round(percentile(took, 0.95), 1),
        "until_running_p50_s": round(statistics.median(waited), 1),
    }


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--adhoc", type=int, default=0)
    given = parser.parse_args()
    print(json.dumps(adhoc(given.url, given.adhoc) if given.adhoc else burst(given.url, given.count, given.seconds)))


if __name__ == "__main__":
    main()
