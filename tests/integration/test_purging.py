"""Purging what redaction left behind, and the personal data report of a batch."""

import json
from datetime import timedelta

import pytest
from test_canary import KEPT, chunk_texts, jobs, leaks, milled, patient, planted
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import Conflict, InvalidOptions, NotFound
from docmill.services.audit import verify_streams
from docmill.services.documents import remill
from docmill.services.intake import take_in
from docmill.services.jobs import request_cancel
from docmill.services.purging import purge, purgeable
from docmill.services.reindex import rebuild_tenant
from docmill.values.jobs import IncomingFile
from docmill.values.options import MillOptions

__all__ = ["patient"]
NOW = timedelta()


def test_after_a_purge_nothing_holds_the_values_and_what_may_be_shown_stays(room, home, tmp_path):
    path = planted(tmp_path)
    milled(room, [path], redact=False)  # its private chunks and pages hold the values, too
    (job_id,) = milled(room, [path], redact=True)
    (tmp_path / "open.txt").write_text("Write to open.values@muster.example.\n")
    (open_job,) = milled(room, [tmp_path / "open.txt"], redact=False)
    assert leaks(home, allowed=()) != []
    assert purgeable(room, older_than=timedelta(days=1)) == []
    assert purgeable(room, older_than=NOW, kinds=["no_such_kind"]) == []
    found = purgeable(room, older_than=NOW)
    (job,) = jobs(room, [job_id])
    assert [one.document_id for one in found] == [job.document_id]
    done = purge(room, found)
    assert (done.documents, done.busy) == (1, 0)
    assert done.objects > 4
    room.ledger.close()
    assert leaks(home, allowed=("knowledge/",)) == []  # LanceDB drops earlier versions of its files ten minutes later
    assert json.loads(room.store.read(job.results_object))["personal_data"]["redacted"] is True
    assert rebuild_tenant(room).left_out == ()
    assert KEPT.lower() in chunk_texts(home)
    assert purgeable(room, older_than=NOW) == []
    with pytest.raises(Conflict):
        remill(room.ledger, room.tenant, job_id)
    assert verify_streams(room.ledger, room.tenant) == {}
    assert jobs(room, [open_job])[0].state.is_final
    assert any("open.values" in line for line in leaks(home, ("open.values",), allowed=()))

    (again,) = milled(room, [path], redact=True, force=True)  # the bytes come again
    assert json.loads(room.store.read(jobs(room, [again])[0].results_object))["personal_data"]["total"] >= 4
    assert [one.document_id for one in purgeable(room, older_than=NOW)] == [job.document_id]


def test_a_purge_that_died_goes_on_and_a_busy_document_is_left_alone(room, home, tmp_path, monkeypatch):
    path = planted(tmp_path)
    milled(room, [path], redact=True, index=False)
    with monkeypatch.context() as patch:
        patch.setattr("docmill.storage.ledger.purging.forget", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        patch.setattr(room.store, "delete", lambda _: False)
        with pytest.raises(KeyboardInterrupt):
            purge(room, purgeable(room, older_than=NOW))
    assert leaks(home, allowed=()) != []
    found = purgeable(room, older_than=NOW)
    _, (again,) = take_in(room, [IncomingFile(name=path.name, location=str(path))], MillOptions(redact=True, force=True))
    assert purge(room, found).busy == 1
    request_cancel(room.ledger, room.tenant, again.job_id)
    purge(room, found)
    assert leaks(home, allowed=()) == []


def test_the_command_line_purges_and_reports(room, home, tmp_path):
    (job_id,) = milled(room, [planted(tmp_path)], redact=True, index=False)
    (job,) = jobs(room, [job_id])
    run = CliRunner().invoke
    report = json.loads(run(app, ["privacy-report", job.batch_id, "--json", "--html", str(tmp_path / "r.html")]).stdout)
    assert (report["documents"], report["missing"], report["total"]) == (1, [], sum(report["by_type"].values()))
    assert report["by_type"]["US_SSN"] == 1
    assert report["confidence"]["minimum"] <= report["confidence"]["average"] <= report["confidence"]["maximum"]
    page = (tmp_path / "r.html").read_text()
    assert "US_SSN" in page
    assert job.document_id in page
    assert "quirkwell" not in (page + json.dumps(report)).lower()
    assert "US_SSN" in run(app, ["privacy-report", job.batch_id]).stdout
    with pytest.raises(NotFound):
        run(app, ["privacy-report", "0" * 32], catch_exceptions=False)
    assert run(app, ["purge-originals"], input="n\n").exit_code == 1
    assert json.loads(run(app, ["purge-originals", job.document_id[:12], "--yes", "--json"]).stdout)["documents"] == 1
    assert "purged 0 document" in run(app, ["purge-originals", "--yes", "--older-than", "0"]).stdout


@pytest.mark.slow
def test_the_flow_redacts_what_is_below_its_sources_and_reports(prefect_server, tmp_path, monkeypatch, request):
    monkeypatch.setenv("DOCMILL_SOURCE_ROOTS", str(tmp_path / "in"))
    room, home = request.getfixturevalue("room"), request.getfixturevalue("home")
    (tmp_path / "in").mkdir()
    planted(tmp_path / "in")
    from flows.redact_documents import redact_documents

    with pytest.raises(InvalidOptions):
        redact_documents()
    counts = redact_documents(sources=[str(tmp_path / "in")], options=MillOptions(index=False))
    assert (counts["total_files"], counts["failed"]) == (1, 0)
    assert leaks(home) == []
    reports = [info.name for info in room.store.list("public/default/reports/") if "/privacy-" in info.name]
    assert sorted(name.rsplit(".", 1)[1] for name in reports) == ["html", "json"]
    body = json.loads(room.store.read(next(name for name in reports if name.endswith("json"))))
    assert body["by_type"]["US_SSN"] == 1
