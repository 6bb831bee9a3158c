"""The embedded set: Prefect server, worker and gateway as child processes of `docmill up`, ended with it."""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import psutil
import typer

import docmill
from docmill.cli.embedded import forget_stack, note_stack
from docmill.cli.rooms import room
from docmill.errors import ClusterLost, EngineMissing
from docmill.settings import Settings, child_environment, prefect_environment

START_S = 180.0
STOP_S = 10.0
POOL = "docmill"
HOST = "127.0.0.1"


def free_port(first: int) -> int:
    """The first free TCP port on 127.0.0.1 from `first` on; 0 lets the system choose."""
    for port in (first, *range(first + 1, first + 200)) if first else (0,):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    raise ClusterLost(f"no free port from {first} on")


def run_embedded_set(found: Settings) -> None:
    """Start everything, print where to look, wait for Ctrl-C or SIGTERM, end everything.

    Raises:
        ClusterLost: a part did not start within three minutes or ended by itself.
    """
    with room():
        pass  # makes the ledger of a fresh home, refuses an outdated one
    port = free_port(found.prefect_port)
    api_url = f"http://{HOST}:{port}/api"
    environment = prefect_environment(found, PREFECT_API_URL=api_url, PREFECT_SERVER_UI_API_URL=api_url, PREFECT_WORKER_QUERY_SECONDS="2")
    environment |= {"DOCMILL_HOME": str(found.home.absolute()), "DOCMILL_WORKDIR": str(Path.cwd())}
    stop = _stop_on_signals()
    with contextlib.ExitStack() as parts:
        server = parts.enter_context(_child(["-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)], environment))
        _wait_healthy(f"{api_url}/health", server, stop)
        if stop.is_set():
            return
        _set_up_prefect(environment)
        gateway_port = free_port(found.gateway_port)
        gateway_url = f"http://{HOST}:{gateway_port}"
        children = [
            server,
            parts.enter_context(_child(["-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"], environment)),
            parts.enter_context(_child(["-m", "docmill.cli.main", "serve", "--port", str(gateway_port)], environment)),
        ]
        _wait_healthy(f"{gateway_url}/livez", children[-1], stop)
        note_stack(found, api_url, gateway_url)
        parts.callback(forget_stack, found)
        typer.echo(
            f"Prefect UI   http://{HOST}:{port}\nGateway      {gateway_url}\nFiles        {found.home.absolute()}\nCtrl-C ends all of it."
        )
        _wait_for_end(children, stop)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


@contextlib.contextmanager
def _child(words: Sequence[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A Python child in a session of its own (so that Ctrl-C reaches only us); it and all it started are ended on the way out."""
    process = subprocess.Popen(
        [sys.executable, *words],
        env=child_environment(**environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
        process.terminate()
        _, alive = psutil.wait_procs(family, timeout=STOP_S)
        for left in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                left.kill()
    process.wait(timeout=STOP_S)


def _wait_healthy(url: str, process: subprocess.Popen[bytes], stop: threading.Event) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and not stop.wait(0.3):
        if process.poll() is not None:
            raise ClusterLost("a part of the embedded set ended while it started")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2).is_success:
                return
    if not stop.is_set():
        raise ClusterLost(f"a part of the embedded set did not answer within {START_S:.0f} s")


def _set_up_prefect(environment: dict[str, str]) -> None:
    """Blocks, work pool and deployments; doing it again changes nothing."""
    prefect_file = _prefect_file()
    for words in (
        ["block", "register", "-m", "blocks"],
        ["work-pool", "create", POOL, "--type", "process", "--overwrite"],
        ["--no-prompt", "deploy", "--all", "--prefect-file", str(prefect_file)],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *words],
            env=child_environment(**environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=START_S,
            check=False,
        )
        if done.returncode:
            typer.echo(done.stderr.decode(errors="replace")[-2000:] + done.stdout.decode(errors="replace")[-2000:], err=True)
            raise EngineMissing(f"`prefect {words[0]}` ended with {done.returncode}")


def _prefect_file() -> Path:
    """The deployments: inside the wheel, or at the root of a checkout."""
    packaged = Path(__file__).parent / "prefect.yaml"
    return packaged if packaged.exists() else Path(docmill.__file__).parents[1] / "prefect.yaml"


def _wait_for_end(children: Sequence[subprocess.Popen[bytes]], stop: threading.Event) -> None:
    while not stop.wait(0.5):
        if any(child.poll() is not None for child in children):
            raise ClusterLost("a part of the embedded set ended by itself")
