"""Everything a verb can do to its cell ends typed, and the next call works: answers, errors, deadlines, cancelling, names that are no verbs.

The processes stand in test_cell_processes.py, threads in test_cell_threads.py.
"""

import time
from pathlib import Path

import cell_verbs
import pytest
from cell_calls import call, cell

from docmill.cell import Cell, CellLimits
from docmill.errors import Cancelled, Damaged, NotAllowed, ParserDied, StageFailed, TimedOut
from docmill.settings import MIB

__all__ = ["cell"]

SLACK_S = 0.7


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


def test_an_answer_nobody_asked_for_is_not_taken_for_the_next(cell: Cell) -> None:
    call(cell, "echo")
    early = '{"id":3,"ok":"forged"}'
    with pytest.raises(ParserDied):
        call(cell, "answer_early", early)
    assert call(cell, "echo", 1) == [1]


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


def test_a_closed_cell_stays_closed(cell: Cell) -> None:
    call(cell, "echo")
    cell.close()
    cell.close()
    with pytest.raises(Cancelled):
        call(cell, "echo")
