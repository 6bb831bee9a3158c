"""The verbs of this stage: rows in, the names of failed checks out. Great Expectations stays behind `gates`."""

from pathlib import Path
from typing import TypedDict

from pydantic import ValidationError

from docmill.errors import StageFailed
from docmill.stages.validation.gates import failing_ids, run_suite
from docmill.stages.validation.rows import ValidationRow
from docmill.stages.validation.suite import DOCUMENT, SuiteData, suite_data
from docmill.stages.validation.suite_file import read_suite


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


def _typed(rows: list[dict[str, object]]) -> list[ValidationRow]:
    try:
        return [ValidationRow.model_validate(row) for row in rows]
    except ValidationError as error:
        raise StageFailed("a validation row has another shape", errors=error.error_count()) from None
