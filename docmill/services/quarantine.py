"""Poison quarantine: items that ended their workers several times and are run no more, and their release by a person.

A file whose whole document is quarantined stays so when it comes again under the same plan: a nightly run must not lose two workers to it every
night. Another plan (other options, a newer stage) tries it once more. Releasing is asking again: a new job, whose journal counts from one; what
is done already is found and not done again.
"""

from datetime import datetime

from docmill.errors import NotFound
from docmill.services import jobs
from docmill.services.batches_registering import Asker
from docmill.services.running.room import Room
from docmill.services.uploads import Submission, retry
from docmill.services.users import LOCAL_USER
from docmill.storage.ledger import quarantine as rows
from docmill.values.jobs import JobState
from docmill.values.model import Value


class QuarantinedItem(Value):
    """One item in quarantine. `name` is the file name, for the owner's eyes.

    Attributes:
        stage, item: what was being done: read, page-3.
        state: of the job: failed, or partial when other pages are there.
        tries: how often it was begun without an end.
    """

    job_id: str
    document_id: str
    name: str
    state: JobState
    stage: str
    item: str
    tries: int
    found_at: datetime


def list_quarantine(room: Room, *, limit: int = 500) -> list[QuarantinedItem]:
    """What is in quarantine, newest first.

    Raises:
        LedgerUnavailable: the ledger did not answer.
    """
    with room.ledger.reading() as conn:
        found = rows.held(conn, room.tenant, limit=limit)
    views = {job_id: jobs.job_view(room.ledger, room.tenant, job_id) for job_id in {row.job_id for row in found}}
    return [
        QuarantinedItem(
            job_id=row.job_id,
            document_id=row.document_id,
            name=views[row.job_id].name,
            state=views[row.job_id].state,
            stage=row.item.partition("-")[0],
            item=row.item.partition("-")[2],
            tries=row.tries,
            found_at=row.found_at,
        )
        for row in found
    ]


def release(room: Room, job_id: str, *, asker: Asker | None = None) -> Submission:
    """Try a job's quarantined items again, as a new job in the dispatcher's queue.

    Args:
        room: open.
        job_id: whose items they are.
        asker: who asks, for the audit trail; None for this machine's own user.

    Raises:
        NotFound: nothing of this job is in quarantine.
        Conflict: the job is not over yet, or its original is not kept.
        NotAllowed: the document is shown redacted, and the asker may not go back to the open version.
    """
    with room.ledger.reading() as conn:
        if not rows.held(conn, room.tenant, job_id=job_id):
            raise NotFound("nothing of this job is in quarantine; `docmill quarantine list` shows what is")
    return retry(room, job_id, force=False, asker=asker or Asker(LOCAL_USER))
