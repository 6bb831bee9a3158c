"""A cell for each thread: neighbours do not disturb one another, and a cell ends with its thread."""

import threading
import time

import psutil
import pytest
from cell_calls import LIMITS, call, cell

from docmill.cell import Cell, CellLimits, thread_cell
from docmill.errors import Cancelled, DocmillError, ParserDied, TimedOut
from docmill.settings import MIB

__all__ = ["cell"]


def test_closing_ends_a_call_in_another_thread(cell: Cell) -> None:
    call(cell, "echo")
    threading.Timer(0.3, cell.close).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        call(cell, "hold_the_gil", 30)
    assert time.monotonic() - began < 0.3 + 1.0


def test_neighbours_on_other_threads_go_on() -> None:
    """Two threads with good items, two whose items crash and hang, all at once."""
    pids: dict[str, set[object]] = {}
    trouble: list[object] = []

    def work(name: str, verb: str, args: tuple[object, ...], error: type[Exception] | None) -> None:
        cell = thread_cell(LIMITS)
        for _ in range(4):
            try:
                call(cell, verb, *args, deadline_s=0.4)
                if error is not None:
                    trouble.append((name, "no error"))
            except DocmillError as raised:
                if error is None or type(raised) is not error:
                    trouble.append((name, raised))
            pids.setdefault(name, set()).add(cell.pid)
            assert thread_cell(LIMITS) is cell

    work_of = {
        "good": ("sleep", (0.1,), None),
        "good too": ("echo", (1,), None),
        "crashes": ("segfault", (), ParserDied),
        "hangs": ("hold_the_gil", (30,), TimedOut),
    }
    threads = [threading.Thread(target=work, args=(name, *what)) for name, what in work_of.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert trouble == []
    assert len(pids["good"]) == len(pids["good too"]) == 1
    assert pids["good"] != pids["good too"]


def test_a_threads_cell_ends_with_its_thread() -> None:
    pids: list[int | None] = []

    def work() -> None:
        call(thread_cell(LIMITS), "echo")
        pids.extend([thread_cell(LIMITS).pid, thread_cell(LIMITS).guardian_pid])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    deadline = time.monotonic() + 5
    while any(pid and psutil.pid_exists(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(pids) == 2
    assert not [pid for pid in pids if pid and psutil.pid_exists(pid)]


def test_other_limits_replace_a_threads_cell() -> None:
    first = thread_cell(LIMITS)
    call(first, "echo")
    server = first.pid
    second = thread_cell(CellLimits(memory_bytes=600 * MIB, items=5, modules=("cell_verbs",)))
    try:
        assert first.is_closed
        assert server
        assert not psutil.pid_exists(server)
        assert call(second, "echo", 1) == [1]
    finally:
        second.close()
    assert thread_cell(LIMITS) is not second


def test_a_leftover_thread_does_not_disturb(cell: Cell) -> None:
    assert call(cell, "leave_a_thread") == "left"
    assert call(cell, "echo", 1) == [1]
