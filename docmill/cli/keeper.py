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
from collections.abc import Sequence

import psutil

from docmill.cell.kernel import adopt_orphans

LOOK_EVERY_S = 0.3
POLITE_S = 8.0
"""How long the part may take to end in order: a Prefect worker first ends the flow runs that it started."""
LEFT_S = 2.0
"""How long what it left may take, once asked and once killed."""


class _ToldToEnd(Exception):
    """A signal asked to end."""


def keep(command: Sequence[str]) -> int:
    """Run a command until it ends, the parent goes or a signal asks; then leave nothing. Returns its exit code, 128 + n for signal n."""
    adopt_orphans()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _told)
    part = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    with contextlib.suppress(_ToldToEnd):
        while part.poll() is None and not _parent_is_gone():
            reap(part)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    part.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        part.wait(timeout=POLITE_S)
    leave_nothing()
    code = part.wait()
    return code if code >= 0 else 128 - code


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


def leave_nothing() -> None:
    """End all descendants: ask them, then kill them and what they leave in turn, and reap."""
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):
        alive = _descendants()
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        psutil.wait_procs(alive, timeout=LEFT_S)
        reap()


def _descendants() -> list[psutil.Process]:
    return [p for p in psutil.Process().children(recursive=True) if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1:]))
