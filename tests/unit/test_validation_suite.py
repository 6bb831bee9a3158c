"""A suite of a user's own: what is wrong with it is said with line and expectation, before anything is milled."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import SettingsInvalid
from docmill.services.validation_suite import suite_in
from docmill.settings import settings
from docmill.stages.validation.suite import checks_in, suite_data, suite_text
from docmill.stages.validation.suite_file import read_suite

GOOD = """\
expectations:
  - type: expect_column_values_to_be_between
    kwargs: {column: total_amount, max_value: 5000}
    severity: warning
    meta: {check: not_too_much, title: The total is at most 5000.}
  - type: expect_column_mean_to_be_between
    kwargs: {column: ocr_confidence, min_value: 0.8}
    severity: info
    meta: {check: read_well, title: The batch was read well., scope: batch}
"""

WRONG: list[tuple[str, str, str, str]] = [
    ("severity: warning", "severity: bad", "line 2, expectation 1 (not_too_much)", "critical, warning, info"),
    ("column: total_amount", "column: vendor_name", "line 2, expectation 1", "no such column"),
    ("column: total_amount", "column: vendor_digest", "line 2, expectation 1", "scope` batch only"),
    ("check: read_well", "check: not_too_much", "line 2, expectation 1", "another expectation"),
    ("check: read_well", "check: 'a,b'", "line 6, expectation 2", "a-z, 0-9"),
    ("scope: batch", "scope: all", "line 6, expectation 2 (read_well)", "document, batch"),
    (", scope: batch", "", "line 6, expectation 2 (read_well)", "needs scope batch"),
    ("expect_column_values_to_be_between", "expect_column_values_to_be_unique", "line 2, expectation 1", "needs scope batch"),
    ("title: The total is at most 5000.", "title: ''", "line 2, expectation 1", "meta.title"),
    ("expect_column_mean_to_be_between", "mean", "line 6, expectation 2", "`type`"),
    ("kwargs: {column: ocr_confidence, min_value: 0.8}", "kwargs: 3", "line 6", "`kwargs`"),
    ("expectations:", "checks:", "", "docmill suite show"),
    ("kwargs: {column: total_amount,", "kwargs: {column: total_amount", "line 3", "neither JSON nor YAML"),
]  # fmt: skip


def test_a_suite_is_read_from_yaml_and_json() -> None:
    assert list(checks_in(read_suite(GOOD))) == ["not_too_much", "read_well"]
    assert list(checks_in(read_suite(GOOD), "batch")) == ["read_well"]
    assert read_suite(json.dumps(suite_data())) == read_suite(suite_text())


def test_the_shipped_suite_is_one_that_a_user_may_begin_with() -> None:
    assert list(checks_in(read_suite(suite_text()))) == list(checks_in(suite_data()))
    assert [e["kwargs"] for e in read_suite(suite_text())["expectations"]] == [e["kwargs"] for e in suite_data()["expectations"]]


@pytest.mark.parametrize(("right", "wrong", "where", "what"), WRONG)
def test_what_is_wrong_is_said_with_its_place(right: str, wrong: str, where: str, what: str) -> None:
    assert right in GOOD
    with pytest.raises(SettingsInvalid) as caught:
        read_suite(GOOD.replace(right, wrong, 1))
    assert where in caught.value.message
    assert what in caught.value.message


def test_a_comma_missing_in_json_is_named_by_its_line() -> None:
    with pytest.raises(SettingsInvalid, match="line 6: neither JSON nor YAML"):
        read_suite(suite_text().replace('"type": "expect_column_values_to_be_between",', '"type": "expect_column_values_to_be_between"', 1))


def test_a_file_that_cannot_be_read_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="DOCMILL_VALIDATION_SUITE: the file cannot be read"):
        suite_in(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b"\xe4\xf6")
    with pytest.raises(SettingsInvalid, match="no UTF-8"):
        suite_in(tmp_path / "latin.json")


def test_show_prints_a_suite_that_can_be_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = CliRunner().invoke(app, ["suite", "show"])
    assert read_suite(shown.stdout) == read_suite(suite_text())
    (tmp_path / "own.yaml").write_text(GOOD)
    monkeypatch.setenv("DOCMILL_VALIDATION_SUITE", str(tmp_path / "own.yaml"))
    settings.cache_clear()
    assert CliRunner().invoke(app, ["suite", "show"]).stdout.strip() == GOOD.strip()
    (tmp_path / "own.yaml").write_text("no: suite")
    doctor = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    told = next(one for one in doctor if one["name"] == "suite of checks")
    assert not told["ok"]
    assert "docmill suite show" in told["detail"]
