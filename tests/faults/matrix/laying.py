"""Faults laid on processes: kill -9, SIGSTOP, slowed to a tenth by stopping most of the time, or a file size limit of one byte.

Under a file size limit (RLIMIT_FSIZE) every write fails as on a full disk. A fault is in place when its function returns, which is looked at; each
gives what heals it. Which processes a part is stands in parts.py.
"""

import contextlib
import os
import resource
import signal
import subprocess
import threading
import time
from pathlib import Path

import psutil

SLOW_STOP_S, SLOW_GO_S = 0.09, 0.01


def kill(pids):
    alive = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):  # a PostgreSQL backend that has just ended
            alive.append(psutil.Process(pid))
    assert alive, "there was something to kill"
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    end = time.monotonic() + 10
    while any(_lives(p) for p in alive):
        assert time.monotonic() < end, "killed processes are gone"
        time.sleep(0.01)
    return lambda: None


def stop(pids):
    stopped = send(pids, signal.SIGSTOP)
    end = time.monotonic() + 5
    while not all(_stands(p) for p in stopped):
        if time.monotonic() > end:
            send(pids, signal.SIGCONT)
            raise AssertionError("stopped processes stand still")
        time.sleep(0.01)
    return lambda: send(pids, signal.SIGCONT)


def slow(pids):
    assert send(pids, signal.SIGSTOP), "there was something to slow"
    over = threading.Event()

    def turns():
        while not over.is_set():
            send(pids, signal.SIGSTOP)
            time.sleep(SLOW_STOP_S)
            send(pids, signal.SIGCONT)
            time.sleep(SLOW_GO_S)

    thread = threading.Thread(target=turns, daemon=True)
    thread.start()

    def heal():
        over.set()
        thread.join(5)
        send(pids, signal.SIGCONT)

    return heal


def fill(pids, pids_now):
    """The processes that `pids_now` gives when it is healed are healed, too: children were made under the limit meanwhile."""
    assert _limit(pids, 1), "there was something to fill"

    def heal():
        _limit({*pids, *pids_now()}, resource.RLIM_INFINITY)

    return heal


def send(pids, number):
    """Send a signal; the processes that it met."""
    met = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            process.send_signal(number)
            met.append(process)
    return met


def _limit(pids, size_bytes):
    met = []
    for pid in pids:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):  # gone meanwhile
            _limit_file_size(pid, size_bytes)
            met.append(pid)
    return met


def _limit_file_size(pid, size_bytes):
    """As the process's own user: to limit another user's needs a capability that containers rarely have."""
    seen = Path(f"/proc/{pid}").stat()
    user, group = seen.st_uid, seen.st_gid
    if user == os.geteuid():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))
    else:
        soft = "unlimited" if size_bytes == resource.RLIM_INFINITY else size_bytes
        words = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "prlimit", f"--pid={pid}", f"--fsize={soft}:unlimited"]
        subprocess.run(words, check=True, capture_output=True)
    shown = next(line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if line.startswith("Max file size"))
    assert shown.split()[3] == ("unlimited" if size_bytes == resource.RLIM_INFINITY else str(size_bytes))


def _stands(process):
    """Stopped; or over, which a child of a stopped process stays until its parent looks: a ledger's backend that was just ending."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE}
    return True


def _lives(process):
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
