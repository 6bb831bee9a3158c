"""The stored report of a batch too large to be looked at in one go."""

import json

from docmill.errors import Damaged, Encrypted
from docmill.services.batches import batch_view, create_batch, register_jobs
from docmill.services.jobs import claim_jobs
from docmill.services.jobs_finishing import finish_jobs
from docmill.services.running.kept_report import MOST_LINES, store_report, stored_checks
from docmill.services.running.report import batch_report
from docmill.storage.ledger.records import NewJob
from docmill.values.batch_checks import BatchChecks
from docmill.values.jobs import JobEnd, JobState
from docmill.values.options import MillOptions
from docmill.values.outcome import Outcome, OutcomeName

FILES, DAMAGED, LOCKED = 2105, 300, 305


def registered(room):
    """A batch where the first files failed at once, the last two wait, and all others are completed."""
    error = {**dict.fromkeys(range(DAMAGED), Damaged("cut off")), **dict.fromkeys(range(DAMAGED, DAMAGED + LOCKED), Encrypted("locked"))}
    files = [
        NewJob(sha256=f"{n:064x}", size_bytes=9, media_type="text/plain", name=f"{n}.txt", stored=True, error=error.get(n))
        for n in range(FILES)
    ]
    batch_id = create_batch(room.ledger, room.tenant, total_files=FILES, submitted_by="test")
    register_jobs(room.ledger, room.tenant, batch_id, files, MillOptions(), submitted_by="test", plan_digest="p")
    taken = claim_jobs(room.ledger, room.tenant, batch_id, run_id="run-1", lease_s=60)
    finish_jobs(room.ledger, room.tenant, [completed(job) for job in taken[:-2]])
    return batch_id


def completed(job):
    return JobEnd(
        job_id=job.job_id,
        document_id=job.document_id,
        fence=job.fence,
        state=JobState.COMPLETED,
        outcome=Outcome(name=OutcomeName.COMPLETED),
        kind="letter",
        page_count=1,
    )


def test_a_large_batch_is_reported_line_by_line(room):
    batch_id = registered(room)
    checks = BatchChecks(documents=1498)
    summary = store_report(room, batch_id, checks)
    stored = json.loads(room.store.read(summary.report))
    whole = batch_report(room, batch_id).model_copy(update={"checks": checks})
    assert stored == whole.model_dump(mode="json")
    assert [len(stored[name]) for name in ("results", "failures")] == [1498, DAMAGED + LOCKED]
    assert len({line["task_id"] for line in stored["results"] + stored["failures"]}) == FILES - 2
    assert (summary.total_files, summary.completed, summary.failed, summary.unfinished) == (FILES, 1498, 605, 2)
    assert summary.codes == {"damaged": DAMAGED, "encrypted": LOCKED}
    assert summary.kinds == {"letter": 1498, "unread": 605}
    assert [line.model_dump(mode="json") for line in summary.lines] == stored["failures"][:MOST_LINES]
    assert batch_view(room.ledger, room.tenant, batch_id).report_object == summary.report
    assert stored_checks(room, batch_id) == checks


def test_an_empty_batch_has_a_report(room):
    batch_id = create_batch(room.ledger, room.tenant, total_files=0, submitted_by="test")
    summary = store_report(room, batch_id)
    assert json.loads(room.store.read(summary.report)) == batch_report(room, batch_id).model_dump(mode="json")
    assert (summary.total_files, summary.lines, stored_checks(room, batch_id)) == (0, (), None)
