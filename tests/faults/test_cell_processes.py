"""The processes behind a cell: what they started ends with them, they are replaced, confined and see nothing secret.

What a caller gets to hear stands in test_cell.py, the death of the worker above them in test_cell_orphans.py.
"""

import os
import threading
import time
from pathlib import Path

import psutil
import pytest
from cell_calls import LIMITS, call, cell

import docmill
from docmill.cell import Cell, CellLimits
from docmill.errors import DocmillError, ParserDied, StageFailed, TimedOut
from docmill.settings import MIB

__all__ = ["cell"]


@pytest.mark.parametrize("own_session", [False, True])
@pytest.mark.parametrize("then", ["return", "crash", "hold"])
def test_programs_a_verb_started_end_with_its_process(cell: Cell, tmp_path: Path, own_session: bool, then: str) -> None:
    pids = tmp_path / "pids"
    try:
        call(cell, "spawn", 60, str(pids), own_session, then, deadline_s=1.5)
    except DocmillError:
        assert then != "return"
    cell.close()
    assert not [pid for pid in map(int, pids.read_text().split()) if psutil.pid_exists(pid)]


def test_a_daemonised_program_ends_with_its_process(cell: Cell, tmp_path: Path) -> None:
    pid = call(cell, "spawn_deep", 60, str(tmp_path / "pids"))
    assert isinstance(pid, int)
    assert psutil.Process(pid).ppid() == cell.guardian_pid
    cell.close()
    assert not psutil.pid_exists(pid)


def test_the_process_is_replaced_after_its_items() -> None:
    with Cell(CellLimits(memory_bytes=512 * MIB, items=3, modules=("cell_verbs",))) as cell:
        counts = [call(cell, "count_calls") for _ in range(7)]
        assert counts == [1, 2, 3, 1, 2, 3, 1]
        assert cell.starts == 3


def test_an_idle_process_that_dies_blames_no_item(cell: Cell) -> None:
    for victim in ("pid", "guardian_pid"):
        call(cell, "echo")
        pids = [cell.pid, cell.guardian_pid]
        psutil.Process(getattr(cell, victim)).kill()
        deadline = time.monotonic() + 5
        while (
            any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids if pid) and time.monotonic() < deadline
        ):
            time.sleep(0.01)
        assert call(cell, "echo", 1) == [1]
    assert cell.starts == 3


def test_a_guardian_killed_in_a_call_costs_the_item_and_leaves_nothing(cell: Cell, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    call(cell, "echo")
    guardian = psutil.Process(cell.guardian_pid)
    killer = threading.Timer(0.5, guardian.kill)
    killer.start()
    with pytest.raises(ParserDied):
        call(cell, "spawn", 60, str(pids), False, "hold")
    killer.join()
    time.sleep(0.2)
    assert not [pid for pid in map(int, pids.read_text().split()) if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]
    assert call(cell, "echo", 1) == [1]


def test_a_guardian_asked_to_end_takes_all_along(cell: Cell, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    call(cell, "spawn", 60, str(pids), True, "return")
    psutil.Process(cell.guardian_pid).terminate()
    _, server, program = map(int, pids.read_text().split())
    psutil.wait_procs([psutil.Process(pid) for pid in (server, program) if psutil.pid_exists(pid)], timeout=5)
    assert not psutil.pid_exists(server)
    assert not psutil.pid_exists(program)


def test_the_kernel_ends_an_item_whose_worker_cannot(tmp_path: Path) -> None:
    limits = CellLimits(memory_bytes=512 * MIB, items=10, deadline_grace_s=0.5, modules=("cell_verbs",))
    file = tmp_path / "pids"
    lived_on: list[bool] = []

    def stall() -> bool:
        if file.exists():
            time.sleep(2.5)  # as a stopped worker would
            lived_on.append(psutil.pid_exists(int(file.read_text().split()[1])))
        return False

    with Cell(limits) as cell:
        began = time.monotonic()
        with pytest.raises(TimedOut):
            cell.call("cell_verbs:hold_the_gil", 30, str(file), deadline_s=1.0, should_stop=stall)
        assert time.monotonic() - began < 5
        assert lived_on == [False]


def test_the_timer_does_not_outlive_the_item() -> None:
    with Cell(CellLimits(memory_bytes=512 * MIB, items=10, deadline_grace_s=0.1, modules=("cell_verbs",))) as cell:
        call(cell, "echo", deadline_s=0.2)
        time.sleep(0.6)
        call(cell, "echo", deadline_s=5)
        assert cell.starts == 1


def test_the_child_sees_nothing_secret(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "DOCMILL_URL_KEY", "PGPASSWORD", "HOME"):
        monkeypatch.setenv(name, "secret-value")
    seen = call(cell, "environment")
    assert isinstance(seen, dict)
    assert "secret-value" not in seen.values()
    assert seen["OMP_THREAD_LIMIT"] == "1"


def test_the_child_runs_the_same_docmill_from_any_folder(cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    seen = call(cell, "surroundings")
    assert isinstance(seen, dict)
    assert seen["docmill"] == docmill.__file__
    assert str(tmp_path) not in seen["path"]
    assert "" not in seen["path"]


def test_the_child_is_confined(cell: Cell) -> None:
    with open("/dev/null") as leaked:  # noqa: PTH123 - a descriptor that must not be seen
        os.set_inheritable(leaked.fileno(), True)
        seen = call(cell, "surroundings")
    assert isinstance(seen, dict)
    assert seen["core_limit"] == ["0", "0"]
    assert seen["oom_score_adj"] >= 500
    assert len(seen["fds"]) <= 5, "stdin, stdout, stderr, the data socket and the listing itself"


def test_a_cell_that_cannot_start_blames_the_installation_not_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docmill.cell.process._BOOT", "raise SystemExit(7)")
    with Cell(LIMITS) as cell, pytest.raises(StageFailed, match="did not start: nobody saw how"):
        call(cell, "echo")
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with Cell(LIMITS) as cell, pytest.raises(StageFailed, match="refused"):
        call(cell, "echo")
