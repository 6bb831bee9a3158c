"""Poison quarantine: noted, kept when the file comes again, released as a new job, by service, API and command."""

import json

import httpx
import pytest
from gateway_process import gateway_process
from typer.testing import CliRunner

from docmill.errors import NotAllowed, NotFound
from docmill.services import batches, quarantine
from docmill.services.batches_registering import Asker
from docmill.services.erase import erase
from docmill.services.intake import take_in
from docmill.services.milling import journal
from docmill.services.milling.lease import write_lease
from docmill.services.milling.work import mill_shard
from docmill.services.running.run import BatchRun
from docmill.services.sources import files_of
from docmill.storage.ledger import audit_reading
from docmill.values.jobs import JobState
from docmill.values.options import MillOptions


def mill(room, batch_id, *, deadly="", last="publish"):
    """Carry a batch to its end, or to the end of a stage; each worker that begins the deadly stage of a document dies, as the journal tells it."""
    run = BatchRun(room, batch_id, f"run-{batch_id}", workers=0, lease_s=60)
    shards = run.first_shards()
    while shards:
        write_lease(room.store, room.tenant, run.run_id, stop=False)
        for shard in shards:
            if shard.stage == deadly:
                assert journal.begin_first(room.store, shard, shard.items[0])
                journal.begin_again(room.store, shard, shard.items[0])
        shards = [after for shard in shards for after in run.fold(shard, mill_shard(shard, True)) if shard.stage != last]


def taken_in(room, path, **options):
    batch_id, registered = take_in(room, files_of([str(path)], room.settings), MillOptions(index=False, **options))
    return batch_id, registered[0]


@pytest.fixture
def poison(room, tmp_path):
    """A document whose reading kills its worker, milled; the file and its job."""
    path = tmp_path / "poison.txt"
    path.write_text("It kills.\n")
    batch_id, registered = taken_in(room, path)
    mill(room, batch_id, deadly="read")
    return path, registered


def test_it_is_listed_and_stays_when_the_file_comes_again(room, poison):
    path, first = poison
    (found,) = quarantine.list_quarantine(room)
    assert (found.job_id, found.state, found.stage, found.item, found.tries) == (first.job_id, JobState.FAILED, "read", "page-1", 2)
    batch_id, again = taken_in(room, path)
    assert (again.job_id, again.reused) == (first.job_id, True)
    mill(room, batch_id)
    assert [job.error_code for job in batches.batch_jobs(room.ledger, room.tenant, batch_id)] == ["quarantined"]
    assert taken_in(room, path, language="de")[1].job_id != first.job_id, "another plan tries once more"


def test_released_it_is_a_new_job_that_may_end_well(room, poison):
    _, first = poison
    submission = quarantine.release(room, first.job_id)
    assert quarantine.list_quarantine(room) == []
    with pytest.raises(NotFound):
        quarantine.release(room, first.job_id)
    mill(room, submission.batch_id, last="read")
    (job,) = batches.batch_jobs(room.ledger, room.tenant, submission.batch_id)
    assert (job.parent_job_id, job.stage, job.current, job.error_code) == (first.job_id, "read", 1, None)


def test_who_released_it_is_known_and_goes_back_from_no_redacted_version(room, poison, tmp_path):
    path, first = poison
    redacted, _ = taken_in(room, path, redact=True, entities=("EMAIL_ADDRESS",))
    mill(room, redacted)  # now the document is shown redacted
    with pytest.raises(NotAllowed):
        quarantine.release(room, first.job_id, asker=Asker("rita", may_unredact=False))
    submission = quarantine.release(room, first.job_id, asker=Asker("anna"))
    with room.ledger.reading() as conn:
        told = {event.facts.get("job_id"): event.facts for event in audit_reading.events(conn, room.tenant, first.document_id)}
    assert told[submission.job_ids[0]]["by"] == "anna"


def test_a_stage_of_a_partial_result_is_listed_too(room, tmp_path):
    (tmp_path / "a.txt").write_text("Half a poison.\n")
    batch_id, one = taken_in(room, tmp_path / "a.txt")
    mill(room, batch_id, deadly="understand")
    (found,) = quarantine.list_quarantine(room)
    assert (found.job_id, found.state, found.stage, found.item) == (one.job_id, JobState.PARTIAL, "understand", "document")


def test_an_erased_document_leaves_the_quarantine(room, poison):
    erase(room, poison[1].document_id)
    assert quarantine.list_quarantine(room) == []


def test_by_api_and_command(room, poison):
    from docmill.cli.main import app

    job_id = poison[1].job_id
    listed = CliRunner().invoke(app, ["quarantine", "list", "--json"])
    assert [(i["job_id"], i["name"]) for i in json.loads(listed.stdout)] == [(job_id, "poison.txt")]
    assert "poison.txt" in CliRunner().invoke(app, ["quarantine", "list"]).stdout
    with gateway_process(room.settings.home) as (client, _):
        assert [i["job_id"] for i in client.get("/api/v1/quarantine").json()] == [job_id]
        answer = client.post(f"/api/v1/quarantine/{job_id}/release")
        assert answer.status_code == httpx.codes.ACCEPTED
        assert client.get(answer.headers["Location"]).json()["task_id"] != job_id
        assert client.get("/api/v1/quarantine").json() == []
        assert client.post(f"/api/v1/quarantine/{job_id}/release").status_code == httpx.codes.NOT_FOUND
    assert CliRunner().invoke(app, ["quarantine", "release", job_id]).exit_code != 0
