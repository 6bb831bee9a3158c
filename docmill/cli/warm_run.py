"""The command of ad-hoc flow runs: the run itself happens in a fork of the warm process, and this one stands for it towards Prefect's worker.

    python -m docmill.cli.warm_run SOCKET

It hands over its standard streams, passes signals on and ends as the run ends. When it is killed, the warm process kills the run. Without a
warm process it becomes `python -m prefect.engine`, the command that Prefect itself would have used. It imports little: it must be quick.
"""

import os
import signal
import socket
import struct
import sys
from contextlib import suppress

WORD = struct.Struct("!i")
"""What comes back, twice: the run's pid, then how it ended (exit code, or minus the signal)."""
KILLED = 137


def main(place: str) -> int:
    """Have the run done and return its exit code; does not return where a signal ended it, or no warm process answers."""
    connection = _connected(place)
    if connection is None:
        os.execv(sys.executable, [sys.executable, "-m", "prefect.engine"])  # noqa: S606 - no shell is the point: this process becomes that one
    with connection:
        pid = _word(connection)
        if pid is None:
            return KILLED
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda told, _frame: _pass_on(pid, told))
        code = _word(connection)
    if code is None:
        return KILLED
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code not in {signal.SIGKILL, signal.SIGSTOP} else None
        os.kill(os.getpid(), -code)
    return code


def _connected(place: str) -> socket.socket | None:
    folder, name = os.path.split(place)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        at = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        connection.connect(f"/proc/self/fd/{at}/{name}")  # the kernel takes names of 107 bytes at most
        os.close(at)
        socket.send_fds(connection, [b"run"], [0, 1, 2])
    except OSError:
        connection.close()
        return None
    return connection


def _word(connection: socket.socket) -> int | None:
    got = b""
    with suppress(OSError):
        while len(got) < WORD.size and (part := connection.recv(WORD.size - len(got))):
            got += part
    return int(WORD.unpack(got)[0]) if len(got) == WORD.size else None


def _pass_on(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
