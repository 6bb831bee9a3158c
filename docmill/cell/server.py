"""The server: runs one verb after the other and answers in JSON. This is the process that untrusted bytes are read in.

A request is {"id", "verb", "args", "limit_s"}, an answer {"id", "ok", "cpu_s"} or {"id", "error": {"code", "message", "facts"},
"cpu_s"}; the first frame is {"pid"}. An exception that is not docmill's own gives its type and place away, never its text: that may quote the document.
"""

import importlib
import os
import signal
import socket
import sys
from types import TracebackType

from docmill.cell import frames

MEMORY_EXIT = 86
"""Exit code that says "out of memory"; a process that saw MemoryError is not to be trusted with another item."""

_CHAIN_LIMIT = 16


def serve(sock: socket.socket, modules: tuple[str, ...]) -> None:
    """Answer until the worker closes, then exit. Never returns.

    Args:
        sock: the data socket.
        modules: prefixes of the modules whose functions may be called.
    """
    frames.send(sock, frames.encode({"pid": os.getpid()}))
    while (request := frames.receive(sock, frames.MAX_REQUEST_BYTES)) is not None:
        signal.setitimer(signal.ITIMER_REAL, float(str(request["limit_s"])))
        answer = _answer(request, modules)
        signal.setitimer(signal.ITIMER_REAL, 0)
        frames.send(sock, answer)
    os._exit(0)


def _answer(request: dict[str, object], modules: tuple[str, ...]) -> bytes:
    began = _cpu_s()
    try:
        made = _run(str(request["verb"]), request["args"], modules)
        return frames.encode({"id": request["id"], "ok": made, "cpu_s": round(_cpu_s() - began, 4)})
    except Exception as error:  # noqa: BLE001 - the border of the process: everything becomes an answer or an exit code
        if _is_from_memory(error):
            os._exit(MEMORY_EXIT)
        return frames.encode({"id": request["id"], "error": _described(error, modules), "cpu_s": round(_cpu_s() - began, 4)})


def _cpu_s() -> float:
    """Processor seconds of this process and of the programs it has waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _run(verb: str, args: object, modules: tuple[str, ...]) -> object:
    module_name, _, name = verb.partition(":")
    function = getattr(importlib.import_module(module_name), name)
    if not str(getattr(function, "__module__", "")).startswith(modules):
        raise PermissionError  # a name that the module merely imported, such as os.system
    return function(*args)  # type: ignore[misc]  # the worker sends a list


def _is_from_memory(error: BaseException) -> bool:
    """Whether the error is a MemoryError, or a library's or a stage's dressing of one."""
    link: BaseException | None = error
    for _ in range(_CHAIN_LIMIT):
        if link is None:
            return False
        if isinstance(link, MemoryError):
            return True
        link = link.__cause__ or link.__context__
    return False


def _described(error: Exception, modules: tuple[str, ...]) -> dict[str, object]:
    errors = sys.modules.get("docmill.errors")  # not loaded: then it cannot be one of ours, and loading it would cost 20 ms
    if errors is not None and isinstance(error, errors.DocmillError) and error.code:
        facts = {name: value for name, value in error.facts.items() if value is None or isinstance(value, str | int | float)}
        return {"code": error.code, "message": error.message, "facts": facts}
    kind, place = type(error).__name__, _place(error.__traceback__, modules)
    return {
        "code": "stage_failed",
        "message": f"an unexpected {kind} at {place}",
        "facts": {"exception": kind, "place": place},
    }


def _place(traceback: TracebackType | None, modules: tuple[str, ...]) -> str:
    """`module:line` of the innermost frame in docmill or in a module of verbs."""
    place = "?"
    while traceback is not None:
        name = str(traceback.tb_frame.f_globals.get("__name__", ""))
        if name.startswith(("docmill.", *modules)):
            place = f"{name}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
