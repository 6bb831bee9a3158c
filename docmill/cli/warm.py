"""The warm process of `docmill up`: it has Prefect and docmill's flows imported, forks a process for each ad-hoc flow run, and keeps the mill.

    python -m docmill.cli.warm

A flow process that starts cold needs 5-10 s before its first line. A fork of this one needs a tenth of a second and is in every other way the
process that Prefect's worker started (docmill/cli/warm_run.py stands for it there): environment, folder, streams, signals, exit code. This
process itself does nothing but fork, so one thread is all it has: locks of other threads would stay locked in the forks for ever.
"""

import gc
import importlib
import logging
import os
import runpy
import select
import signal
import socket
import struct
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from docmill.cell.kernel import die_with_parent
from docmill.cli.warm_run import WORD
from docmill.errors import DocmillError
from docmill.logs import start_logging
from docmill.services.milling.warm_mill import listen, serve_mill
from docmill.services.milling.warm_places import mill_socket, runs_socket
from docmill.services.milling.wear import WEAR
from docmill.services.running.rehearsal import rehearse
from docmill.settings import settings, take_environment

log = logging.getLogger(__name__)

IMPORTED: Final = ("prefect.flow_engine", "flows.ingest_documents", "lance_namespace_urllib3_client")
"""What forks find imported. Nothing that starts threads: LanceDB does, so of it only the 1 s of Python that comes before."""
GIVE_WAY: Final = 5
"""Niceness of all milling. A burst of 1,000 uploads beside milling on two cores was accepted with a p95 of 304 ms without it."""
MILL_AGAIN_S: Final = 2.0
ASK_S: Final = 2.0
REQUEST_BYTES: Final = 16
STREAMS: Final = 3
UCRED: Final = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class _Run:
    """A forked flow run and the connection to the one that stands for it."""

    pid: int
    connection: socket.socket


Task = Callable[[], object]
BeRun = Callable[[dict[str, str], str, list[int]], object]
BeMill = Callable[[socket.socket], object]


class Forker:
    """Forks. Whatever a fork is to do is returned by `serve`, so that nothing of this process's own is on its stack.

    Args:
        runs_at: where flow runs are asked for.
        mill_at: where the mill listens.
        be_run: what a fork for a flow run does, given environment, folder and standard streams of whoever asked.
        be_mill: what the mill does.
    """

    def __init__(self, runs_at: Path, mill_at: Path, *, be_run: BeRun, be_mill: BeMill) -> None:
        self._listener, self._mill_listener = listen(runs_at), listen(mill_at)
        self._be_run, self._be_mill = be_run, be_mill
        self._runs: dict[int, _Run] = {}
        self._mill_pid, self._mill_due_s = 0, 0.0
        self._woken, self._wake = socket.socketpair()  # a fork that ends wakes the wait below
        for end in (self._woken, self._wake):
            end.settimeout(0)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)

    def serve(self) -> Task:
        """Returns in forks only: with what the fork is to do."""
        while True:
            self._reap()
            if not self._mill_pid and time.monotonic() >= self._mill_due_s and (task := self._fork_mill()):
                return task
            for connection in self._ready():
                if connection is self._listener and (task := self._accept()):
                    return task

    def _ready(self) -> list[socket.socket]:
        """The listener when somebody connects; runs whose starter went away are killed here."""
        held = {run.connection: run for run in self._runs.values()}
        ready, _, _ = select.select([self._listener, self._woken, *held], [], [], MILL_AGAIN_S)
        if self._woken in ready:
            self._woken.recv(REQUEST_BYTES)
        for run in (held[one] for one in ready if one in held):
            os.kill(run.pid, signal.SIGKILL)  # not reaped yet, so the pid is its own
            os.waitpid(run.pid, 0)
            self._runs.pop(run.pid).connection.close()
        return [one for one in ready if one is self._listener]

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                if pid == self._mill_pid:
                    self._mill_pid, self._mill_due_s = 0, time.monotonic() + MILL_AGAIN_S
                elif run := self._runs.pop(pid, None):
                    with run.connection, suppress(OSError):
                        run.connection.send(WORD.pack(os.waitstatus_to_exitcode(status)))

    def _accept(self) -> Task | None:
        connection, _ = self._listener.accept()
        connection.settimeout(ASK_S)
        streams: list[int] = []
        with suppress(OSError):
            streams += socket.recv_fds(connection, REQUEST_BYTES, STREAMS)[1]
            starter, user, _ = UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size))
            if user == os.getuid() and len(streams) == STREAMS:
                environment, folder = _environment_of(starter), str(Path(f"/proc/{starter}/cwd").readlink())
                if (pid := os.fork()) == 0:
                    self._let_go(connection, self._mill_listener)
                    return lambda: self._be_run(environment, folder, streams)
                self._runs[pid] = _Run(pid, connection)
                connection.send(WORD.pack(pid))
        for stream in streams:
            os.close(stream)
        if all(run.connection is not connection for run in self._runs.values()):
            connection.close()
        return None

    def _fork_mill(self) -> Task | None:
        self._mill_pid = os.fork()
        if self._mill_pid:
            return None
        listener = self._mill_listener
        self._let_go()
        return lambda: self._be_mill(listener)

    def _let_go(self, *others: socket.socket) -> None:
        """In a fork: leave everything of the forker's own."""
        die_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for connection in (self._listener, self._woken, self._wake, *(run.connection for run in self._runs.values()), *others):
            connection.close()


def _environment_of(pid: int) -> dict[str, str]:
    pairs = (pair.partition(b"=") for pair in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if b"=" in pair)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


def become_run(environment: dict[str, str], folder: str, streams: list[int]) -> None:
    """Be the process that a worker started for a flow run."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    take_environment(environment)
    from prefect.context import refresh_global_settings_context  # noqa: PLC0415 - imported before the fork

    refresh_global_settings_context()
    sys.argv = ["prefect.engine"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # runpy: the module is imported already
        runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


def become_mill(listener: socket.socket) -> NoReturn:
    """Be the mill."""
    start_logging(settings())
    serve_mill(listener, _prepare, is_over=lambda: WEAR.is_worn)
    raise SystemExit(1)


def _prepare() -> None:
    try:
        rehearse(settings())
    except DocmillError as error:  # the first documents will say the same, with more to it
        log.warning("the mill is not warm: %s", error.code)


def main() -> None:
    """Import, listen, fork. Milling gives way to the gateway and Prefect's server, who answer people, and nothing is lost on an idle machine."""
    os.nice(GIVE_WAY)
    found = settings()
    for name in IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # so that the forks' collections do not copy what they share
    Forker(runs_socket(found.home), mill_socket(found.home), be_run=become_run, be_mill=become_mill).serve()()


if __name__ == "__main__":
    main()
