"""One warm cell for each thread of this process, for workers that run shards on several threads."""

import atexit
import threading
import weakref

from docmill.cell.cell import Cell
from docmill.cell.limits import CellLimits

_here = threading.local()
_all: "weakref.WeakSet[Cell]" = weakref.WeakSet()
_lock = threading.Lock()


def thread_cell(limits: CellLimits) -> Cell:
    """The calling thread's cell; a new one when it has none, its own was closed, or the limits are others.

    It ends with its thread, at the latest with the process. Don't hand it to another thread.
    """
    cell: Cell | None = getattr(_here, "cell", None)
    if cell is not None and not cell.is_closed and cell.limits == limits:
        return cell
    if cell is not None:
        cell.close()
    _here.cell = cell = Cell(limits)
    _remember(cell)
    return cell


def close_thread_cells() -> None:
    """Close every thread's cell; calls that are running end with `Cancelled`."""
    for cell in list(_all):
        cell.close()


def _remember(cell: Cell) -> None:
    with _lock:
        if not _all:
            # again after all were gone: closing twice does no harm
            atexit.register(close_thread_cells)
        _all.add(cell)
