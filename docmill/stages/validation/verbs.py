"""The verb of this stage: rows in, the names of failed checks out. Great Expectations stays behind this module.

It puts the values that failed into its results, a leak of personal data. So only document ids are taken out of them, at once, and the
frame holds no words of a document to begin with.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, TypedDict

from pydantic import ValidationError

from docmill.errors import EngineMissing, StageFailed
from docmill.stages.validation.rows import ValidationRow
from docmill.stages.validation.suite import checks, suite_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from great_expectations.core import ExpectationValidationResult, ValidationDefinition

_ONLY_IDS = {"result_format": "COMPLETE", "unexpected_index_column_names": ["document_id"], "exclude_unexpected_values": True}

_COLUMNS: dict[str, str] = {
    "document_id": "object", "kind": "object", "kind_confidence": "float64", "page_count": "int64", "words": "int64",
    "ocr_confidence": "float64", "has_text": "bool", "document_number_present": "bool", "issue_year": "float64",
    "issue_date_age_days": "float64", "total_amount": "float64", "sums_rest": "float64", "currency": "object",
    "least_field_confidence": "float64", "chunks": "float64",
}  # fmt: skip
"""Columns of the frame with their types, said outright: a column of None alone would otherwise have none to compare with."""


class Verdict(TypedDict):
    """What the suite says about one document: the names of the checks it fails, in the suite's order."""

    document_id: str
    failed: list[str]


def validate(rows: list[dict[str, object]]) -> list[Verdict]:
    """Run the suite once over the rows of many documents.

    Args:
        rows: dumped ValidationRows, one per document.

    Returns:
        One verdict per row, in order.

    Raises:
        StageFailed: a row has another shape, or an expectation could not be evaluated.
        EngineMissing: Great Expectations is not installed.
    """
    try:
        typed = [ValidationRow.model_validate(row) for row in rows]
    except ValidationError as error:
        raise StageFailed("a validation row has another shape", errors=error.error_count()) from None
    failed: dict[str, list[str]] = {row.document_id: [] for row in typed}
    for check, document_ids in _failing(typed) if typed else ():
        for document_id in document_ids:
            failed[document_id].append(check)
    return [{"document_id": row.document_id, "failed": failed[row.document_id]} for row in typed]


def _failing(rows: "Sequence[ValidationRow]") -> "list[tuple[str, list[str]]]":
    result = _definition().run(batch_parameters={"dataframe": _frame(rows)}, result_format=_ONLY_IDS)
    by_check = dict(_check_and_ids(one) for one in result.results)
    return [(check, by_check[check]) for check in checks()]  # the library gives them in an order of its own


def _check_and_ids(one: "ExpectationValidationResult") -> tuple[str, list[str]]:
    check = str((one.expectation_config.meta or {})["check"]) if one.expectation_config else ""
    if one.success:
        return check, []
    listed = one.result.get("unexpected_index_list")
    if not listed:  # neither passed nor failed on rows: it could not be evaluated, which must not pass for good
        raise StageFailed("a check could not be evaluated", check=check)
    return check, list(dict.fromkeys(str(document_id) for group in listed for document_id in group["document_id"]))


def _frame(rows: "Sequence[ValidationRow]") -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 - loads in 0.5 s, only where used

    return pd.DataFrame({name: pd.Series([getattr(row, name) for row in rows], dtype=kind) for name, kind in _COLUMNS.items()})


@lru_cache(maxsize=1)
def _definition() -> "ValidationDefinition":
    try:
        import great_expectations as gx  # noqa: PLC0415 - loads in 3-12 s, only in the process that validates
        from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415 - as above
    except ImportError:
        raise EngineMissing("great_expectations is not installed") from None
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("documents").add_dataframe_asset("rows")
    data = suite_data()
    suite = context.suites.add(gx.ExpectationSuite(name=data["name"], expectations=[dict(e) for e in data["expectations"]]))
    batch = source.add_batch_definition_whole_dataframe("shard")
    return context.validation_definitions.add(gx.ValidationDefinition(name="documents", data=batch, suite=suite))
