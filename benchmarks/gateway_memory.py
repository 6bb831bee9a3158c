"""Memory of a gateway that takes in thousands of files: `python benchmarks/gateway_memory.py [--thousands 4]`.

Starts `docmill serve` in a scratch home, with nothing beside it that mills, sends one-page digital PDFs with distinct bytes by eight clients as
fast as they are taken, and prints the gateway's resident memory before and after each thousand. What stays flat after the first ones does not leak.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
from uploads import MIB, unique_pdfs

ROOT = Path(__file__).parents[1]
START_S, TRIES = 60.0, 20


@contextlib.contextmanager
def gateway(home: Path) -> Iterator[tuple[psutil.Process, str]]:
    """A running `docmill serve` and its address."""
    env = {**os.environ, "DOCMILL_HOME": str(home), "DOCMILL_GATEWAY_PORT": "0", "PYTHONPATH": str(ROOT)}
    said = home / "serve.out"
    with said.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "docmill.cli.main", "serve"], env=env, stdout=out, stderr=out)
    try:
        end = time.monotonic() + START_S
        while not (found := [word for word in said.read_text().split() if word.startswith("http://127.0.0.1:")]):
            if process.poll() is not None or time.monotonic() > end:
                sys.exit(f"the gateway did not start:\n{said.read_text()}")
            time.sleep(0.3)
        yield psutil.Process(process.pid), found[0]
    finally:
        process.terminate()
        process.wait(30)


def sent(client: httpx.Client, data: bytes) -> int:
    """The status of one upload; 429 is obeyed."""
    for _ in range(TRIES):
        answer = client.post("/api/v1/upload/async/", files={"file": ("one.pdf", data, "application/pdf")})
        if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            break
        time.sleep(float(answer.headers["Retry-After"]))
    return answer.status_code


def main() -> None:
    """Send and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thousands", type=int, default=4)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="docmill-bench-") as folder, gateway(Path(folder)) as (process, url):
        print(f"before: {process.memory_info().rss / MIB:.0f} MiB", flush=True)
        with httpx.Client(base_url=url, timeout=60) as client, ThreadPoolExecutor(8) as pool:
            for thousand in range(1, given.thousands + 1):
                with tempfile.TemporaryDirectory() as made:
                    documents = unique_pdfs(Path(made), 1000)
                begun = time.monotonic()
                statuses = Counter(pool.map(lambda data: sent(client, data), documents))
                took_s = time.monotonic() - begun
                print(f"after {thousand},000: {process.memory_info().rss / MIB:.0f} MiB, {dict(statuses)}, {took_s:.0f} s", flush=True)


if __name__ == "__main__":
    main()
