"""The shape of the results JSON: the shipped schema, what is refused, and that what was once written stays readable.

What is told stands in test_results_told.py, what is masked in test_results_masked.py.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError
from results_example import einvoiced, enriched, given, packaged

import docmill.values.results as shape
from docmill.errors import Damaged, StageFailed, VersionMismatch
from docmill.services.publishing import PublishInput, build_results
from docmill.values.result_fields import ResultField

GOLDEN = Path(__file__).parents[1] / "golden"
SCHEMA = Path(shape.__file__).parent / "schemas" / "results.schema.json"
THEN = {
    "1.0.0": ("A-17", "completed"),
    "1.1.0": ("Jane Doe Consulting", "needs_review"),
    "1.2.0": ("Jane Doe Consulting", "needs_review"),
    "1.3.0": ("Jane Doe Consulting", "needs_review"),
    "1.4.0": ("Jane Doe Consulting", "needs_review"),
    "1.5.0": ("Jane Doe Consulting", "needs_review"),
}
"""Version -> value of the second field and outcome, as they were when that version was current."""
REWRITE = bool(os.environ.get("DOCMILL_REWRITE_GOLDEN"))


def _changed(**changes: object) -> dict[str, object]:
    return {**json.loads(shape.results_bytes(build_results(given()))), **changes}


def _golden() -> PublishInput:
    base = einvoiced(entities=("IBAN_CODE", "PERSON"))
    assert base.understanding is not None
    return replace(base, understanding=packaged(base.understanding), enrichment=enriched())


def test_the_shipped_schema_is_the_models_own() -> None:
    current = json.dumps(shape.results_schema(), indent=1) + "\n"
    if REWRITE:
        SCHEMA.write_text(current)
    assert SCHEMA.read_text() == current


def test_results_of_this_version_have_not_changed_unnoticed() -> None:
    golden = GOLDEN / f"results-{shape.SCHEMA_VERSION}.json"
    # the entities are named, so that another default is no change of the results
    written = shape.results_bytes(build_results(_golden()))
    if REWRITE:
        golden.write_text(json.dumps(json.loads(written), indent=1) + "\n")
    then, now = json.loads(golden.read_bytes()), json.loads(written)
    assert {**then, "docmill_version": ""} == {**now, "docmill_version": ""}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("results-*.json")), ids=lambda p: p.name)
def test_old_results_stay_readable(path: Path) -> None:
    read = shape.read_results(path.read_bytes())
    assert read.document.page_count == 1
    second, outcome = THEN[path.stem.removeprefix("results-")]
    assert read.fields[1].value == second
    assert read.text_blocks[0].bounding_box[2] == (280.0, 30.0)
    assert read.outcome.name == outcome


def test_there_is_a_golden_file_to_read() -> None:
    assert list(GOLDEN.glob("results-*.json"))


def test_what_is_written_is_read_back_whole() -> None:
    built = build_results(replace(given(), enrichment=enriched()))
    assert shape.read_results(shape.results_bytes(built)) == built


def test_additions_of_a_newer_minor_version_are_left_out() -> None:
    data = _changed(schema_version="1.7.0", summary="new", kind={"name": "invoice", "confidence": 0.5, "reason": "r", "calibrated": True})
    read = shape.read_results(json.dumps(data).encode())
    assert read.kind.name == "invoice"
    shape.validate_results(data)  # and the schema of this version takes them too


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"%PDF-1.7", Damaged),
        (b"[1]", Damaged),
        (b'{"schema_version": 1}', Damaged),
        (b'{"schema_version": "one.two"}', Damaged),
        (b'{"schema_version": "1.0.0"}', Damaged),
        (b'{"schema_version": "2.0.0"}', VersionMismatch),
        (b'{"schema_version": "0.9.0"}', VersionMismatch),
        (b"\xff\xfe", Damaged),
    ],
)
def test_what_is_no_results_of_this_major_version_is_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        shape.read_results(data)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"schema_version": "2.0.0"}, "$.schema_version"),
        ({"fields": [{"name": "total", "value": 42.0, "text": "42", "page": 1, "box": None, "confidence": 1, "source": "s"}]}, "$.fields[0].value"),
        ({"outcome": {"name": "done", "problems": []}}, "$.outcome.name"),
        ({"text_blocks_dropped": -1}, "$.text_blocks_dropped"),
        ({"pages": [{}]}, "$.pages[0]"),
    ],
)  # fmt: skip
def test_the_schema_refuses_and_names_the_place_not_the_value(changes: dict[str, object], place: str) -> None:
    with pytest.raises(StageFailed) as caught:
        shape.validate_results(_changed(**changes))
    assert place in caught.value.message
    assert "42" not in caught.value.message


def test_a_field_value_is_never_a_number() -> None:
    with pytest.raises(ValidationError):
        ResultField.model_validate({"name": "total", "value": 42.0, "text": "42", "page": 1, "box": None, "confidence": 1, "source": "s"})


def test_no_file_name_no_tenant_and_no_force_in_results() -> None:
    data = _changed()
    assert not {"name", "file_name", "filename"} & set(data)
    assert "force" not in data["options"]  # type: ignore[operator] # a JSON object
    assert "tenant" not in data


def test_results_of_the_first_version_are_read_without_the_additions() -> None:
    old = shape.read_results((GOLDEN / "results-1.0.0.json").read_bytes())
    assert (old.schema_version, old.line_items, old.taxes) == ("1.0.0", (), ())
    shape.validate_results(json.loads((GOLDEN / "results-1.0.0.json").read_bytes()))
