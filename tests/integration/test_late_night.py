"""A night that was cut short, and the one after it: the same files are the same jobs, and the report tells how all of them ended."""

import json
import time

import pytest
from milled_papers import INVOICE, LETTER

from docmill.errors import InvalidOptions
from docmill.services.intake import take_in
from docmill.services.jobs import claim_jobs, list_jobs
from docmill.services.sources import files_of
from docmill.settings import settings
from docmill.values.jobs import JobState
from docmill.values.options import MillOptions

LEASE_S = 8.0


@pytest.fixture
def inbox(tmp_path, monkeypatch):
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "invoice.txt").write_text(INVOICE)
    (folder / "letter.txt").write_text(LETTER)
    monkeypatch.setenv("DOCMILL_SOURCE_ROOTS", str(folder))
    settings.cache_clear()
    return folder


def test_the_next_night_takes_what_the_last_one_held_and_reports_its_end(prefect_server, inbox, room, monkeypatch):
    from flows import ingest_documents as flows
    from flows import milling

    monkeypatch.setattr(milling, "LOOK_S", 0.5)
    options = MillOptions(index=False)
    last, _ = take_in(room, files_of([str(inbox)], room.settings), options)
    began = time.monotonic()
    held = claim_jobs(room.ledger, room.tenant, last, run_id="gone", lease_s=LEASE_S)
    (inbox / "new.txt").write_text("A third letter, of today.\n")

    told = flows.ingest_documents(sources=[str(inbox)], options=options)

    assert time.monotonic() - began > LEASE_S, "nobody takes from a run that may live"
    assert told == {
        "total_files": 3,
        "completed": 3,
        "partial": 0,
        "needs_review": 0,
        "failed": 0,
        "cancelled": 0,
        "unfinished": 0,
        "unreadable": 0,
    }
    jobs = {job.job_id: job for job in list_jobs(room.ledger, room.tenant)}
    assert {one.job_id for one in held} < set(jobs)
    assert len(jobs) == 3
    assert {job.state for job in jobs.values()} == {JobState.COMPLETED}
    (report,) = [json.loads(room.store.read(one.name)) for one in room.store.list("public/default/reports/")]
    assert {line["task_id"] for line in report["results"]} == set(jobs)


def test_a_night_without_sources_fails_and_says_where_to_set_them(prefect_server, room):
    from flows import ingest_documents as flows

    with pytest.raises(InvalidOptions, match=r"`sources`.*DOCMILL_NIGHTLY_SOURCES"):
        flows.ingest_documents(options=MillOptions(index=False))
    assert list_jobs(room.ledger, room.tenant) == []


def test_a_night_takes_the_sources_of_the_settings_when_none_are_given(prefect_server, inbox, room, monkeypatch):
    from flows import ingest_documents as flows

    monkeypatch.setenv("DOCMILL_NIGHTLY_SOURCES", str(inbox))
    settings.cache_clear()
    assert flows.ingest_documents(options=MillOptions(index=False))["completed"] == 2
