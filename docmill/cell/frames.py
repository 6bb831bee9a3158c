"""The wire between worker and cell: a 4-byte big-endian length, then that many bytes of JSON.

JSON and not pickle: what comes from the child comes from code that may have been taken over by a hostile file, and unpickling it would hand
over the worker. Used by both sides, so it imports next to nothing.
"""

import json
import socket
import struct
from collections.abc import Callable

_LENGTH = struct.Struct("!I")
MAX_REQUEST_BYTES = 256 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024


class BadFrame(Exception):
    """What came is no frame: over the limit, or not a JSON object."""


def _patiently() -> None:
    """The child waits as long as it takes."""


def encode(body: dict[str, object]) -> bytes:
    """One frame.

    Raises:
        TypeError, ValueError: `body` is not JSON.
    """
    raw = json.dumps(body, separators=(",", ":")).encode()
    return _LENGTH.pack(len(raw)) + raw


def send(sock: socket.socket, frame: bytes, tick: Callable[[], float | None] = _patiently) -> None:
    """Send a frame whole.

    Args:
        sock: its timeout is set here.
        frame: from `encode`.
        tick: called before every wait; gives the longest wait in seconds until it is called again (None: no limit), and may raise.

    Raises:
        OSError: the other side is gone.
    """
    rest = memoryview(frame)
    while rest:
        sock.settimeout(tick())
        try:
            rest = rest[sock.send(rest) :]
        except TimeoutError:
            continue


def receive(sock: socket.socket, max_bytes: int, tick: Callable[[], float | None] = _patiently) -> dict[str, object] | None:
    """One frame, or None when the other side closed before a whole one was in.

    Args:
        sock: as in `send`.
        max_bytes: longest body; a longer one is refused before it is read.
        tick: as in `send`; it is called also while half a frame is in.

    Raises:
        BadFrame: too long, or not a JSON object.
        OSError: the connection broke.
    """
    head = _exactly(sock, _LENGTH.size, tick)
    if head is None:
        return None
    (size,) = _LENGTH.unpack(head)
    if size > max_bytes:
        raise BadFrame(f"a frame of {size} bytes, over the limit of {max_bytes}")
    raw = _exactly(sock, size, tick)
    if raw is None:
        return None
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadFrame("a frame that is not JSON") from None
    if not isinstance(body, dict):
        raise BadFrame("a frame that is no JSON object")
    return body


def _exactly(sock: socket.socket, size: int, tick: Callable[[], float | None]) -> bytearray | None:
    """`size` bytes, or None when the other side closed before. Memory grows with what came, not with what was announced."""
    got = bytearray()
    while len(got) < size:
        sock.settimeout(tick())
        try:
            part = sock.recv(min(size - len(got), _CHUNK_BYTES))
        except TimeoutError:
            continue
        if not part:
            return None
        got += part
    return got
