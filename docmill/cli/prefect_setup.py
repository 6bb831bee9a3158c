"""Telling a Prefect server of docmill: work pool, blocks, deployments and automations. Doing it again changes nothing, also nothing that people changed."""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from docmill.cli.automations import make_automations
from docmill.cli.kept_deployments import deployments_kept
from docmill.cli.parts import LOOK_EVERY_S, START_S, ToldToEnd, running_part
from docmill.errors import ClusterLost

POOL = "docmill"
UPKEEP = "upkeep"
QUEUES = (UPKEEP, "purchases", "documents", "ai", "validation", "search", "notifications", "maintenance")
"""Work queues, first things first: a purchase never waits for a night's batch, housekeeping waits for everything.

What finds and mends (health, alarm, sweep) has a worker of its own: behind four nights it would wait for the very runs that it is to look after.
"""

_WORKER = ("prefect", "worker", "start", "--type", "process")
ANSWER_S = 30.0
BUSY_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)
PREFECT_FILE = Path(__file__).with_name("prefect.yaml")
"""In a checkout a link to the one at the root; in a wheel a copy."""


def set_up_prefect(environment: Mapping[str, str], logs: Path, stop: threading.Event, *, nightly_sources: Sequence[str] = ()) -> None:
    """Make the work pool, register the blocks, deploy prefect.yaml without undoing what people changed in Prefect, make the automations.

    Args:
        environment: with PREFECT_API_URL, and DOCMILL_WORKDIR for the deployments.
        logs: folder of the logs.
        stop: asks to leave off.
        nightly_sources: DOCMILL_NIGHTLY_SOURCES; without any, a nightly deployment that names none is not scheduled.

    Raises:
        ToldToEnd: `stop` was set.
        ClusterLost: Prefect's command line failed; the message names its log.
    """

    def prefect(name: str, *words: str) -> None:
        with running_part(f"setup {name}", ["-m", "prefect", *words], environment, logs) as part:
            end = time.monotonic() + START_S
            while part.process.poll() is None and time.monotonic() < end:
                if stop.wait(LOOK_EVERY_S):
                    raise ToldToEnd
            if part.process.poll() != 0:
                raise ClusterLost(f"the Prefect server did not take the {name}; {part.log} has what was said")

    prefect("work pool", "work-pool", "create", POOL, "--type", "process", "--overwrite")
    make_queues(environment["PREFECT_API_URL"])
    with ThreadPoolExecutor(1) as beside, deployments_kept(environment["PREFECT_API_URL"], POOL, nightly_sources):
        blocks = beside.submit(prefect, "blocks", "block", "register", "-m", "blocks")
        prefect("deployments", "--no-prompt", "deploy", "--all", "--prefect-file", str(PREFECT_FILE))
        blocks.result()
    make_automations(environment["PREFECT_API_URL"])


def worker_words(runs_at_once: int | str, pool: str = POOL) -> list[str]:
    """The command, after the interpreter's `-m`, of the worker that does the work. Without a limit it would begin all that waits at once, in no order.

    The limit is the worker's and not the pool's: the pool would count runs that died with their worker until somebody found them.
    """
    queues = [word for queue in (*QUEUES, "default") if queue != UPKEEP for word in ("--work-queue", queue)]
    return [*_WORKER, "--pool", pool, "--limit", str(runs_at_once), *queues]


def upkeep_words(pool: str = POOL) -> list[str]:
    """The same of the worker for `UPKEEP`, which needs no limit: each of its deployments has one run at a time."""
    return [*_WORKER, "--pool", pool, "--work-queue", UPKEEP]


def make_queues(api_url: str, pool: str = POOL) -> None:
    """Make the pool's queues in the order of `QUEUES`; the server moves other queues behind them.

    Raises:
        ClusterLost: the server did not take them.
    """
    queues = f"{api_url.rstrip('/')}/work_pools/{pool}/queues"
    try:
        for priority, name in enumerate(QUEUES, 1):
            body = {"name": name, "priority": priority}
            answer = _asked("POST", queues, body)
            if answer.status_code == httpx.codes.CONFLICT:
                answer = _asked("PATCH", f"{queues}/{name}", body)
            answer.raise_for_status()
    except httpx.HTTPError as error:
        raise ClusterLost(f"the Prefect server did not take the work queues: {type(error).__name__}") from None


def run_by(api_url: str, command: str) -> None:
    """Let the pool's flow runs be started by a command in place of Prefect's own, unless a deployment names one itself.

    Raises:
        ClusterLost: the server did not take it.
    """
    pool = f"{api_url}/work_pools/{POOL}"
    try:
        template = _asked("GET", pool).raise_for_status().json()["base_job_template"]
        template["variables"]["properties"]["command"]["default"] = command
        _asked("PATCH", pool, {"base_job_template": template}).raise_for_status()
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise ClusterLost(f"the Prefect server did not take the command of flow runs: {type(error).__name__}") from None


def _asked(method: str, url: str, body: dict[str, object] | None = None) -> httpx.Response:
    """The server's answer. 503 means that its database is locked for a moment: then it is asked again, as Prefect's own client does."""
    answer = httpx.request(method, url, json=body, timeout=ANSWER_S)
    for pause_s in BUSY_PAUSES_S:
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(pause_s)
        answer = httpx.request(method, url, json=body, timeout=ANSWER_S)
    return answer
