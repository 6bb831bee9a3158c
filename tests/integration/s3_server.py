"""Fixtures of an S3 server (moto) and an empty bucket of it. Loaded by `pytest_plugins`."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

START_LIMIT_S = 60


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """The address of a moto server; its buckets go with it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + START_LIMIT_S
        while True:
            try:
                httpx.get(url, timeout=5)
                break
            except httpx.HTTPError:
                assert server.poll() is None, "moto does not start"
                assert time.monotonic() < deadline, "moto does not start"
                time.sleep(0.1)
        yield url
    finally:
        server.kill()
        server.wait(timeout=30)


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket as an address, with the environment that leads there."""
    for name, value in (
        ("AWS_ENDPOINT_URL", s3_server),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    name = f"docmill-{time.time_ns()}"
    httpx.put(f"{s3_server}/{name}", headers={"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request"})
    return f"s3://{name}/index"
