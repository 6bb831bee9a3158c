"""A suite of a user's own: JSON or YAML text in, a suite out, or an error that says which line and expectation is wrong and what to do.

Belongs here: what can be told without Great Expectations, so that a run refuses a wrong file before it begins. What the library itself says of
an expectation's arguments is asked where the suite is built (gates).
"""

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import yaml

from docmill.errors import SettingsInvalid
from docmill.stages.validation.rows import BATCH_COLUMNS, COLUMNS
from docmill.stages.validation.suite import BATCH, DOCUMENT, CheckMeta, ExpectationData, Scope, SuiteData

SEVERITIES: Final = ("critical", "warning", "info")
SCOPES: Final[tuple[Scope, ...]] = (DOCUMENT, BATCH)
BY_ROW: Final = ("expect_column_values_", "expect_column_pair_values_", "expect_multicolumn_sum_")
"""How expectations begin that judge each row by itself."""
AMONG_ROWS: Final = re.compile(r"_unique|_within_record|_increasing|_decreasing")
"""Expectations that compare a row with others."""
COLUMN_ARGUMENTS: Final = ("column", "column_A", "column_B")
MOST_CHECKS: Final = 500

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def read_suite(text: str) -> SuiteData:
    """The suite in a text: an object with `expectations`, JSON or YAML.

    Raises:
        SettingsInvalid: it is none; the message names line and expectation, and says what must stand there.
    """
    body = _parsed(text)
    listed = body.get("expectations") if isinstance(body, dict) else None
    if not isinstance(listed, list) or not listed:
        raise SettingsInvalid("it has no list `expectations`; `docmill suite show` prints one to begin with")
    if len(listed) > MOST_CHECKS:
        raise SettingsInvalid(f"it has more than {MOST_CHECKS} expectations")
    lines = _lines(text)
    found: list[ExpectationData] = []
    for number, one in enumerate(listed, 1):
        wrong = next(_wrong(one), None)
        if wrong is not None:
            raise SettingsInvalid(f"{_place(lines, number, one)}: {wrong}")
        found.append(_expectation(one))
    names = Counter(one["meta"]["check"] for one in found)
    for number, one in enumerate(found, 1):
        if names[one["meta"]["check"]] > 1:
            raise SettingsInvalid(
                f"{_place(lines, number, listed[number - 1])}: another expectation has this `meta.check`; give each its own"
            )
    return {"name": str(body.get("name") or "documents"), "expectations": found, "meta": {}}


def _parsed(text: str) -> dict[object, object]:
    try:
        body = json.loads(text)
    except ValueError as json_error:
        try:
            body = yaml.safe_load(text)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = (
                json_error.lineno
                if isinstance(json_error, json.JSONDecodeError) and text.lstrip().startswith("{")
                else mark and mark.line + 1
            )
            raise SettingsInvalid(
                f"line {line or 1}: neither JSON nor YAML; look for a comma or bracket there or in the line before"
            ) from None
    return body if isinstance(body, dict) else {}


def _lines(text: str) -> list[int]:
    """The line in which each expectation begins, from 1; empty where that cannot be told."""
    with contextlib.suppress(yaml.YAMLError):
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
            if key.value == "expectations" and isinstance(value, yaml.SequenceNode):
                return [one.start_mark.line + 1 for one in value.value]
    return []


def _place(lines: list[int], number: int, one: object) -> str:
    meta = one.get("meta") if isinstance(one, Mapping) else None
    name = meta.get("check") if isinstance(meta, Mapping) else None
    called = f" ({name})" if isinstance(name, str) and _NAME.fullmatch(name) else ""
    line = f"line {lines[number - 1]}, " if len(lines) >= number else ""
    return f"{line}expectation {number}{called}"


def _wrong(one: object) -> Iterator[str]:
    if not isinstance(one, dict):
        yield "it must be an object with type, kwargs, severity and meta"
        return
    if not isinstance(one.get("type"), str) or not one["type"].startswith("expect_"):
        yield "`type` must be the name of an expectation, such as expect_column_values_to_be_between"
    if not isinstance(one.get("kwargs"), dict):
        yield "`kwargs` must be an object"
    if one.get("severity") not in SEVERITIES:
        yield f"`severity` must be one of {', '.join(SEVERITIES)}"
    yield from _wrong_meta(one.get("meta"))
    yield from _wrong_columns(one["type"], one["kwargs"], one["meta"].get("scope", DOCUMENT))


def _wrong_meta(meta: object) -> Iterator[str]:
    if not isinstance(meta, dict):
        yield "`meta` must be an object with check and title"
        return
    if not isinstance(meta.get("check"), str) or not _NAME.fullmatch(meta["check"]):
        yield "`meta.check` must be a name of up to 64 of a-z, 0-9 and _, beginning with a letter"
    if not isinstance(meta.get("title"), str) or not meta["title"].strip():
        yield "`meta.title` must say in a sentence what holds of a good document"
    if meta.get("scope", DOCUMENT) not in SCOPES:
        yield f"`meta.scope` must be one of {', '.join(SCOPES)}"


def _wrong_columns(kind: str, kwargs: dict[str, object], scope: str) -> Iterator[str]:
    listed = kwargs.get("column_list") or []
    condition = kwargs.get("row_condition")
    asked = condition.get("column") if isinstance(condition, dict) else None
    given = [*(kwargs[name] for name in COLUMN_ARGUMENTS if name in kwargs), *(listed if isinstance(listed, list) else [listed])]
    given += [asked["name"]] if isinstance(asked, dict) and "name" in asked else []
    there = {**COLUMNS, **(BATCH_COLUMNS if scope == BATCH else {})}
    for column in given:
        if column not in there:
            only = "; it is there in `meta.scope` batch only" if column in BATCH_COLUMNS else f"; there are {', '.join(there)}"
            yield f"there is no such column as it names{only}"
    if scope == DOCUMENT and (not kind.startswith(BY_ROW) or AMONG_ROWS.search(kind)):
        yield "it judges many documents together, so its `meta` needs scope batch"


def _expectation(one: dict[str, object]) -> ExpectationData:
    meta, kwargs = one["meta"], one["kwargs"]
    assert isinstance(meta, dict)  # noqa: S101 - looked at above, said for the type checker
    assert isinstance(kwargs, dict)  # noqa: S101 - as above
    told: CheckMeta = {"check": meta["check"], "title": str(meta["title"]).strip(), "scope": meta.get("scope", DOCUMENT)}
    return {"type": str(one["type"]), "kwargs": kwargs, "severity": str(one["severity"]), "meta": told}
