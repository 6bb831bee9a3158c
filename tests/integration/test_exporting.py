"""Exports of really milled documents, read back by those who read such files."""

import csv
import io
import json
import zipfile
from datetime import timedelta

import pandas as pd
import pytest
from milled_papers import INVOICE, LETTER, ingest, mill_anew
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import InvalidOptions
from docmill.services import exporting
from docmill.services.erase import erase
from docmill.services.exporting import JobFilter, export_results, harmless
from docmill.services.jobs import list_jobs
from docmill.services.purging import purge, purgeable
from docmill.values.jobs import JobState
from docmill.values.keys import exports_prefix
from docmill.values.results import read_results


@pytest.fixture
def papers(room, tmp_path):
    (tmp_path / "i.txt").write_text(INVOICE)
    (tmp_path / "l.txt").write_text(LETTER)
    (invoice,) = ingest(room, tmp_path / "i.txt", tags=["mine"], index=False)
    (letter,) = ingest(room, tmp_path / "l.txt", index=False)
    return invoice, letter


def test_a_table_has_a_row_a_document_with_values_and_confidences(room, papers, tmp_path, monkeypatch):
    monkeypatch.setattr("docmill.services.exporting.PAGE", 1)
    mill_anew(room, papers[0], index=False, force=True)
    newest = next(job for job in list_jobs(room.ledger, room.tenant) if job.document_id == papers[0])
    results = read_results(room.store.read(newest.results_object))
    assert export_results(room, JobFilter(), tmp_path / "t.csv", "csv") == 2
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = {row["document_id"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(papers)
    row = rows[papers[0]]
    assert (row["task_id"], row["kind"]) == (newest.job_id, results.kind.name)
    for field in results.fields:
        assert row[f"{field.name}.value"].removeprefix("'") == field.value
    assert "1234.50" in {row["total.value"], row.get("amount_due.value")}
    assert (tmp_path / "t.csv").stat().st_mode & 0o077 == 0

    assert export_results(room, JobFilter(tag="mine"), tmp_path / "t.parquet", "parquet") == 1
    frame = pd.read_parquet(tmp_path / "t.parquet")
    assert list(frame["document_id"]) == [papers[0]]
    assert frame["kind_confidence"].dtype == float
    assert export_results(room, JobFilter(states=[JobState.FAILED]), tmp_path / "none.parquet", "parquet") == 0
    assert len(pd.read_parquet(tmp_path / "none.parquet")) == 0


def test_failed_documents_have_rows_where_they_are_asked_for_and_an_empty_table_has_its_header(room, papers, tmp_path):
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    (broken,) = ingest(room, tmp_path / "broken.pdf", index=False)

    def exported(name, *states):
        count = export_results(room, JobFilter(states=states), tmp_path / name, "csv")
        with (tmp_path / name).open(newline="") as file:
            table = csv.DictReader(file)
            rows = list(table)
        assert len(rows) == count
        return table.fieldnames, rows

    names, (row,) = exported("failed.csv", JobState.FAILED)
    assert (row["document_id"], row["outcome"], row["error_code"], row["kind_confidence"]) == (broken, "failed", "damaged", "")
    assert len(row["sha256"]) == 64
    assert {row["document_id"] for row in exported("all.csv")[1]} == set(papers)
    assert exported("cancelled.csv", JobState.CANCELLED) == (names, [])
    assert export_results(room, JobFilter(states=[JobState.FAILED]), tmp_path / "failed.zip", "zip") == 0


def test_an_export_that_is_being_written_while_a_document_is_erased_is_written_anew(room, papers, tmp_path, monkeypatch):
    real = exporting.export_results

    def slowly(room, wanted, path, form, documents):
        count = real(room, wanted, path, form, documents)
        if papers[1] in documents:
            erase(room, papers[1])
        return count

    monkeypatch.setattr(exporting, "export_results", slowly)
    assert exporting.export_to_store(room, JobFilter(), f"{exports_prefix(room.tenant)}a.zip", tmp_path, "zip") == 1
    (info,) = room.store.list(exports_prefix(room.tenant))
    with zipfile.ZipFile(io.BytesIO(room.store.read(info.name))) as found:
        assert [read_results(found.read(name)).document.id for name in found.namelist()] == [papers[0]]


def test_results_of_documents_whose_originals_were_purged_are_exported(room, tmp_path):
    (tmp_path / "p.txt").write_text(f"{LETTER}Yours, Anna Maier, anna.maier@example.org\n")
    ids = ingest(room, tmp_path / "p.txt", redact=True, index=False)
    assert purge(room, purgeable(room, older_than=timedelta(0), document_ids=ids))
    assert exporting.export_to_store(room, JobFilter(), f"{exports_prefix(room.tenant)}a.csv", tmp_path, "csv") == 1


def test_a_zip_has_the_results_and_a_file_that_is_there_is_never_overwritten(room, papers, tmp_path):
    assert export_results(room, JobFilter(kind="invoice"), tmp_path / "t.zip", "zip") == 1
    with zipfile.ZipFile(tmp_path / "t.zip") as found:
        (name,) = found.namelist()
        assert read_results(found.read(name)).document.id == papers[0]
    with pytest.raises(InvalidOptions):
        export_results(room, JobFilter(), tmp_path / "t.zip", "zip")
    run = CliRunner().invoke
    done = json.loads(run(app, ["export-results", str(tmp_path / "c.csv"), "--since", "2020-01-01", "--json"]).stdout)
    assert done["documents"] == 2
    assert "0 document" in run(app, ["export-results", str(tmp_path / "d.csv"), "--before", "2020-01-01"]).stdout
    assert isinstance(run(app, ["export-results", str(tmp_path / "e.csv"), "--state", "lost"]).exception, InvalidOptions)


@pytest.mark.parametrize(
    ("value", "cell"), [("=1+1", "'=1+1"), ("-5.00", "-5.00"), ("@x", "'@x"), ("+49 30", "'+49 30"), (3, 3), (None, None)]
)
def test_a_spreadsheet_runs_nothing(value, cell):
    assert harmless(value) == cell
