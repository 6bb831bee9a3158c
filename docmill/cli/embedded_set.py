"""The embedded set: Prefect server, gateway, warm process and worker, started and ended with `docmill up`."""

import contextlib
import shlex
import signal
import sys
import threading
from functools import partial
from pathlib import Path

import httpx
import typer

from docmill.cell.kernel import adopt_orphans
from docmill.cli.embedded import noted, sole_set
from docmill.cli.keeper import leave_nothing
from docmill.cli.parts import HOST, Part, ToldToEnd, free_port, looks, running_part
from docmill.cli.prefect_settings import prefect_environment
from docmill.cli.prefect_setup import run_by, set_up_prefect, upkeep_words, worker_words
from docmill.cli.rooms import room
from docmill.cli.tending import tend
from docmill.services.milling.warm_places import runs_socket
from docmill.settings import Settings
from docmill.storage.objects.spec import gateway_address_file

SERVER, GATEWAY, WARM, WORKER, UPKEEP = "Prefect server", "gateway", "warm process", "Prefect worker", "upkeep worker"
ANSWER_S = 2.0
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""A process that forks must have no other threads; numeric libraries start theirs while they are imported."""


def run_embedded_set(found: Settings) -> None:
    """Start everything, print where to look, wait for Ctrl-C or SIGTERM, end everything.

    Raises:
        Conflict: a set of this home runs already.
        ClusterLost: a part did not start within three minutes, or ended by itself too often; the message names it and its log.
    """
    with room():
        pass  # makes the ledger of a fresh home, refuses an outdated one
    stop = threading.Event()
    with sole_set(found):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: stop.set())
        adopt_orphans()  # what a killed keeper leaves comes to us
        try:
            _run(found, stop)
        except ToldToEnd:
            pass
        finally:
            leave_nothing()


def _run(found: Settings, stop: threading.Event) -> None:
    port = free_port(found.prefect_port)
    api_url = f"http://{HOST}:{port}/api"
    environment = prefect_environment(
        found,
        PREFECT_API_URL=api_url,
        PREFECT_SERVER_UI_API_URL=api_url,
        PREFECT_WORKER_QUERY_SECONDS="2",
        PREFECT_LOGGING_LOGGERS_PREFECT_FLOW_RUNS_LEVEL="INFO",  # of the runs alone: they are what the UI shows
    )
    environment |= {"DOCMILL_HOME": str(found.home.absolute()), "DOCMILL_WORKDIR": str(Path.cwd())}
    logs = found.home.absolute() / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    gateway_address_file(found).unlink(missing_ok=True)
    typer.echo("Starting; the first time this takes a minute.")
    # left in the opposite order: the worker tells the server what became of its runs
    with contextlib.ExitStack() as held:

        def start(name: str, *, again: bool = False) -> Part:
            words, more = _command(name, port, found.runs_at_once)
            part = held.enter_context(running_part(name, words, environment | more, logs, again=again))
            if name == SERVER:
                _wait_healthy(f"{api_url}/health", part, stop)
            return part

        parts = {GATEWAY: start(GATEWAY), SERVER: start(SERVER)}
        set_up_prefect(environment, logs, stop, nightly_sources=found.nightly_sources)
        run_by(api_url, shlex.join([sys.executable, "-m", "docmill.cli.warm_run", str(runs_socket(found.home))]))
        gateway_url = _gateway_url(found, parts[GATEWAY], stop)
        parts |= {name: start(name) for name in (WARM, WORKER, UPKEEP)}
        held.enter_context(noted(found, api_url, gateway_url))
        where = {"Prefect UI": api_url.removesuffix("/api"), "Gateway": gateway_url, "Files": found.home.absolute(), "Logs": logs}
        for name, place in where.items():
            typer.echo(f"{name:<12} {place}")
        typer.echo("Ctrl-C ends all of it.")
        tend(parts, {name: partial(start, name, again=True) for name in (SERVER, WARM, WORKER, UPKEEP)}, stop)


def _command(name: str, port: int, runs_at_once: int) -> tuple[list[str], dict[str, str]]:
    """The words after the interpreter, and what is added to the environment."""
    if name == SERVER:
        return ["-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)], {}
    if name == GATEWAY:
        return ["-m", "docmill.cli.main", "serve"], {}
    if name == WARM:
        return ["-m", "docmill.cli.warm"], dict(ONE_THREAD)
    return ["-m", *(worker_words(runs_at_once) if name == WORKER else upkeep_words())], {}


def _wait_healthy(url: str, part: Part, stop: threading.Event) -> None:
    for _ in looks(part, stop):
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=ANSWER_S).is_success:
                return


def _gateway_url(found: Settings, gateway: Part, stop: threading.Event) -> str:
    """Where the gateway answers: it takes the next free port by itself and notes which."""
    for _ in looks(gateway, stop):
        with contextlib.suppress(OSError, httpx.HTTPError):
            url = gateway_address_file(found).read_text(encoding="ascii").strip()
            if url and httpx.get(f"{url}/livez", timeout=ANSWER_S).is_success:
                return url
    raise ToldToEnd
