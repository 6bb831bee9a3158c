"""A Dask scheduler and workers as processes of their own, on 127.0.0.1 and free ports, for tests that kill, stop and restart them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
from shard_documents import gone, until

ROOT = Path(__file__).parents[2]
PRELOAD = Path(__file__).parent / "fault_preload.py"


class DaskServers:
    """One scheduler and its workers, one thread each. Everything is ended by pid on leaving; what is left then fails the test.

    Args:
        folder: for logs, the scheduler's address file, the workers' local files.
        workers: how many.
        faults: what fault_preload.py makes of the workers.
        config: Dask configuration of all processes, "distributed.scheduler.worker-ttl" -> value.
        environment: further variables for the workers.
        nanny: whether workers run under nannies, which restart them when they die, and kill and restart those that stand still.
    """

    def __init__(self, folder, *, workers=2, faults=None, config=None, environment=None, nanny=True):
        self.folder = folder
        self._count, self._faults, self._nanny = workers, faults, nanny
        self._env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), **_config_environment(config or {})}
        self._worker_env = {**(environment or {}), **({"DOCMILL_TEST_FAULTS": json.dumps(faults)} if faults else {})}
        self.scheduler = None
        self.workers = []
        self.address = ""

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start_scheduler()
        for _ in range(self._count):
            self.start_worker()
        return self

    def __exit__(self, *ignored):
        processes = [p for p in (self.scheduler, *self.workers) if p is not None]
        trees = [d for p in processes for d in self._tree(p)]
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait(10)
        # workers die with their nannies, cells with their workers
        left = gone([p for p in trees if p.pid not in {q.pid for q in processes}], 10)
        assert left == [], "processes were left behind"

    def start_scheduler(self):
        file = self.folder / "scheduler.json"
        file.unlink(missing_ok=True)
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        self.address = json.loads(until(lambda: file.exists() and file.read_text(), 60, "the scheduler is up"))["address"]

    def start_worker(self):
        preload = ["--preload", str(PRELOAD)] if self._faults else []
        options = ["--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(self.folder)]
        options += [] if self._nanny else ["--no-nanny"]
        worker = self._start("worker", self.address, *options, *preload, **self._worker_env)
        self.workers.append(worker)
        return worker

    def _start(self, kind, *arguments, **environment):
        log = (self.folder / f"{kind}-{len(self.workers)}.log").open("wb")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments],
                env={**self._env, **environment},
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )

    @staticmethod
    def _tree(process):
        with contextlib.suppress(psutil.NoSuchProcess):
            top = psutil.Process(process.pid)
            return [top, *top.children(recursive=True)]
        return []


def _config_environment(config):
    config = {"distributed.scheduler.allowed-failures": 10, **config}
    return {f"DASK_{name.replace('.', '__').replace('-', '_').upper()}": str(value) for name, value in config.items()}
