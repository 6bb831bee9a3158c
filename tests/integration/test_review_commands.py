"""`docmill review` and `docmill audit` on a real home, in this process."""

import json

import pytest
from ledger_fixtures import Work
from review_papers import published, results_now
from review_tasks import FRAUD, TOTAL, VENDOR, add_users, tasks_of
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import Conflict, InvalidOptions

RUNNER = CliRunner()


@pytest.fixture
def work(room):
    made = Work(room.ledger)
    add_users(room.ledger, anna="reviewer", carla="approver")
    return made


def run(*words, code=0):
    done = RUNNER.invoke(app, [str(word) for word in words])
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout


def refused(*words):
    return RUNNER.invoke(app, [str(word) for word in words]).exception


def test_a_review_from_the_list_to_the_new_version(room, work):
    assert "nothing to review" in run("review", "list")
    job = published(room, work, TOTAL, VENDOR, FRAUD)
    listed = json.loads(run("review", "list", "--json"))
    assert [one["subject"] for one in listed] == ["fraud", "field", "field"]
    total = listed[1]["task_id"]
    assert "123.45" not in run("review", "list")
    assert "123.45" in run("review", "show", total)
    assert total in run("review", "claim", total, "--as", "anna")
    assert isinstance(refused("review", "claim", total), Conflict)
    run("review", "release", total, "--as", "anna")
    assert "anna" in run("review", "assign", total, "--to", "anna", "--as", "carla")
    assert isinstance(refused("review", "decide", total, "--verdict", "corrected", "--value", "abc", "--as", "anna"), InvalidOptions)
    assert "next sweep" in run("review", "decide", total, "--verdict", "corrected", "--value", "123.54", "--as", "anna")
    run("review", "approve", listed[2]["task_id"], "--reason", "seen on paper")
    assert "1 documents have a new version, 0 wait" in run("review", "sweep")
    fields = {one["name"]: one for one in results_now(room, work, job.document_id)["fields"]}
    assert (fields["total"]["value"], fields["total"]["decided_by"], fields["vendor_name"]["decided_by"]) == ("123.54", "anna", "local")
    assert "a second person" in run("review", "decide", listed[0]["task_id"], "--verdict", "accepted")
    assert [t.state.value for t in tasks_of(work)] == ["pending", "decided", "decided"]


def test_approving_tells_what_was_refused(room, work):
    published(room, work, TOTAL)
    (task,) = tasks_of(work)
    run("review", "claim", task.task_id, "--as", "anna")
    run("review", "approve", task.task_id, "--reason", "x", code=53)


def test_the_audit_trail_is_signed_checked_and_exported(room, work, tmp_path, home):
    published(room, work, TOTAL)
    assert "signature 1" in run("audit", "sign")
    assert "nothing has changed" in run("audit", "sign")
    found = json.loads(run("audit", "verify", "--json", "--key", home / "audit.pub"))
    assert (found["broken"], found["signatures"], found["unsigned_events"]) == ([], 1, 0)
    lines = run("audit", "export").splitlines()
    assert len(lines) == found["events"]
    out = tmp_path / "trail.csv"
    run("audit", "export", "--format", "csv", "--to", out)
    assert len(out.read_text().splitlines()) == found["events"] + 1
    import sqlite3

    with sqlite3.connect(home / "ledger.db") as db:
        db.execute("DROP TRIGGER audit_events_no_update")
        db.execute("UPDATE audit_events SET kind = 'job.x' WHERE seq = 1")
    assert "BROKEN" in run("audit", "verify", code=11)


def test_an_error_rate_is_promised_from_sampled_documents_or_refused(room, work):
    refused_now = json.loads(run("review", "calibrate", "--json", code=53))
    assert (refused_now["promised"], refused_now["decisions"], refused_now["needed"]) == (False, 0, 59)
    sampled = TOTAL.model_copy(update={"reason": "sample", "confidence": 0.9})
    from docmill.services.review import claiming
    from docmill.services.review.deciding import Answer, decide
    from docmill.values.review import Verdict

    for n in range(30):
        published(room, work, *[sampled.model_copy(update={"page": page}) for page in (1, 2)], *([TOTAL] if n < 3 else []), n=n)
    for task in tasks_of(work):
        held = claiming.claim(room.ledger, "default", task.task_id, "local", lease_s=60)
        doubtful = task.reason != "sample"  # such decisions must not count: these fields were chosen for their doubt
        answer = (
            Answer(Verdict.REJECTED) if doubtful else Answer(Verdict.CORRECTED, "123.45") if task.page == 1 else Answer(Verdict.ACCEPTED)
        )
        decide(room, task.task_id, "local", answer, version=held.version)
    made = json.loads(run("review", "calibrate", "--json"))
    assert (made["promised"], made["decisions"], made["accepted"], made["wrong"]) == (True, 60, 60, 0)
    assert made["bound"] < 0.05
    assert made["thresholds"].startswith("field=1,field.total=0.")
    assert float(made["thresholds"].rpartition("=")[2]) <= 0.901
    assert "DOCMILL_REVIEW_THRESHOLDS=" in run("review", "calibrate")
