"""Nothing is left when the worker is killed: not the child, nor a program that it started, nor one that tried to get away."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

GONE_WITHIN_S = 2.0

WORKER = """
import json, os, sys, threading, time
sys.path[:0] = json.loads(sys.argv[1])
from docmill.cell import CellLimits, thread_cell
limits = CellLimits(memory_bytes=512 << 20, items=100, modules=("cell_verbs",))
def work(verb, args):
    thread_cell(limits).call("cell_verbs:" + verb, *args, deadline_s=600)
    threading.Event().wait()
calls = json.loads(sys.argv[2])
threads = [threading.Thread(target=work, args=call) for call in calls]
for thread in threads: thread.start()
if sys.argv[3]:
    while not all(os.path.exists(args[1]) for _, args in calls): time.sleep(0.01)
    forked = os.fork()  # it holds copies of all sockets open
    if forked == 0: time.sleep(60)
    open(sys.argv[3], "w").write(str(forked))
for thread in threads: thread.join()
"""


def start_worker(calls: list[tuple[str, list[object]]], fork_file: str = "") -> "subprocess.Popen[bytes]":
    import json

    return subprocess.Popen([sys.executable, "-c", WORKER, json.dumps([p for p in sys.path if p]), json.dumps(calls), fork_file])


def pids_in(files: list[Path], worker: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and worker.poll() is None:
        texts = [file.read_text().split() if file.exists() else [] for file in files]
        if all(texts):
            return [psutil.Process(int(pid)) for text in texts for pid in text]
        time.sleep(0.02)
    raise AssertionError("the worker did not come so far")


def is_there(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def left_over(processes: list[psutil.Process]) -> list[psutil.Process]:
    deadline = time.monotonic() + GONE_WITHIN_S
    while time.monotonic() < deadline and any(map(is_there, processes)):
        time.sleep(0.02)
    left = [process for process in processes if is_there(process)]
    for process in left:
        process.kill()
    return left


CASES: dict[str, tuple[str, list[object], bool]] = {
    "the verb holds the GIL": ("hold_the_gil", [50], False),
    "the verb holds the GIL, a program runs": ("spawn", [50, False, "hold"], True),
    "a program with its own session": ("spawn", [50, True, "hold"], True),
    "idle, a program left behind": ("spawn", [50, False, "return"], True),
    "idle, a daemon left behind": ("spawn_deep", [50], True),
}


def call_for(case: str, file: Path) -> tuple[str, list[object]]:
    verb, args, _ = CASES[case]
    return verb, [args[0], str(file), *args[1:]]


@pytest.mark.parametrize("forks", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_a_killed_worker_leaves_nothing(tmp_path: Path, case: str, forks: bool) -> None:
    file = tmp_path / "pids"
    fork_file = tmp_path / "forked"
    worker = start_worker([call_for(case, file)], str(fork_file) if forks else "")
    try:
        forked = pids_in([fork_file], worker) if forks else []
        processes = pids_in([file], worker)
        assert len(processes) == (3 if CASES[case][2] else 2)
        assert all(map(is_there, processes))
    finally:
        worker.kill()
        worker.wait()
    left = left_over(processes)
    assert all(map(is_there, forked)), "it must still hold the sockets, or nothing was shown"
    for process in forked:
        process.kill()
    assert left == []


def test_all_threads_cells_of_a_killed_worker_end(tmp_path: Path) -> None:
    files = [tmp_path / str(number) for number in range(3)]
    worker = start_worker([call_for("the verb holds the GIL, a program runs", file) for file in files])
    try:
        processes = pids_in(files, worker)
    finally:
        worker.kill()
        worker.wait()
    assert len(processes) == 9
    assert left_over(processes) == []


def test_tesseract_ends_with_a_killed_worker(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    worker = start_worker([("read_slowly", [str(file)])])
    try:
        guardian, server = pids_in([file], worker)
        deadline = time.monotonic() + 20
        while not server.children() and time.monotonic() < deadline:
            time.sleep(0.01)
        programs = server.children()
        assert [program.name() for program in programs] == ["tesseract"]
    finally:
        worker.kill()
        worker.wait()
    assert left_over([guardian, server, *programs]) == []


def test_a_worker_that_is_told_to_end_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    worker = start_worker([call_for("a program with its own session", file)])
    try:
        processes = pids_in([file], worker)
        worker.send_signal(signal.SIGTERM)
        worker.wait(5)
    finally:
        worker.kill()
        worker.wait()
    assert left_over(processes) == []


def test_a_forked_process_leaves_its_parents_cell_alone() -> None:
    from docmill.cell import Cell, CellLimits

    cell = Cell(CellLimits(memory_bytes=512 << 20, items=100, modules=("cell_verbs",)))
    with cell:
        server = cell.call("cell_verbs:pids", deadline_s=10)
        forked = os.fork()
        if forked == 0:
            try:
                own = cell.call("cell_verbs:pids", deadline_s=10)
                cell.close()
                os._exit(0 if own != server else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == 0
        assert cell.call("cell_verbs:pids", deadline_s=10) == server
        assert cell.starts == 1
