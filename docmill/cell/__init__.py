"""Isolated parsing: untrusted bytes are read in a child process that can be lost without loss.

`Cell` is the caller's side, `child` what runs in the child; they meet in `frames`. Nothing of docmill's meaning lives here, and nothing
of it may: a cell knows verbs and JSON, not documents. The child starts in a few dozen milliseconds because this package imports nothing
until a name is asked for.
"""

TYPE_CHECKING = False  # type checkers take it as true; importing typing would cost each start of a child 6 ms
if TYPE_CHECKING:
    from pydantic import JsonValue

    from docmill.cell.cell import Cell, JsonArgument, never
    from docmill.cell.limits import CellLimits
    from docmill.cell.threads import thread_cell

__all__ = ["Cell", "CellLimits", "JsonArgument", "JsonValue", "never", "thread_cell"]

_HOMES = {
    "Cell": "docmill.cell.cell",
    "CellLimits": "docmill.cell.limits",
    "JsonArgument": "docmill.cell.cell",
    "JsonValue": "pydantic",
    "never": "docmill.cell.cell",
    "thread_cell": "docmill.cell.threads",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - the child imports this package and must not pay for the caller's side

    return getattr(importlib.import_module(_HOMES[name]), name)
