"""The verbs of this stage: rows in, the names of failed checks out. Great Expectations stays behind `gates`."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from pydantic import ValidationError

from docmill.errors import StageFailed
from docmill.stages.validation.gates import failing_ids, run_suite, was_not_evaluated
from docmill.stages.validation.rows import ValidationRow
from docmill.stages.validation.suite import BATCH, DOCUMENT, ExpectationData, SuiteData, checks_in, suite_data
from docmill.stages.validation.suite_file import read_suite
from docmill.values.batch_checks import CheckLine

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult


class Verdict(TypedDict):
    """What the suite says about one document: the names of the checks it fails, in the suite's order."""

    document_id: str
    failed: list[str]


def validate(rows: list[dict[str, object]], suite: str | None = None) -> list[Verdict]:
    """Run the suite's checks of single documents once over the rows of many.

    Args:
        rows: dumped ValidationRows, one per document.
        suite: path of a suite of the user's own; None for the one that comes with docmill.

    Returns:
        One verdict per row, in order.

    Raises:
        StageFailed: a row has another shape, or an expectation could not be evaluated.
        SettingsInvalid: the suite cannot be used; the message says what is wrong with it.
        EngineMissing: Great Expectations is not installed.
    """
    typed = _typed(rows)
    failed: dict[str, list[str]] = {row.document_id: [] for row in typed}
    for check, result in run_suite(typed, suite_from(suite), DOCUMENT).items():
        document_ids = failing_ids(result)
        if (
            not result.success and not document_ids
        ):  # neither passed nor failed on rows: it could not be evaluated, which must not pass for good
            raise StageFailed("a check could not be evaluated", check=check)
        for document_id in () if result.success else document_ids:
            failed[document_id].append(check)
    return [{"document_id": row.document_id, "failed": failed[row.document_id]} for row in typed]


def suite_from(path: str | None) -> SuiteData:
    """The suite in a file; without one that of docmill.

    Raises:
        SettingsInvalid: as `read_suite`.
    """
    return read_suite(Path(path).read_text(encoding="utf-8")) if path else suite_data()


def _typed(rows: Iterable[dict[str, object]]) -> list[ValidationRow]:
    try:
        return [ValidationRow.model_validate(row) for row in rows]
    except ValidationError as error:
        raise StageFailed("a validation row has another shape", errors=error.error_count()) from None


def judge_batch(rows_path: str, suite: str | None = None) -> list[dict[str, object]]:
    """Run all checks over the rows of a whole batch, those of single documents too.

    Args:
        rows_path: a file with a dumped ValidationRow in each line.
        suite: as `validate`.

    Returns:
        A dumped CheckLine for each check, in the suite's order; empty without rows.

    Raises:
        StageFailed, SettingsInvalid, EngineMissing: as `validate`; one expectation that cannot be evaluated is told in its line.
    """
    with Path(rows_path).open(encoding="utf-8") as lines:
        typed = _typed(json.loads(line) for line in lines)
    asked = suite_from(suite)
    results = {**run_suite(typed, asked, DOCUMENT), **run_suite(typed, asked, BATCH)}
    return [_line(one, results[name]).model_dump(mode="json") for name, one in checks_in(asked).items() if name in results]


def _line(one: ExpectationData, result: "ExpectationValidationResult") -> CheckLine:
    counted = result.result
    return CheckLine(
        check=one["meta"]["check"],
        title=one["meta"]["title"],
        severity=one["severity"],
        scope=one["meta"].get("scope", DOCUMENT),
        passed=bool(result.success),
        evaluated=not was_not_evaluated(result),
        documents=counted.get("element_count"),
        missing=counted.get("missing_count"),
        document_ids=() if result.success else tuple(failing_ids(result)),
    )
