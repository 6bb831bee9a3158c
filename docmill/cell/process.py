"""The worker's handle on one child process: start it, exchange frames with it, end it and all that it started.

Belongs here: processes, sockets, frames. Does not belong here: which verbs may run, counting, deadlines, the error tree (`cell`).
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import docmill
from docmill.cell import frames
from docmill.cell.answers import ChildBabbles
from docmill.cell.limits import CellLimits
from docmill.settings import scrubbed_environment

_END_WAIT_S = 2.0  # a few ms as a rule; a loaded machine must not cut the guardian short
_REAP_WAIT_S = 5.0
_STATUS_BYTES = 16
_BOOT = "import os,sys;sys.path[:]=sys.argv[1].split(os.pathsep);from docmill.cell.child import main;main()"


class ChildClosed(Exception):
    """The child closed its socket: it ended, or is about to."""


class ChildProcess:
    """One child: a guardian and a server, see `docmill.cell.child`. Belongs to one thread at a time; only `end` may be called from another.

    Args:
        limits: what it is allowed.

    Raises:
        OSError: the machine has no process or file descriptor left.
    """

    def __init__(self, limits: CellLimits) -> None:
        self._owner_pid = os.getpid()
        self._max_reply_bytes = limits.max_reply_bytes
        self._ending = threading.Lock()
        self._has_ended = False
        self._exit_code: int | None = None
        self.pid: int | None = None
        self.calls = 0
        self._data, data_end = socket.socketpair()
        self._life, life_end = socket.socketpair()
        with data_end, life_end:
            try:
                self._guardian = _popen(limits, data_end.fileno(), life_end.fileno())
            except OSError:
                self.release()
                raise

    @property
    def is_mine(self) -> bool:
        """Whether this process started it; False in a process that was forked later."""
        return os.getpid() == self._owner_pid

    @property
    def guardian_pid(self) -> int:
        """The guardian's pid: also the id of the child's session and process group."""
        return self._guardian.pid

    def greet(self, tick: Callable[[], float]) -> None:
        """Wait until the child is ready for requests.

        Args:
            tick: called before every wait; gives the longest wait in seconds until it is called again, and may raise.

        Raises:
            ChildClosed, ChildBabbles: it did not start.
        """
        pid = self._receive(tick).get("pid")
        if not isinstance(pid, int):
            raise ChildBabbles("a greeting without a pid")
        self.pid = pid

    @property
    def is_silent(self) -> bool:
        """Whether the child lives and has nothing to say, as it should between two requests."""
        self._data.settimeout(0)
        try:
            self._data.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def ask(self, verb: str, args: tuple[object, ...], limit_s: float, tick: Callable[[], float]) -> dict[str, object]:
        """One request and its answer, as `docmill.cell.server` describes them.

        Args:
            verb: "module:function", checked by the caller.
            args: JSON values.
            limit_s: after so many seconds the kernel ends the server.
            tick: as in `greet`.

        Raises:
            ChildClosed, ChildBabbles: no proper answer came.
            TypeError, ValueError: an argument is not JSON.
        """
        self.calls += 1
        frame = frames.encode({"id": self.calls, "verb": verb, "args": args, "limit_s": limit_s})
        try:
            frames.send(self._data, frame, tick)
        except OSError:
            raise ChildClosed from None
        answer = self._receive(tick)
        if answer.get("id") != self.calls:
            raise ChildBabbles("an answer to another request")
        return answer

    def _receive(self, tick: Callable[[], float]) -> dict[str, object]:
        try:
            answer = frames.receive(self._data, self._max_reply_bytes, tick)
        except frames.BadFrame as error:
            raise ChildBabbles(str(error)) from None
        except OSError:
            answer = None
        if answer is None:
            raise ChildClosed
        return answer

    def end(self, patience_s: float = 0.0) -> int | None:
        """End the child and everything it started. May be called again, and while another thread waits for an answer.

        Args:
            patience_s: how long a server that seems to be ending may take to do so in its own way, which is then reported.

        Returns:
            How the server ended: its exit code, or minus the signal that killed it; None when nobody could tell.
        """
        if not self.is_mine:
            return None
        with self._ending:
            if not self._has_ended:
                self._exit_code = _exit_code(self._report(patience_s) or self._dismiss())
                # the guardian is not reaped yet, so the group's id is still its own: this takes what a failed guardian left
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._guardian.pid, signal.SIGKILL)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._guardian.wait(_REAP_WAIT_S)
                self._has_ended = True
            return self._exit_code

    def _dismiss(self) -> bytes:
        """Let go of the life socket, which makes the guardian clean up, and give its report."""
        with contextlib.suppress(OSError):
            self._life.shutdown(socket.SHUT_WR)
        return self._report(_END_WAIT_S)

    def _report(self, wait_s: float) -> bytes:
        """What the guardian says when it is done, which it is when it closes its socket; empty when that took too long."""
        report, end = b"", time.monotonic() + wait_s
        while (left := end - time.monotonic()) > 0:
            self._life.settimeout(left)
            try:
                part = self._life.recv(_STATUS_BYTES)
            except OSError:
                return report
            if not part:
                return report
            report += part
        return report

    def release(self) -> None:
        """Close this process's ends of the sockets. In a forked process this leaves the owner's child alone."""
        self._data.close()
        self._life.close()


def _popen(limits: CellLimits, data_fd: int, life_fd: int) -> "subprocess.Popen[bytes]":
    numbers = (data_fd, life_fd, os.getpid(), limits.memory_bytes)
    return subprocess.Popen(
        # -I: neither the current folder nor the environment adds to the import path, which is handed over
        [sys.executable, "-I", "-c", _BOOT, _import_path(), *map(str, numbers), ",".join(limits.modules)],
        pass_fds=[data_fd, life_fd],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # parsers quote what they read
        env=scrubbed_environment(),
        start_new_session=True,
    )


def _import_path() -> str:
    """This process's import path without entries that mean "the current folder", so that the child runs the same docmill."""
    home = str(Path(docmill.__file__).resolve().parent.parent)
    entries = [entry for entry in sys.path if Path(entry).is_absolute()]
    return os.pathsep.join(dict.fromkeys([*entries, home]))


def _exit_code(report: bytes) -> int | None:
    """The guardian's report: a wait status in decimal, or nothing."""
    try:
        return os.waitstatus_to_exitcode(int(report))
    except ValueError:
        return None
