"""Everything a verb can do to its cell ends typed, and the next call works."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cell_verbs
import psutil
import pytest

import docmill
from docmill.cell import Cell, CellLimits, thread_cell
from docmill.errors import Cancelled, Damaged, DocmillError, NotAllowed, ParserDied, StageFailed, TimedOut
from docmill.settings import MIB

LIMITS = CellLimits(memory_bytes=512 * MIB, items=1000, modules=("cell_verbs",))
SLACK_S = 0.7


@pytest.fixture
def cell() -> Iterator[Cell]:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with Cell(LIMITS) as opened:
        yield opened
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before, "close() left a process"


def call(cell: Cell, name: str, *args: object, deadline_s: float = 20.0) -> object:
    return cell.call(f"cell_verbs:{name}", *args, deadline_s=deadline_s)  # type: ignore[arg-type]  # some cases hand in nonsense


@pytest.mark.parametrize("args", [(), (None, True, 1, 1.5, "ä\u0000\ud800"), ([1, [2]], {"k": {"n": None}}), ("x" * 3_000_000,)])
def test_json_comes_back_as_it_went(cell: Cell, args: tuple[object, ...]) -> None:
    assert call(cell, "echo", *args) == list(args)


@pytest.mark.parametrize(
    ("verb", "args", "error", "message"),
    [
        ("segfault", (), ParserDied, "killed by SIGSEGV"),
        ("null_pointer", (), ParserDied, "killed by SIGSEGV"),
        ("die_of", (40,), ParserDied, "killed by signal 40"),
        ("leave", (0,), ParserDied, "exit code 0"),
        ("leave", (3,), ParserDied, "exit code 3"),
        ("leave_politely", (4,), ParserDied, "exit code 4"),
        ("eat_memory", (), ParserDied, "limit is 512 MiB"),
        ("hide_memory_error", (), ParserDied, "limit is 512 MiB"),
        ("babble", ("ffffffff00",), ParserDied, "over the limit"),
        ("babble", ("00000003616263",), ParserDied, "not JSON"),
        ("babble", ("00000000",), ParserDied, "not JSON"),
        ("babble", ((20000).to_bytes(4, "big").hex() + b"[".hex() * 20000,), ParserDied, "not JSON"),
        ("babble", ("000000025b5d",), ParserDied, "no JSON object"),
        ("babble", ((8).to_bytes(4, "big").hex() + b'{"id":9}'.hex(),), ParserDied, "another request"),
        ("babble", ((8).to_bytes(4, "big").hex() + b'{"id":2}'.hex(),), ParserDied, "without a result"),
        ("reply", (17 * MIB,), ParserDied, "over the limit"),
        ("spawn", (60, "", False, "crash"), ParserDied, "SIGSEGV"),
        ("raise_typed", (), Damaged, "cut short"),
        ("raise_untyped", (), StageFailed, "an unexpected ValueError at cell_verbs:"),
        ("raise_chained", (), StageFailed, "an unexpected RuntimeError at cell_verbs:"),
        ("return_no_json", (), StageFailed, "an unexpected TypeError at docmill.cell.frames:"),
        ("no_such_verb", (), StageFailed, "an unexpected AttributeError"),
        ("echo_", ({1, 2},), TypeError, "set"),
    ],
)  # fmt: skip
def test_every_failure_is_typed_and_the_next_call_works(
    cell: Cell, verb: str, args: tuple[object, ...], error: type[Exception], message: str
) -> None:
    assert call(cell, "echo", 1) == [1]
    with pytest.raises(error, match=message) as caught:
        call(cell, verb, *args)
    assert type(caught.value) is error
    assert cell_verbs.SECRET not in repr(caught.value) + repr(getattr(caught.value, "facts", ""))
    assert call(cell, "echo", "next") == ["next"]


def test_a_typed_error_keeps_its_facts_and_the_process(cell: Cell) -> None:
    with pytest.raises(Damaged) as caught:
        call(cell, "raise_typed")
    assert caught.value.facts == {"page": 3, "at_byte": 17.5}
    call(cell, "echo")
    assert cell.starts == 1


def test_the_place_of_an_untyped_error_is_the_line_that_raised(cell: Cell) -> None:
    with pytest.raises(StageFailed) as caught:
        call(cell, "raise_untyped")
    line = 1 + Path(cell_verbs.__file__).read_text().splitlines().index("    raise ValueError(SECRET)")
    assert caught.value.facts == {"exception": "ValueError", "place": f"cell_verbs:{line}"}


@pytest.mark.parametrize(("verb", "args"), [("sleep", (30,)), ("hold_the_gil", (30,)), ("spawn", (30, "", True, "hold"))])
def test_the_deadline_holds_whatever_the_verb_does(cell: Cell, verb: str, args: tuple[object, ...]) -> None:
    call(cell, "echo")
    began = time.monotonic()
    with pytest.raises(TimedOut, match=r"after 0\.5 s"):
        call(cell, verb, *args, deadline_s=0.5)
    assert time.monotonic() - began < 0.5 + SLACK_S
    assert call(cell, "echo", 1) == [1]


@pytest.mark.parametrize(("verb", "args"), [("sleep", (30,)), ("hold_the_gil", (30,)), ("spawn", (30, "", True, "hold"))])
def test_cancellation_cuts_a_running_item(cell: Cell, verb: str, args: tuple[object, ...]) -> None:
    call(cell, "echo")
    began = time.monotonic()
    with pytest.raises(Cancelled):
        cell.call(f"cell_verbs:{verb}", *args, deadline_s=30, should_stop=lambda: time.monotonic() - began > 0.3)  # type: ignore[arg-type]
    assert time.monotonic() - began < 0.3 + 1.0
    assert call(cell, "echo", 1) == [1]


def test_a_stop_asked_before_starts_nothing(cell: Cell) -> None:
    with pytest.raises(Cancelled):
        cell.call("cell_verbs:echo", deadline_s=5, should_stop=lambda: True)
    assert cell.starts == 0


def test_an_error_in_should_stop_reaches_the_caller_and_ends_the_item(cell: Cell) -> None:
    class LeaseLost(Exception):
        pass

    looks: list[int] = []

    def lose() -> bool:
        looks.append(1)
        if len(looks) > 1:
            raise LeaseLost
        return False

    with pytest.raises(LeaseLost):
        cell.call("cell_verbs:sleep", 30, deadline_s=30, should_stop=lose)
    assert cell.pid is None
    assert call(cell, "echo", 1) == [1]


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


def test_an_answer_nobody_asked_for_is_not_taken_for_the_next(cell: Cell) -> None:
    call(cell, "echo")
    early = '{"id":3,"ok":"forged"}'
    with pytest.raises(ParserDied):
        call(cell, "answer_early", early)
    assert call(cell, "echo", 1) == [1]


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


@pytest.mark.parametrize(
    "verb", ["os:system", "cell_verbs", "cell_verbs:_private", "cell_verbs:a.b", "docmill.cell.server:serve", "cell_verbs:x\n", '":"']
)
def test_only_verbs_of_allowed_modules_run(cell: Cell, verb: str) -> None:
    with pytest.raises(NotAllowed):
        cell.call(verb, deadline_s=5)
    assert cell.starts == 0


def test_a_name_that_a_verb_module_imported_is_no_verb(cell: Cell) -> None:
    with pytest.raises(StageFailed, match="PermissionError"):
        call(cell, "docmill_sleep")
    assert Cell(CellLimits(memory_bytes=512 * MIB, items=1)).limits.modules == ("docmill.stages.",)


@pytest.mark.parametrize("deadline_s", [0, -1, float("nan")])
def test_a_deadline_is_positive(cell: Cell, deadline_s: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        call(cell, "echo", deadline_s=deadline_s)


def test_an_endless_deadline_is_no_trouble(cell: Cell) -> None:
    assert call(cell, "echo", 1, deadline_s=float("inf")) == [1]


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


def test_a_closed_cell_stays_closed(cell: Cell) -> None:
    call(cell, "echo")
    cell.close()
    cell.close()
    with pytest.raises(Cancelled):
        call(cell, "echo")


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
