"""The guardian: waits for the end of the worker or of the server, then leaves nothing behind. See `child` for the reasons.

Belongs here: waiting, killing, reaping. Does not belong here: anything that touches a document or could block.
"""

import contextlib
import os
import select
import signal
import socket
import time

_TICK_MS = 1000
_NO_PIDFD_TICK_MS = 200
_CLEANING_LIMIT_S = 5.0
_STATE_FIELDS = 4  # state, parent, group, session: the fields of /proc/PID/stat after the name


class _ToldToEnd(Exception):
    """A signal asked the guardian to end."""


def guard(worker_pid: int, server_pid: int, life: socket.socket) -> None:
    """Wait, clean up, report the server's wait status as decimal text on `life`, exit. Never returns."""
    with contextlib.suppress(_ToldToEnd):
        _wait_for_an_end(worker_pid, server_pid, life)
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    status = _leave_nothing(server_pid)
    with contextlib.suppress(OSError):  # nobody listens when the worker is gone
        life.send(str(status).encode(), socket.MSG_DONTWAIT)
    os._exit(0)


def _wait_for_an_end(worker_pid: int, server_pid: int, life: socket.socket) -> None:
    """Return when the worker is gone, let go of `life`, or the server is dead (left unreaped)."""

    def told(_signum: int, _frame: object) -> None:
        raise _ToldToEnd

    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, told)
    poller = select.poll()
    poller.register(life, select.POLLIN)
    tick_ms = _TICK_MS
    for pid in (worker_pid, server_pid):
        try:
            poller.register(os.pidfd_open(pid), select.POLLIN)
        except OSError:  # no such call in this kernel or sandbox, or already gone: look often instead
            tick_ms = _NO_PIDFD_TICK_MS
    while not _server_ended(server_pid) and os.getppid() == worker_pid:
        for fd, _ in poller.poll(tick_ms):
            if fd == life.fileno():
                return


def _server_ended(server_pid: int) -> bool:
    """Whether the server is dead; orphans it left while it lives are reaped by the way."""
    while True:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None or ended.si_pid == server_pid:
            return ended is not None
        os.waitpid(ended.si_pid, 0)


def _leave_nothing(server_pid: int) -> int:
    """Kill and reap the server and all its descendants. Returns the server's wait status, -1 when it could not be had in time."""
    status = -1
    os.kill(server_pid, signal.SIGKILL)  # safe also when it is dead: it is not reaped yet, so its pid is its own
    end = time.monotonic() + _CLEANING_LIMIT_S
    while time.monotonic() < end:
        try:
            pid, its_status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break  # no child and, this being the subreaper, no descendant
        if pid == server_pid:
            status = its_status
        elif pid == 0:
            _kill_visible()
            time.sleep(0.002)
    return status


def _kill_visible() -> None:
    """Kill this process's children and everybody else in its session. Deeper ones become children when their parents are dead."""
    me = os.getpid()
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib costs the start 3 ms
        if not name.isdigit() or int(name) == me:
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - as above
                # the name in parentheses may hold spaces and parentheses itself
                _, parent, _, session = file.read().rpartition(b")")[2].split()[:_STATE_FIELDS]
            if me in (int(parent), int(session)):
                os.kill(int(name), signal.SIGKILL)
        except (OSError, ValueError):
            continue  # gone in the meantime
