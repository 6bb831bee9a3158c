"""Keeps one part of the embedded set: nothing of it stays behind, however it, `docmill up` or this process's parent ends.

    python -m docmill.cli.keeper COMMAND...        with a pipe as standard input that its parent holds open

The pipe's end tells that the parent is gone, also after kill -9. Being subreaper, the keeper becomes the parent of everything the part
leaves behind, in whatever session, and ends that too. Should the keeper itself be killed, `docmill up` is the next subreaper above it.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import psutil

from docmill.cell.kernel import adopt_orphans

LOOK_EVERY_S = 0.3
POLITE_S = 8.0
"""How long the part may take to end in order: a Prefect worker first ends the flow runs that it started."""
KILLED_S = 5.0


class _ToldToEnd(Exception):
    """A signal asked to end."""


def keep(command: Sequence[str]) -> int:
    """Run a command until it ends, the parent goes or a signal asks; then leave nothing. Returns its exit code, negative for a signal."""
    adopt_orphans()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _told)
    part = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    with contextlib.suppress(_ToldToEnd):
        while part.poll() is None and not _parent_is_gone():
            reap(part)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(ProcessLookupError):
        part.terminate()
    leave_nothing(POLITE_S)
    return part.wait()


def _told(_number: int, _frame: object) -> None:
    raise _ToldToEnd


def _parent_is_gone() -> bool:
    readable, _, _ = select.select([sys.stdin.fileno()], [], [], LOOK_EVERY_S)
    return bool(readable) and not os.read(sys.stdin.fileno(), 1)


def reap(*others: "subprocess.Popen[bytes]") -> None:
    """Collect adopted orphans that have ended; children that somebody else waits for are left to him."""
    known = {process.pid for process in others}
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in known:
            os.waitpid(ended.si_pid, 0)


def leave_nothing(patience_s: float) -> None:
    """Wait for all descendants to end, kill those that have not after `patience_s`, and reap them all."""
    _, alive = psutil.wait_procs(_descendants(), timeout=patience_s)
    end = time.monotonic() + KILLED_S
    while (alive := _descendants()) and time.monotonic() < end:
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=1)
        reap()


def _descendants() -> list[psutil.Process]:
    return [p for p in psutil.Process().children(recursive=True) if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1:]))
