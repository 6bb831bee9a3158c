"""The cluster under test as processes: PostgreSQL, Prefect server and worker, Dask scheduler and two workers, gateway, dispatcher, warm process.

Started by pid, started again when one dies (as systemd or Kubernetes would), ended by pid. Which processes a part is stands here; what a fault does
to them stands in laying.py, how PostgreSQL is made in ledger_part.py, Prefect's deployment in deployment.py.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import laying
import points
import psutil
from deployment import deploy
from ledger_part import LedgerServer

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
AGAIN_S = 0.5


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Part:
    """One part: how it is started, how it is known to be well, and the process."""

    name: str
    words: list
    env: dict
    ready: object
    cwd: str
    process: object = None
    starts: int = 0
    died_at: float = 0.0
    before_start: object = None


@dataclass
class Cluster:
    """All parts. Use as a context manager.

    Args:
        folder: scratch; everything lives below it.
    """

    folder: Path
    parts: dict = field(default_factory=dict)
    limits: dict = field(default_factory=dict)

    def __post_init__(self):
        self.home, self.control = self.folder / "home", self.folder / "control"
        self.ports = {name: free_port() for name in ("postgres", "prefect", "dask", "gateway")}
        self.api = f"http://127.0.0.1:{self.ports['prefect']}/api"
        self.ledger = LedgerServer(self.ports["postgres"])
        self.ledger_url = self.ledger.url
        self.dask = f"tcp://127.0.0.1:{self.ports['dask']}"
        self._over = threading.Event()
        self._lock = threading.RLock()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    @property
    def environment(self):
        path = os.pathsep.join([str(ROOT), str(HERE), *(p for p in sys.path if p)])
        return {
            "DOCMILL_HOME": str(self.home),
            "DOCMILL_MATRIX": str(self.control),
            "DOCMILL_LEDGER_URL": self.ledger_url,
            "DOCMILL_DASK_ADDRESS": self.dask,
            "DOCMILL_PREFECT_API_URL": self.api,
            "DOCMILL_WEBHOOKS_TO_PRIVATE": "1",
            "DOCMILL_LEASE_LIMIT_S": "3",
            "DOCMILL_LEASE_RENEW_S": "0.5",
            "DOCMILL_RETRY_DELAY_S": "0.5",
            "DOCMILL_STALL_DEADLINE_S": "12",
            "DOCMILL_ITEM_TRIES": "4",
            "DOCMILL_PAGE_DEADLINE_S": "5",
            "DOCMILL_LOG_LEVEL": "INFO",
            "PREFECT_API_URL": self.api,
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "WARNING",
            "PREFECT_LOGGING_TO_API_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_CLIENT_MAX_RETRIES": "10",
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "10",
            "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "4s",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": path,
        }

    def __enter__(self):
        try:
            self._start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start_all(self):
        self.home.mkdir(mode=0o700, parents=True)
        self.control.mkdir()
        (self.folder / "logs").mkdir()
        os.environ.update(self.environment)
        points.CONTROL.folder = self.control
        env, python = self.environment, sys.executable
        self.ledger.prepare()
        dask = ["--host", "127.0.0.1", "--no-dashboard"]
        worker = [python, "-m", "distributed.cli.dask_worker", self.dask, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        worker += ["--host", "127.0.0.1", "--local-directory", str(self.folder / "dask"), "--preload", "worker_preload"]
        server = [python, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self.ports["prefect"])]
        scheduler = [python, "-m", "distributed.cli.dask_scheduler", "--port", str(self.ports["dask"]), *dask]
        self._add("ledger", self.ledger.words, {}, self.ledger.answers, before_start=self.ledger.clear)
        self._add("Prefect server", server, env, lambda: httpx.get(f"{self.api}/health", timeout=2).is_success)
        self._add("Dask scheduler", scheduler, env, lambda: self._listens("dask"))
        self.wait_ready("ledger")
        self.ledger.make_ledger()
        self._add("gateway", [python, str(HERE / "part.py"), "gateway", str(self.ports["gateway"])], env, self._gateway_answers)
        self._add("warm", [python, str(HERE / "part.py"), "warm"], env, self._warm_listens)
        self.wait_ready("Dask scheduler")
        for number in (1, 2):
            self._add(f"Dask worker {number}", worker, env, lambda: True)
        self.wait_ready("Prefect server")
        deploy(self.api, self.home, self.folder)
        work = [python, "-m", "prefect", "worker", "start", "--pool", "docmill", "--type", "process", "--name", "matrix"]
        self._add("Prefect worker", work, env, lambda: True)
        self._add("dispatcher", [python, str(HERE / "part.py"), "dispatcher"], env, lambda: True)
        self._keeper.start()
        self.wait_all()

    def __exit__(self, *ignored):
        self._over.set()
        if self._keeper.is_alive():
            self._keeper.join(10)
        order = [name for name in reversed(self.parts) if name != "ledger"] + ["ledger"]
        for name in order:
            part = self.parts.get(name)
            if part is not None and part.process is not None:
                self._end(part)
        self.ledger.remove()

    def _end(self, part):
        tree = self._tree(part.process.pid)
        for process in tree:
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGCONT)
                process.kill()
        part.process.wait(20)

    def _add(self, name, words, env, ready, *, before_start=None):
        part = Part(name, words, {**os.environ, **env}, ready, cwd="/" if name == "ledger" else str(self.folder), before_start=before_start)
        self.parts[name] = part
        self._start(part)

    def _start(self, part):
        if part.before_start:
            part.before_start()
        log = (self.folder / "logs" / f"{part.name.lower().replace(' ', '-')}.log").open("ab")
        with log:
            part.process = subprocess.Popen(part.words, env=part.env, cwd=part.cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        part.starts += 1
        part.died_at = 0.0

    def _keep(self):
        """Start again what died."""
        while not self._over.wait(0.1):
            with self._lock:
                for part in self.parts.values():
                    if part.process.poll() is None:
                        continue
                    part.died_at = part.died_at or time.monotonic()
                    if time.monotonic() - part.died_at > AGAIN_S:
                        self._start(part)

    def wait_ready(self, name, within_s=120):
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            with contextlib.suppress(Exception):
                if self.parts[name].ready():
                    return
            time.sleep(0.1)
        raise AssertionError(f"{name} is not up within {within_s} s; see {self.folder}/logs")

    def wait_all(self, within_s=120):
        for name in list(self.parts):
            self.wait_ready(name, within_s)
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            with contextlib.suppress(Exception):
                if self._workers_online() >= 2 and self._pool_is_ready():
                    return
            time.sleep(0.2)
        raise AssertionError("workers do not come back")

    def _workers_online(self):
        import asyncio

        from distributed.core import rpc

        async def ask():
            async with rpc(self.dask) as scheduler:
                return len((await scheduler.identity())["workers"])

        return asyncio.run(asyncio.wait_for(ask(), 5))

    def _pool_is_ready(self):
        answer = httpx.get(f"{self.api}/work_pools/docmill", timeout=5)
        return answer.is_success and answer.json()["status"] == "READY"

    # the others

    def _listens(self, name):
        with contextlib.closing(socket.create_connection(("127.0.0.1", self.ports[name]), 1)):
            return True

    def _gateway_answers(self):
        return httpx.get(f"http://127.0.0.1:{self.ports['gateway']}/livez", timeout=2).is_success

    def _warm_listens(self):
        from docmill.services.milling.warm_places import runs_socket

        return runs_socket(self.home).exists()

    # faults

    def _tree(self, pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            top = psutil.Process(pid)
            return [top, *top.children(recursive=True)]
        return []

    def pids_of(self, part, at_pid=None):
        """The processes that a fault on a part is laid on; `at_pid` is the one that is held at the point."""
        if part == "flow process":
            runs = [p.pid for p in self._tree(self.parts["warm"].process.pid)[1:]]
            return [at_pid] if at_pid in runs else runs
        if part == "Dask worker":
            both = [self.parts[f"Dask worker {n}"].process.pid for n in (1, 2)]
            return [at_pid] if at_pid in both else both[:1]
        if part == "OCR engine":
            trees = [p for n in (1, 2) for p in self._tree(self.parts[f"Dask worker {n}"].process.pid)]
            return [p.pid for p in trees if _name(p) == "tesseract" and at_pid in {None, p.pid}]
        pid = self.parts[part].process.pid
        return [p.pid for p in self._tree(pid)] if part in {"ledger", "Prefect server"} else [pid]

    def lay(self, part, kind, at_pid=None):
        """Lay a fault; returns the pids it was laid on and what heals it. It is in place when this returns, which is looked at."""
        if part == "store":
            points.CONTROL.set_store_fault(kind)
            return [], lambda: points.CONTROL.set_store_fault("")
        pids = self.pids_of(part, at_pid)
        if kind == "full":
            return pids, laying.fill(pids, lambda: self.pids_of(part) if part in self.parts else [])
        return pids, {"kill": laying.kill, "stop": laying.stop, "slow": laying.slow}[kind](pids)


def _name(process):
    with contextlib.suppress(psutil.Error):
        return process.name()
    return ""
