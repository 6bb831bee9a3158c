"""The error tree and its table say the same, and errors survive the borders they cross."""

import copy
import inspect
import pickle
import re

import pytest

from docmill import error_table, errors
from docmill.error_table import ERROR_TABLE
from docmill.errors import Damaged, DocmillError, StageFailed, error_classes, error_from_code

LEAVES = sorted(error_classes().values(), key=lambda cls: cls.code)
FAMILIES = sorted({cls.__bases__[0].__name__ for cls in LEAVES})


def test_table_and_tree_hold_the_same_codes() -> None:
    assert set(error_classes()) == set(ERROR_TABLE)
    assert all(code == kind.code for code, kind in ERROR_TABLE.items())
    assert len(LEAVES) == len(ERROR_TABLE), "two classes share a code"


def test_only_leaves_have_codes_and_every_class_is_in_the_tree() -> None:
    classes = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, DocmillError)]
    assert {cls for cls in classes if cls.code} == set(LEAVES)
    assert {cls.__name__ for cls in classes if not cls.code} == {"DocmillError", *FAMILIES}


def test_the_table_of_the_source_names_each_code_once() -> None:
    source = inspect.getsource(error_table)
    codes = re.findall(r'^    _row\("(\w+)"', source, flags=re.MULTILINE)
    assert sorted(codes) == sorted(set(codes)) == sorted(ERROR_TABLE)


def test_the_drawing_shows_the_tree() -> None:
    drawn = re.findall(r"[├└]── (\w+) +(\w+)$", errors.__doc__ or "", flags=re.MULTILINE)
    assert sorted(pair for pair in drawn if pair[1] in ERROR_TABLE) == sorted((cls.__name__, cls.code) for cls in LEAVES)
    assert [name for name in FAMILIES if f"── {name}  " not in (errors.__doc__ or "")] == []


def test_exit_codes_are_unique_and_leave_room_for_the_shell() -> None:
    exits = [kind.exit_code for kind in ERROR_TABLE.values()]
    assert len(exits) == len(set(exits))
    assert all(3 <= code <= 125 for code in exits)


@pytest.mark.parametrize("kind", ERROR_TABLE.values(), ids=ERROR_TABLE)
def test_each_row_makes_sense(kind: errors.ErrorKind) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    assert 400 <= kind.http_status <= 599
    assert kind.title.endswith(".")
    assert kind.hint.endswith(".")
    assert not (kind.retryable and kind.is_verdict), "what may work later is no verdict"


def test_each_family_is_of_one_mind() -> None:
    for cls in LEAVES:
        assert ERROR_TABLE[cls.code].is_verdict == issubclass(cls, errors.DocumentError), cls
        assert ERROR_TABLE[cls.code].retryable == issubclass(cls, errors.ServiceError), cls


@pytest.mark.parametrize("cls", LEAVES, ids=lambda cls: cls.code)
def test_an_error_survives_pickle_copy_and_code(cls: type[DocmillError]) -> None:
    error = cls("what is wrong with page 3", page=3, at=1.5, engine="tesseract", nothing=None)
    for again in (
        *(pickle.loads(pickle.dumps(error, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)),  # noqa: S301 - our own bytes
        copy.copy(error),
        copy.deepcopy(error),
        error_from_code(error.code, error.message, error.facts),
    ):
        assert type(again) is cls
        assert again.message == str(again) == "what is wrong with page 3"
        assert again.facts == {"page": 3, "at": 1.5, "engine": "tesseract", "nothing": None}
        assert again.kind is ERROR_TABLE[cls.code]


@pytest.mark.parametrize("cls", LEAVES, ids=lambda cls: cls.code)
def test_a_message_is_never_empty(cls: type[DocmillError]) -> None:
    for error in (cls(), cls(""), error_from_code(cls.code)):
        assert error.message == ERROR_TABLE[cls.code].title
        assert error.hint == ERROR_TABLE[cls.code].hint
        assert error.retryable is ERROR_TABLE[cls.code].retryable


@pytest.mark.parametrize("limit", ["job_soft_limit_s", "job_hard_limit_s"])
def test_a_document_that_took_too_long_is_told_of_its_own_limits(limit: str) -> None:
    hint = error_from_code("timed_out", f"the document took more than its 2 s ({limit})").hint
    assert "DOCMILL_JOB_HARD_LIMIT_S" in hint
    assert "DOCMILL_PAGE_DEADLINE_S" not in hint


def test_a_code_from_a_newer_version_becomes_stage_failed() -> None:
    error = error_from_code("melted", "the mill melted", {"degrees": 900})
    assert type(error) is StageFailed
    assert (error.message, error.facts) == ("the mill melted", {"degrees": 900})


def test_errors_are_caught_by_family() -> None:
    with pytest.raises(errors.DocumentError):
        raise Damaged("cut short")
