"""The suite runs in the real library, in this process and in one with the address space of a parsing process."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from docmill.errors import SettingsInvalid, StageFailed
from docmill.stages.validation import gates, version
from docmill.stages.validation.rows import COLUMNS, ValidationRow, row_from
from docmill.stages.validation.suite import checks_in, suite_data
from docmill.stages.validation.verbs import suite_from, validate
from docmill.values.evidence import Evidence, Field, Kind, Understanding
from docmill.values.options import MillOptions

ROOT = Path(__file__).parents[2]

GOOD = ValidationRow(
    document_id="good", kind="invoice", kind_confidence=0.9, page_count=1, words=120, ocr_confidence=0.95, document_number_present=True,
    issue_date="2024-04-03", checked_on="2024-05-01", total="1237.95", currency="EUR", least_field_confidence=0.5, chunks=3,
)  # fmt: skip

BREAKS: list[tuple[str, dict[str, object]]] = [
    ("has_pages", {"page_count": 0}),
    ("has_text", {"words": 0}),
    ("read_surely", {"ocr_confidence": 0.59}),
    ("total_present", {"total": None}),
    ("total_present", {"total": "no number"}),
    ("total_positive", {"total": "0.00"}),
    ("total_positive", {"total": "-8.79", "kind": "receipt"}),
    ("sums_add_up", {"net_total": "1000.00", "tax_total": "190.00"}),
    ("number_present", {"document_number_present": False}),
    ("date_present", {"issue_date": None}),
    ("date_not_in_future", {"issue_date": "2024-05-03"}),
    ("date_after_1970", {"issue_date": "1969-12-31"}),
    ("currency_known", {"currency": "XXX"}),
    ("is_searchable", {"chunks": 0}),
    ("fields_sure", {"least_field_confidence": 0.19}),
]

HOLDS: list[dict[str, object]] = [
    {"net_total": "1000.00", "tax_total": "237.95"},
    {"net_total": "1000.00", "tax_total": "237.97"},  # a till rounds to five cents
    {"net_total": "1000.00", "tax_total": None},
    {"ocr_confidence": 0.6},
    {"issue_date": "2024-05-02"},  # the day after may be today somewhere
    {"kind": "credit_note", "total": "-8.79"},
    {
        "kind": "letter",
        "total": None,
        "document_number_present": False,
        "issue_date": None,
        "currency": None,
        "least_field_confidence": None,
    },
    {"kind": "receipt", "document_number_present": False},
    {"words": 50, "chunks": None},  # not indexed
]


def _rows(changes: list[dict[str, object]]) -> list[dict[str, object]]:
    return [GOOD.model_copy(update={**c, "document_id": f"doc{n}"}).model_dump(mode="json") for n, c in enumerate(changes)]


def test_each_check_fails_for_the_document_that_breaks_it_and_for_no_other() -> None:
    verdicts = validate(_rows([change for pair in BREAKS for change in (pair[1], {})]))
    assert [v["document_id"] for v in verdicts] == [f"doc{n}" for n in range(2 * len(BREAKS))]
    assert [v["failed"] for v in verdicts] == [failed for check, _ in BREAKS for failed in ([check], [])]


def test_every_check_of_the_suite_can_fail() -> None:
    assert {check for check, _ in BREAKS} == set(checks_in(suite_data(), "document"))


def test_conditions_on_kind_and_edges_hold() -> None:
    assert [v["failed"] for v in validate(_rows(HOLDS))] == [[] for _ in HOLDS]


@pytest.mark.parametrize("change", HOLDS)
def test_a_shard_of_one_document(change: dict[str, object]) -> None:
    assert validate(_rows([change])) == [{"document_id": "doc0", "failed": []}]


def test_failed_checks_come_in_the_suites_order() -> None:
    broken = validate(_rows([{"total": None, "document_number_present": False, "chunks": 0, "page_count": 0, "ocr_confidence": 0.1}]))
    assert broken[0]["failed"] == ["has_pages", "read_surely", "total_present", "number_present", "is_searchable"]


def test_nothing_is_a_shard_too() -> None:
    assert validate([]) == []


def test_a_thousand_rows_are_one_run() -> None:
    verdicts = validate(_rows([BREAKS[n % len(BREAKS)][1] for n in range(1000)]))
    assert [v["failed"] for v in verdicts] == [[BREAKS[n % len(BREAKS)][0]] for n in range(1000)]


def test_no_value_reaches_the_librarys_results() -> None:
    secret = GOOD.model_copy(update={"document_id": "d", "currency": "SECRET", "total": "-7777.77", "issue_date": "1955-06-17"})
    results = gates.run_suite([secret], suite_data(), "document")
    assert not all(one.success for one in results.values())
    told = json.dumps([one.to_json_dict() for one in results.values()], default=str)
    for value in ("SECRET", "7777", "1955"):
        assert value not in told


def test_a_check_that_cannot_be_evaluated_is_a_failure_not_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "COLUMNS", {k: v for k, v in COLUMNS.items() if k != "currency"})
    with pytest.raises(StageFailed, match="could not be evaluated"):
        validate(_rows([{}]))


def test_a_row_of_another_shape_is_refused_without_its_values() -> None:
    with pytest.raises(StageFailed) as caught:
        validate([{"document_id": "d", "name": "Jane Doe"}])
    assert "Jane" not in str(caught.value) + str(caught.value.facts)


def test_the_suite_says_severity_and_title_for_people() -> None:
    for expectation in suite_data()["expectations"]:
        assert expectation["severity"] in {"critical", "warning", "info"}
        assert expectation["meta"]["title"].endswith(".")


def test_the_version_follows_the_library_and_the_suite() -> None:
    assert set(version.engine(MillOptions())) == {"great_expectations", "suite"}


def test_a_row_is_made_from_what_the_stages_found() -> None:
    fields = tuple(
        Field(name=name, value=value, text=value, evidence=Evidence(page=1, confidence=sure, source="label:x"))
        for name, value, sure in (("total", "5.00", 0.8), ("currency", "EUR", 0.6), ("issue_date", "2024-01-31", 0.9))
    )
    understood = Understanding(kind=Kind(name="receipt", confidence=0.7, reason="r"), fields=fields)
    row = row_from("d", understood, pages=[(30, 0.9), (10, 0.5)], chunks=2, checked_on=date(2024, 2, 2))
    assert (row.page_count, row.words, row.ocr_confidence, row.least_field_confidence) == (2, 40, 0.8, 0.6)
    assert (row.total_amount, row.issue_year, row.issue_date_age_days, row.has_text) == (5.0, 2024, 2, True)
    assert row.document_number_present is False


def test_a_blank_document_has_no_confidence() -> None:
    row = row_from(
        "d", Understanding(kind=Kind(name="other", confidence=0.5, reason="r")), pages=[], chunks=None, checked_on=date(2024, 2, 2)
    )
    assert (row.ocr_confidence, row.has_text, row.least_field_confidence) == (0.0, False, None)


def _own(tmp_path: Path, **changes: object) -> str:
    one = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "total_amount", "max_value": 1000},
        "severity": "info",
        "meta": {"check": "not_too_much", "title": "The total is at most 1000."},
    }
    file = tmp_path / "own.json"
    file.write_text(json.dumps({"expectations": [one | changes]}))
    return str(file)


def test_a_suite_of_ones_own_is_asked_instead(tmp_path: Path) -> None:
    verdicts = validate(_rows([{}, {"total": "999"}, {"total": None}]), _own(tmp_path))
    assert [v["failed"] for v in verdicts] == [["not_too_much"], [], []]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"type": "expect_column_values_to_be_fine"}, "not_too_much: Great Expectations knows no such `type`"),
        ({"kwargs": {"column": "total_amount"}}, "not_too_much: .* cannot both be None"),
        ({"kwargs": {"column": "total_amount", "max_value": 1, "most": 2}}, "not_too_much: .*most"),
    ],
)
def test_what_the_library_refuses_is_an_error_and_not_left_out(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    with pytest.raises(SettingsInvalid, match=told):
        validate(_rows([{}]), _own(tmp_path, **changes))
    with pytest.raises(SettingsInvalid, match=told):
        gates.try_suite(suite_from(_own(tmp_path, **changes)))


def test_the_shipped_suite_can_be_tried() -> None:
    gates.try_suite(suite_data())


@pytest.mark.slow
def test_it_runs_within_the_address_space_of_a_parsing_process() -> None:
    program = (
        "import json, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))\n"
        "from docmill.stages.validation.verbs import validate\n"
        "print(json.dumps(validate(json.load(sys.stdin))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(_rows([{}, {"total": None}])), capture_output=True, text=True, cwd=ROOT, check=False, timeout=120
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [v["failed"] for v in json.loads(done.stdout)] == [[], ["total_present"]]
    assert "Calculating Metrics" not in done.stderr  # no progress bars
