"""The start of a cell's child: it splits into a guardian and a server.

    worker ──Popen──> guardian ──fork──> server ──> tesseract, pdftoppm, ...
       └─── life socket ──┘                │
       └──────────── data socket ──────────┘

The server runs the verbs; the guardian runs nothing but a wait. Why two: programs that libraries start inside the server cannot be wrapped
by us, so somebody must outlive the server, whatever C code it hangs in, and take all of them along. The guardian

- learns of the worker's end from a pidfd, from its own parent's pid and from end of file on the life socket. PR_SET_PDEATHSIG is
  *not* used between worker and guardian: it follows the thread that forked and so would need a thread that never ends, and SIGKILL would
  take the guardian before it has cleaned up. A pidfd follows the process, and copies of the socket in forked processes don't fool it;
- is the subreaper of all that the server starts, so that "no child left" (ECHILD) proves that nothing is left, even of programs that
  made a session of their own;
- says how the server ended, on the life socket.

Between guardian and server PR_SET_PDEATHSIG is right: the guardian has one thread. A guardian that is killed takes the server along; the
worker then sees end of file and kills the process group. And should all of this fail, a kernel timer ends the server after deadline plus
grace.

One gap is left open: guardian *and* worker killed in the same instant leave an outside program to run to its own end.

Everything here and below it is imported on each start of a cell, so it imports little. Forking happens before any thread exists.
"""

import gc
import os
import resource
import signal
import socket
import sys

from docmill.cell import kernel
from docmill.cell.guardian import guard
from docmill.cell.server import serve

_GARBAGE_AFTER = 10_000
"""New objects until Python looks for garbage in cycles: a page has thousands of words that are none, and 700 cost an eighth of its reading."""


def main() -> None:
    """Split and never return. Arguments: import path, data socket, life socket, worker's pid, memory limit in bytes, verb modules."""
    data_fd, life_fd, worker_pid, memory_bytes = (int(arg) for arg in sys.argv[2:6])
    modules = tuple(sys.argv[6].split(","))
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # a mask of the thread that started us would outlive it
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold document text
    data, life = socket.socket(fileno=data_fd), socket.socket(fileno=life_fd)
    for ours in (data, life):
        ours.set_inheritable(False)
    kernel.gain_no_privileges()
    kernel.adopt_orphans()
    guardian_pid = os.getpid()
    server_pid = os.fork()
    if server_pid == 0:
        life.close()
        _confine(guardian_pid, memory_bytes)
        gc.set_threshold(_GARBAGE_AFTER, 20, 20)
        serve(data, modules)
    else:
        data.close()
        guard(worker_pid, server_pid, life)


def _confine(guardian_pid: int, memory_bytes: int) -> None:
    kernel.die_with_parent()
    if os.getppid() != guardian_pid:
        os._exit(1)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the kernel must be able to end us while C code holds the GIL
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib costs the start 3 ms
            file.write("500")  # when the machine runs out, the cell goes before the worker
    except OSError:
        return  # not allowed in some containers: an order of preference, not a protection
