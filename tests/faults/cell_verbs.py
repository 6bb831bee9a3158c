"""What a hostile or broken parser may do, as verbs for a cell. Each does one bad thing for real."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from docmill.errors import Damaged

SECRET = "the patient's name is in this text"


def echo(*args: object) -> list[object]:
    return list(args)


def pids() -> dict[str, int]:
    return {"server": os.getpid(), "guardian": os.getppid(), "session": os.getsid(0)}


def environment() -> dict[str, str]:
    return dict(os.environ)


def surroundings() -> dict[str, object]:
    import docmill

    return {
        "docmill": docmill.__file__,
        "path": sys.path,
        "fds": descriptors(),
        "core_limit": Path("/proc/self/limits").read_text().split("Max core file size")[1].split()[:2],
        "oom_score_adj": int(Path("/proc/self/oom_score_adj").read_text()),
    }


def descriptors() -> list[int]:
    return sorted(int(entry.name) for entry in Path("/proc/self/fd").iterdir())


def segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def die_of(signum: int) -> None:
    os.kill(os.getpid(), signum)


def null_pointer() -> None:
    ctypes.string_at(0)


def leave(code: int) -> None:
    os._exit(code)


def leave_politely(code: int) -> None:
    sys.exit(code)


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def hold_the_gil(seconds: int, pid_file: str = "") -> None:
    """Sleep in C without letting go of the interpreter: no Python thread, signal handler or timer runs meanwhile."""
    if pid_file:
        Path(pid_file).write_text(f"{os.getppid()} {os.getpid()}")
    ctypes.PyDLL(None).sleep(seconds)


def eat_memory() -> int:
    hoard = []
    while True:
        hoard.append(bytearray(16 * 1024 * 1024))


def hide_memory_error() -> None:
    try:
        eat_memory()
    except MemoryError as error:
        raise Damaged("the file cannot be read") from error


def babble(junk: str) -> None:
    """Write on every socket there is, then wait for what happens."""
    for fd in descriptors():
        try:
            sock = socket.socket(fileno=os.dup(fd))
        except OSError:
            continue
        sock.sendall(bytes.fromhex(junk))
    time.sleep(60)


def answer_early(text: str) -> str:
    """Send a well-formed answer to a request that was never made, then answer."""
    babble_frame = len(text).to_bytes(4, "big") + text.encode()
    for fd in descriptors():
        try:
            sock = socket.socket(fileno=os.dup(fd))
        except OSError:
            continue
        sock.sendall(babble_frame)
    return "the true answer"


def reply(size: int) -> str:
    return "x" * size


def spawn(seconds: int, pid_file: str, own_session: bool, then: str) -> int:
    """Start an outside program as libraries do, then return, hang or crash."""
    child = subprocess.Popen(["/bin/sleep", str(seconds)], start_new_session=own_session)
    if pid_file:
        Path(pid_file).write_text(f"{os.getppid()} {os.getpid()} {child.pid}")
    if then == "hold":
        ctypes.PyDLL(None).sleep(seconds)
    elif then == "crash":
        segfault()
    return child.pid


def spawn_deep(seconds: int, pid_file: str) -> int:
    """A daemon as daemons are made: fork, own session, fork again, the middle one gone."""
    ready, told = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(told, f"{os.getpid():10d}".encode())
            os.execv("/bin/sleep", ["sleep", str(seconds)])  # noqa: S606 - the case is a daemon made by hand
        os._exit(0)
    os.wait()
    pid = int(os.read(ready, 10))
    Path(pid_file).write_text(f"{os.getppid()} {os.getpid()} {pid}")
    return pid


def raise_typed() -> None:
    raise Damaged("the file is cut short", page=3, at_byte=17.5)


def raise_untyped() -> None:
    raise ValueError(SECRET)


def raise_chained() -> None:
    try:
        raise_untyped()
    except ValueError as error:
        raise RuntimeError(SECRET) from error


def return_no_json() -> object:
    return object()


def leave_a_thread() -> str:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return "left"


def _private() -> None:
    return None


def count_calls(seen: list[int] = []) -> int:  # noqa: B006 - it is there to be shared: it shows whether the process is the same one
    seen.append(1)
    return len(seen)


docmill_sleep = time.sleep
"""A function of another module under a name of this one."""


def read_slowly(pid_file: str) -> None:
    """Real OCR, as the reading stage does it, of pages that take Tesseract seconds each."""
    import pytesseract
    from PIL import Image, ImageDraw

    image = Image.new("L", (2000, 2600), 255)
    draw = ImageDraw.Draw(image)
    for row in range(20, 2580, 26):
        draw.text((20, row), "The quick brown fox jumps over the lazy dog 0123456789 " * 6)
    Path(pid_file).write_text(f"{os.getppid()} {os.getpid()}")
    while True:
        pytesseract.image_to_string(image)
