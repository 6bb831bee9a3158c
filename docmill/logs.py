"""Logging for people or as JSON, always on stderr. Messages carry ids, codes and numbers; document text and file names never.

What a line belongs to (run, job, shard ...) is not told by every caller: whoever begins a piece of work says its ids once, and each JSON line
of it has them as fields. Only short strings are kept so: what a context holds lives as long as the context, which may be long.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, ParamSpec, TypedDict, TypeVar, Unpack

from docmill.settings import Settings

P = ParamSpec("P")
Made = TypeVar("Made")


class Ids(TypedDict, total=False):
    """What a line of the log may belong to. Ids and names of docmill's own, nothing that a document or a sender says; None says nothing."""

    tenant: str
    command: str
    request_id: str
    run_id: str | None
    batch_id: str | None
    job_id: str
    shard: str
    stage: str


_IDS: Final[ContextVar[Mapping[str, object]]] = ContextVar("docmill_log_ids", default=MappingProxyType({}))


@contextmanager
def log_ids(**more: Unpack[Ids]) -> Iterator[None]:
    """Lines that this thread (or this asyncio task) logs meanwhile belong to these ids, beside those that hold already."""
    token = _IDS.set({**_IDS.get(), **more})
    try:
        yield
    finally:
        _IDS.reset(token)


def with_ids(work: Callable[P, Made]) -> Callable[P, Made]:
    """The same work for another thread, which begins without ids: what it logs belongs to the ids that hold here and now. Carries nothing else."""
    ids = _IDS.get()

    def carried(*args: P.args, **more: P.kwargs) -> Made:
        token = _IDS.set(ids)
        try:
            return work(*args, **more)
        finally:
            _IDS.reset(token)

    return carried


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC, ISO 8601), level, logger, message, and the ids that the line belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. An exception contributes its type only: its text may hold what a document says."""
        body: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in _IDS.get().items() if value is not None},
        }
        if isinstance(run_id := getattr(record, "flow_run_id", None), str):  # so Prefect's loggers call it
            body.setdefault("run_id", run_id)
        if record.exc_info and record.exc_info[0]:
            body["exception"] = record.exc_info[0].__name__
        return json.dumps(body)


def start_logging(settings: Settings) -> None:
    """Send docmill's log lines to stderr in the configured form; calling it again changes nothing twice."""
    logger = logging.getLogger("docmill")
    if logger.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else logging.Formatter("%(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(settings.log_level)
    logger.propagate = False
