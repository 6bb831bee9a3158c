"""Great Expectations stays behind this module: a suite and rows in, its results out, and of what failed the document ids alone.

The library puts the values that failed into its results, a leak of personal data. So it is told to leave them out, only document ids are taken,
at once, and the frame holds no words of a document to begin with.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from docmill.errors import EngineMissing, SettingsInvalid
from docmill.stages.validation.rows import BATCH_COLUMNS, COLUMNS, ValidationRow
from docmill.stages.validation.suite import BATCH, DOCUMENT, ExpectationData, Scope, SuiteData, checks_in

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core import ExpectationValidationResult, ValidationDefinition
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
    from great_expectations.expectations.expectation import Expectation

ONLY_IDS: Final = {"result_format": "COMPLETE", "unexpected_index_column_names": ["document_id"], "exclude_unexpected_values": True}

_TRIED: Final[dict[str, Any]] = {
    "kind": "invoice", "kind_confidence": 0.9, "page_count": 1, "words": 9, "ocr_confidence": 0.9, "document_number_present": True,
    "issue_date": "2024-04-03", "checked_on": "2024-05-01", "total": "119.00", "net_total": "100.00", "tax_total": "19.00", "currency": "EUR",
    "least_field_confidence": 0.5, "chunks": 3, "document_number_digest": "a", "vendor_digest": "b", "total_digest": "c",
}  # fmt: skip


def run_suite(rows: Sequence[ValidationRow], suite: SuiteData, scope: Scope) -> "dict[str, ExpectationValidationResult]":
    """Run the checks of one scope over rows; check name -> the library's result, in the suite's order.

    Raises:
        SettingsInvalid: the library refuses an expectation of the suite.
        EngineMissing: Great Expectations is not installed.
    """
    asked = list(checks_in(suite, scope).values())
    if not rows or not asked:
        return {}
    columns = {**COLUMNS, **(BATCH_COLUMNS if scope == BATCH else {})}
    batch = {"dataframe": frame(rows, columns)}
    result = _definition(json.dumps(asked)).run(batch_parameters=batch, result_format=ONLY_IDS)
    by_check = {str((one.expectation_config.meta or {})["check"]): one for one in result.results if one.expectation_config}
    return {one["meta"]["check"]: by_check[one["meta"]["check"]] for one in asked}  # the library gives them in an order of its own


def try_suite(suite: SuiteData) -> None:
    """Ask the library for every check of a suite once, over two rows.

    Raises:
        SettingsInvalid: it refuses an expectation, or cannot evaluate it.
        EngineMissing: Great Expectations is not installed.
    """
    rows = [ValidationRow(document_id=name, **_TRIED) for name in ("one", "two")]
    for scope in (DOCUMENT, BATCH):
        for check, result in run_suite(rows, suite, scope).items():
            if was_not_evaluated(result):
                raise SettingsInvalid(f"expectation {check}: Great Expectations cannot evaluate it; look at its `kwargs`", check=check)


def was_not_evaluated(one: "ExpectationValidationResult") -> bool:
    """Whether an expectation neither held nor failed: it broke."""
    return not one.success and not one.result


def failing_ids(one: "ExpectationValidationResult") -> list[str]:
    """The documents that fail a check, each once; empty where it says none."""
    listed = one.result.get("unexpected_index_list") or ()
    return list(dict.fromkeys(str(document_id) for group in listed for document_id in _ids(group["document_id"])))


def frame(rows: Sequence[ValidationRow], columns: "dict[str, str]") -> "pd.DataFrame":
    """The rows as a frame."""
    import pandas as pd  # noqa: PLC0415 - loads in 0.5 s, only where used

    return pd.DataFrame({name: pd.Series([getattr(row, name) for row in rows], dtype=kind) for name, kind in columns.items()})


def _ids(given: object) -> Sequence[object]:
    # a list of them, or one by itself where the library lists row by row
    return given if isinstance(given, list | tuple) else [given]


@lru_cache(maxsize=1)
def _context() -> "EphemeralDataContext":
    try:
        import great_expectations as gx  # noqa: PLC0415 - loads in 3-12 s, only in the process that validates
        from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415 - as above
    except ImportError:
        raise EngineMissing("great_expectations is not installed") from None
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


@lru_cache(maxsize=8)
def _definition(expectations: str) -> "ValidationDefinition":
    context = _context()
    import great_expectations as gx  # noqa: PLC0415 - loaded by now

    built, name = [_built(one) for one in json.loads(expectations)], f"documents {uuid4().hex}"  # a context takes no name twice
    source = context.data_sources.add_pandas(name).add_dataframe_asset("rows")
    batch = source.add_batch_definition_whole_dataframe("rows")
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=built))
    return context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=suite))


def _built(one: ExpectationData) -> "Expectation":
    from great_expectations.exceptions.exceptions import GreatExpectationsError  # noqa: PLC0415 - loaded by now
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration  # noqa: PLC0415 - as above
    from great_expectations.expectations.metadata_types import FailureSeverity  # noqa: PLC0415 - as above

    check = one["meta"]["check"]
    try:  # a suite that is given a type it does not know drops it without a word
        return ExpectationConfiguration(
            one["type"], one["kwargs"], meta=dict(one["meta"]), severity=FailureSeverity(one["severity"])
        ).to_domain_obj()
    except GreatExpectationsError:
        raise SettingsInvalid(f"expectation {check}: Great Expectations knows no such `type`", check=check) from None
    except ValueError as error:
        raise SettingsInvalid(f"expectation {check}: Great Expectations refuses its `kwargs`: {_first(error)}", check=check) from None


def _first(error: ValueError) -> str:
    """Its first complaint: about the suite's own words, which are no document's."""
    told = getattr(error, "errors", None)
    if told is None:
        return type(error).__name__
    first = told()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "__root__")
    return f"{where}: {first['msg']}" if where else str(first["msg"])
