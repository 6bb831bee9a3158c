"""The checks over a whole batch: one invoice that came twice under other bytes is found, told by ids alone, and given to a person."""

import json
import re

import pytest
from gateway_process import gateway_process
from milled_papers import LETTER, mill
from supplier_invoices import invoice_pdf
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import NotFound, SettingsInvalid
from docmill.services.intake import take_in
from docmill.services.running.batch_checks import check_batch
from docmill.services.running.kept_report import store_report, stored_checks, stored_page
from docmill.services.running.report import batch_report
from docmill.services.sources import files_of
from docmill.settings import settings
from docmill.storage.ledger import review_tasks
from docmill.storage.ledger.review_tasks import TaskFilter
from docmill.values.options import MillOptions

NUMBER = "RE-2026-4711"


def batch_of(room, paths):
    batch_id, registered = take_in(room, files_of([str(p) for p in paths], room.settings), MillOptions(index=False))
    mill(room, batch_id)
    return batch_id, [one.document_id for one in registered]


def reported(room, batch_id):
    report = store_report(room, batch_id, check_batch(room, batch_id))
    return report, report.report


def tasks_about(room, check):
    with room.ledger.reading() as conn:
        found = review_tasks.search(conn, room.tenant, TaskFilter(), limit=100)
    return sorted(one.document_id for one in found if one.name == check)


@pytest.fixture
def papers(tmp_path):
    """One invoice twice in two layouts, another number of the same vendor with the same total, and a letter."""
    printed = [(NUMBER, 0), (NUMBER, 1), ("RE-2026-4712", 0)]
    made = [tmp_path / f"{n}.pdf" for n in range(len(printed))]
    for place, (number, layout) in zip(made, printed, strict=True):
        invoice_pdf(place, number=number, order_number="PO-2026-1", layout=layout)
    (tmp_path / "letter.txt").write_text(LETTER)
    return [*made, tmp_path / "letter.txt"]


def test_an_invoice_that_came_twice(room, home, papers):
    batch_id, document_ids = batch_of(room, papers)
    assert not tasks_about(room, "no_duplicates")
    report, name = reported(room, batch_id)
    lines = {one.check: one for one in report.checks.lines}
    twice = lines["no_duplicates"]
    assert (report.checks.documents, twice.passed, twice.scope, twice.severity) == (4, False, "batch", "warning")
    assert sorted(twice.document_ids) == sorted(document_ids[:2])
    assert lines["total_present"].is_held
    assert tasks_about(room, "no_duplicates") == sorted(document_ids[:2])

    reported(room, batch_id)  # a later run of the batch reports again and asks nobody twice
    assert tasks_about(room, "no_duplicates") == sorted(document_ids[:2])

    page = stored_page(room, batch_id).decode()
    told = room.store.read(name).decode()
    assert stored_checks(room, batch_id).page.startswith(f"private/{room.tenant}/reports/{batch_id}/")
    for document_id in document_ids[:2]:
        assert document_id in page
        assert document_id in told
    for said in (NUMBER, "4711", "Nordlicht", "745", "<script", "http:", "https:"):
        # ids and times count to the microsecond, so that any three digits may stand in them
        assert not re.search(rf"(?<!\d){re.escape(said)}(?!\d)", page)
        assert not re.search(rf"(?<!\d){re.escape(said)}(?!\d)", told)
    rows = [json.loads(p.read_text()) for p in (home / "store" / "private" / room.tenant / "validate").rglob("*.json")]
    assert len(rows) == len(papers)
    assert {row["document_number_digest"] for row in rows} == {None}  # digests are made where the key is, and kept nowhere

    shown = CliRunner().invoke(app, ["status", batch_id])
    assert "no_duplicates" in shown.stdout
    saved = home / "checks.html"
    assert CliRunner().invoke(app, ["suite", "page", batch_id, "--output", str(saved)]).exit_code == 0
    assert saved.read_text() == page
    with gateway_process(home) as (client, _):
        answer = client.get(f"/api/v1/batches/{batch_id}").json()
        assert answer["checks"]["failed"] == {"no_duplicates": 2}
        got = client.get(answer["checks"]["page_url"])
        assert (got.status_code, got.text) == (200, page)
        assert "default-src 'none'" in got.headers["content-security-policy"]
        assert client.get(f"/api/v1/batches/{'0' * 26}/checks").status_code == 404


def test_a_suite_of_ones_own_judges_document_and_batch(room, papers, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "expectations:\n"
        "- {type: expect_column_values_to_be_in_set, kwargs: {column: kind, value_set: [letter]}, severity: warning,"
        " meta: {check: is_letter, title: It is a letter.}}\n"
        "- {type: expect_table_row_count_to_be_between, kwargs: {max_value: 1}, severity: critical,"
        " meta: {check: few, title: There is one document at most., scope: batch}}\n"
    )
    object.__setattr__(room, "settings", settings().model_copy(update={"validation_suite": own}))
    batch_id, document_ids = batch_of(room, papers[2:])
    results = [json.loads(room.store.read(one.results)) for one in batch_report(room, batch_id).results]
    assert sorted(r["validation"]["failed_checks"] for r in results) == [[], ["is_letter"]]
    assert sorted(r["validation"]["passed"] for r in results) == [False, True]
    assert "It is a letter." in [p["message"] for r in results for p in r["outcome"]["problems"]]
    assert tasks_about(room, "is_letter") == [document_ids[0]]
    report, _ = reported(room, batch_id)
    assert [(one.check, one.passed, one.document_ids) for one in report.checks.lines] == [
        ("is_letter", False, (document_ids[0],)),
        ("few", False, ()),
    ]
    assert report.checks.grave == 2


def test_a_wrong_suite_is_told_and_the_report_is_written(room, papers, tmp_path):
    batch_id, _ = batch_of(room, papers[2:])
    own = tmp_path / "own.yaml"
    own.write_text("no: suite")
    object.__setattr__(room, "settings", settings().model_copy(update={"validation_suite": own}))
    report, name = reported(room, batch_id)
    assert (report.checks.error_code, report.checks.lines) == ("settings_invalid", ())
    assert json.loads(room.store.read(name))["checks"]["error_code"] == "settings_invalid"
    with pytest.raises(SettingsInvalid, match="DOCMILL_VALIDATION_SUITE: it has no list"):
        batch_of(room, papers[:1])


def test_an_edited_suite_judges_the_same_file_anew(room, papers, tmp_path):
    own = tmp_path / "own.yaml"
    object.__setattr__(room, "settings", settings().model_copy(update={"validation_suite": own}))
    failed = []
    for most in (5000, 5):
        own.write_text(
            "expectations: [{type: expect_column_values_to_be_between, severity: warning,"
            f" kwargs: {{column: total_amount, max_value: {most}}}, meta: {{check: not_too_much, title: It is not too much.}}}}]"
        )
        batch_id, _ = batch_of(room, papers[:1])
        (line,) = batch_report(room, batch_id).results
        failed.append(json.loads(room.store.read(line.results))["validation"]["failed_checks"])
    assert failed == [[], ["not_too_much"]]


def test_one_document_alone_is_no_batch_to_check(room, papers):
    batch_id, _ = batch_of(room, papers[3:])
    report, _ = reported(room, batch_id)
    assert (report.checks.documents, report.checks.lines) == (1, ())
    with pytest.raises(NotFound, match="fewer than two documents"):
        stored_page(room, batch_id)
