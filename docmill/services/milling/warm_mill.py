"""The warm mill: one process of the embedded set whose cells are warm, and that mills small shards for the flow processes of its home.

A cold cell needs 8-20 s for what a warm one does in 0.5 s: it loads a language model, two ONNX models and Great Expectations. Work goes over
a Unix socket below home, which only the user of the home can reach, as JSON frames. It is the same `mill_shard` that a Dask worker runs: lease,
journal and receipts hold here as there, and when the mill is away or dies the flow process mills by itself.

Belongs here: both ends of the socket. Does not belong here: when the process is started (cli), or what a stage does.
"""

import contextlib
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from docmill.cell import frames
from docmill.errors import DocmillError, StageFailed, VersionMismatch, error_from_code
from docmill.services.milling.shard import Shard, ShardReport
from docmill.services.milling.warm_places import mill_socket, short_name
from docmill.services.milling.work import Mill, mill_shard

log = logging.getLogger(__name__)

THREADS: Final = 2
"""As many as the dispatcher lets run at once; each has its own cell of about 500 MB once it has been needed."""
WAITING: Final = 16
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024

_SHARD: Final = TypeAdapter(Shard)
_REPORT: Final = TypeAdapter(ShardReport)


class MillAway(Exception):
    """The warm mill does not answer, or not as this version expects."""


def nearest_mill(home: Path) -> Mill:
    """A `mill_shard` that the home's warm mill does where there is one; else, and when it goes away in the middle, this process does."""

    def mill(shard: Shard, last_try: bool) -> ShardReport:  # noqa: FBT001 - the signature of mill_shard
        try:
            return _ask(mill_socket(home), shard, last_try=last_try)
        except (MillAway, VersionMismatch):
            return mill_shard(shard, last_try)

    return mill


def _ask(place: Path, shard: Shard, *, last_try: bool) -> ShardReport:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            with short_name(place) as name:
                connection.connect(name)
            frames.send(connection, frames.encode({"shard": _SHARD.dump_python(shard, mode="json"), "last_try": last_try}))
            answer = frames.receive(connection, MAX_ANSWER_BYTES)
        except (OSError, frames.BadFrame) as error:
            raise MillAway(type(error).__name__) from None
    if answer is None:
        raise MillAway("it closed the connection")
    if "error" in answer:
        raise error_from_code(*_told(answer["error"]))
    try:
        return _REPORT.validate_python(answer["report"])
    except (KeyError, ValidationError):
        raise MillAway("an answer of another version") from None


def _told(error: Any) -> tuple[str, str]:
    return str(error["code"]), str(error["message"])


def listen(place: Path) -> socket.socket:
    """A listening socket at a place, which nobody but this user may connect to; one left by an earlier process is replaced.

    Raises:
        OSError: it cannot be made.
    """
    place.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_name(place) as name:
        listener.bind(name)
    place.chmod(0o600)
    listener.listen(WAITING)
    return listener


def serve_mill(listener: socket.socket, prepare: Callable[[], None], *, is_over: Callable[[], bool] = lambda: False) -> None:
    """Mill for whoever connects, a shard to a connection, until the process ends.

    Args:
        listener: from `listen`.
        prepare: done first, by the thread that answers most; warms what is warm per thread.
        is_over: asked after each shard that was taken; returns then, and who asks meanwhile waits for the next mill.
    """
    with ThreadPoolExecutor(THREADS, thread_name_prefix="docmill-mill") as threads:
        threads.submit(prepare)
        while not is_over():
            connection, _ = listener.accept()
            threads.submit(_answer, connection)  # an idle thread, whose cell is warm, goes before a new one


def _answer(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError, frames.BadFrame):
        asked = frames.receive(connection, frames.MAX_REQUEST_BYTES)
        if asked is not None:
            frames.send(connection, frames.encode(_milled(asked)))


def _milled(asked: dict[str, object]) -> dict[str, object]:
    try:
        report = mill_shard(_SHARD.validate_python(asked["shard"]), bool(asked["last_try"]))
    except DocmillError as error:
        return {"error": {"code": error.code, "message": error.message}}
    except Exception as error:  # noqa: BLE001 - its text may hold what a document says
        log.error("milling broke: %s", type(error).__name__)  # noqa: TRY400 - as above
        return {"error": {"code": StageFailed.code, "message": f"the mill raised {type(error).__name__}"}}
    return {"report": _REPORT.dump_python(report, mode="json")}
