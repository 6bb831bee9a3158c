"""One part of the embedded set: a Python child under a keeper, its log, and waiting for it. Which parts there are stands in embedded_set."""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docmill.cli.keeper import LEFT_S, POLITE_S
from docmill.errors import ClusterLost, SettingsInvalid
from docmill.settings import child_environment

HOST = "127.0.0.1"
PORTS_TRIED = 200
START_S = 180.0
LOOK_EVERY_S = 0.3


class ToldToEnd(Exception):
    """A signal asked the set to end while it started."""


@dataclass(frozen=True)
class Part:
    """One running part and the file that has what it says."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path


def free_port(first: int) -> int:
    """The first free TCP port on 127.0.0.1 from `first` on; 0 lets the system choose.

    Raises:
        SettingsInvalid: none of the next 200 is free.
    """
    for port in range(first, min(first + PORTS_TRIED, 65536)) if first else (0,):
        with contextlib.suppress(OSError), socket.create_server((HOST, port)) as probe:
            return int(probe.getsockname()[1])
    raise SettingsInvalid(f"no port is free from {first} on", port=first)


@contextlib.contextmanager
def running_part(name: str, words: Sequence[str], environment: Mapping[str, str], logs: Path, *, again: bool = False) -> Iterator[Part]:
    """A part that runs while the context is open and is gone, with all it started, after it.

    Args:
        name: for people; its log is called after it.
        words: of the command after the interpreter.
        environment: added to this process's own.
        logs: folder of the logs.
        again: whether it has run before, so that what it said then stays in its log.
    """
    log = logs / f"{name.lower().replace(' ', '-')}.log"
    with log.open("ab" if again else "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "docmill.cli.keeper", sys.executable, *words],
            env=child_environment(**environment),
            stdin=subprocess.PIPE,  # its end tells the keeper that we are gone
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches only us
        )
    try:
        yield Part(name, process, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=POLITE_S + 4 * LEFT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()


def looks(part: Part, stop: threading.Event) -> Iterator[None]:
    """Turns of waiting for a part that starts.

    Raises:
        ToldToEnd: `stop` was set.
        ClusterLost: it ended, or three minutes are over.
    """
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if stop.wait(LOOK_EVERY_S):
            raise ToldToEnd
        if part.process.poll() is not None:
            raise ClusterLost(f"the {part.name} ended while it started; {part.log} has what it said")
        yield
    raise ClusterLost(f"the {part.name} did not answer within {START_S:.0f} s; {part.log} has what it said")
