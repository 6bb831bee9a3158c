"""What redaction hides: who goes back to the open version, who looks at an original. Only for who may, and never unsaid."""

from dataclasses import replace
from datetime import timedelta

import pytest
from test_canary import jobs, milled, patient
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import NotAllowed
from docmill.services.audit import verify_streams
from docmill.services.batches_registering import Asker
from docmill.services.documents import remill
from docmill.services.purging import expired, purge_expired
from docmill.services.uploads import Received, Said, submit
from docmill.settings import settings
from docmill.storage.ledger import audit_reading
from docmill.values.options import MillOptions

__all__ = ["patient"]
OPEN = MillOptions(redact=False, index=False, force=True)


@pytest.fixture
def letter(room, tmp_path):
    """A document that is shown redacted: its path and its job."""
    path = tmp_path / "a.txt"
    path.write_text("Please write to zq.canary@hidden.example about it.\n")
    (job_id,) = milled(room, [path], redact=True, index=False)
    return path, jobs(room, [job_id])[0]


def said(room, document_id, *kinds):
    with room.ledger.reading() as conn:
        return [(one.kind, one.facts) for one in audit_reading.events(conn, room.tenant, document_id) if one.kind in kinds]


def test_going_back_is_refused_to_who_may_not_and_nothing_changes(room, letter):
    path, job = letter
    for options in (OPEN, OPEN.model_copy(update={"language": "de", "force": False})):
        with pytest.raises(NotAllowed, match="originals:read"):
            submit(room, [Received(path, path.name)], options, Said(), asker=Asker("key-1", may_unredact=False))
    with pytest.raises(NotAllowed):
        remill(room.ledger, room.tenant, job.job_id, OPEN, asker=Asker("key-1", may_unredact=False))
    assert said(room, job.document_id, "unredacted.asked", "unredacted.current") == []
    with room.ledger.reading() as conn:
        from docmill.storage.ledger import jobs as job_rows

        assert job_rows.ids_of_document(conn, room.tenant, job.document_id) == [job.job_id]
    redacted = submit(room, [Received(path, path.name)], MillOptions(redact=True, index=False, force=True), Said(), asker=Asker("k", False))
    assert redacted.job_ids != (job.job_id,)  # redacting again hides no less


def test_going_back_is_written_down_when_asked_and_when_shown(room, letter):
    path, job = letter
    asked = submit(room, [Received(path, path.name)], OPEN, Said(), asker=Asker("key-2"))
    assert said(room, job.document_id, "unredacted.asked") == [("unredacted.asked", {"job_id": asked.job_ids[0], "by": "key-2"})]
    assert said(room, job.document_id, "unredacted.current") == []
    (again,) = milled(room, [path], redact=False, index=False, force=True)
    assert said(room, job.document_id, "unredacted.current") == [("unredacted.current", {"job_id": again})]
    assert said(room, job.document_id, "unredacted.asked")[-1] == ("unredacted.asked", {"job_id": again, "by": "local"})
    (third,) = milled(room, [path], redact=False, index=False, force=True)  # it is open already: nothing to say
    assert third not in str(said(room, job.document_id, "unredacted.asked", "unredacted.current"))
    assert verify_streams(room.ledger, room.tenant) == {}


def test_a_link_to_the_original_of_a_redacted_document_is_written_down(room, letter, tmp_path):
    _, job = letter
    link = CliRunner().invoke(app, ["url", job.document_id, "original"])
    assert link.exit_code == 0, link.output
    CliRunner().invoke(app, ["url", job.document_id, "results"])
    assert said(room, job.document_id, "originals.read") == [("originals.read", {"what": "link", "job_id": job.job_id, "by": "local"})]
    (tmp_path / "open.txt").write_text("Plain words.\n")
    (other,) = milled(room, [tmp_path / "open.txt"], redact=False, index=False)
    (open_job,) = jobs(room, [other])
    CliRunner().invoke(app, ["url", open_job.document_id, "original"])
    assert said(room, open_job.document_id, "originals.read") == []


def test_originals_go_when_their_time_is_over(room, letter):
    _, job = letter
    assert expired(room) == []  # no end is set

    def keeping(seconds):
        return replace(room, settings=room.settings.model_copy(update={"keep_originals_s": seconds}))

    assert expired(keeping(3600.0)) == []
    assert [one.document_id for one in expired(keeping(0.0))] == [job.document_id]
    now = room.ledger.now
    room.ledger.now = lambda: now() + timedelta(hours=2)
    assert purge_expired(keeping(3600.0)).documents == 1
    assert not list(room.store.list("originals/"))
    assert said(room, job.document_id, "originals.purged")[-1][1]["by"] == "retention"
    assert purge_expired(keeping(3600.0)).documents == 0


def test_the_clean_up_command_takes_the_step(room, letter, monkeypatch):
    monkeypatch.setenv("DOCMILL_KEEP_ORIGINALS_S", "0")
    settings.cache_clear()
    assert "1 redacted document" in CliRunner().invoke(app, ["clean-up", "--dry-run"]).output
    assert list(room.store.list("originals/"))
    assert "1 redacted document" in CliRunner().invoke(app, ["clean-up"]).output
    assert not list(room.store.list("originals/"))
    assert "redacted document" not in CliRunner().invoke(app, ["clean-up"]).output


@pytest.mark.slow
def test_the_clean_up_flow_takes_the_step(prefect_server, room, letter, monkeypatch):
    from flows.clean_up_files import clean_up_files

    monkeypatch.setenv("DOCMILL_KEEP_ORIGINALS_S", "0")
    settings.cache_clear()
    assert clean_up_files(dry_run=True)["purged_documents"] == 1
    assert list(room.store.list("originals/"))
    assert clean_up_files()["purged_documents"] == 1
    assert not list(room.store.list("originals/"))
