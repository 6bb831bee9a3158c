"""Batches: making one, registering its files as jobs, looking at it, closing it. Every change is one ledger transaction."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import SecretStr

from docmill.errors import NotFound
from docmill.services.batches_registering import Asked, Order, register
from docmill.storage.ledger import Connection, Ledger, views
from docmill.storage.ledger import batches as batch_rows
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.audit_reading import events
from docmill.storage.ledger.ids import new_id
from docmill.storage.ledger.outbox import Notice, put_notices
from docmill.storage.ledger.records import NewJob, Registration
from docmill.values.jobs import BatchView, JobView
from docmill.values.options import MillOptions

__all__ = [
    "NewJob",
    "Registration",
    "batch_jobs",
    "batch_view",
    "create_batch",
    "each_job",
    "finish_batch",
    "note_unreadable",
    "recount_files",
    "register_jobs",
    "unreadable_files",
]


JOBS_AT_ONCE: Final = 1000
_UNREADABLE: Final = "batch.unreadable"
_FINISHED: Final = "batch.finished"


def create_batch(ledger: Ledger, tenant: str, *, total_files: int, submitted_by: str) -> str:
    """Make a batch for `total_files` files and return its id.

    Raises:
        NotFound: no such tenant.
    """
    at = ledger.now()
    batch_id = new_id(at)
    with ledger.transaction() as conn:
        batch_rows.insert(conn, tenant, batch_id, total_files=total_files, submitted_by=submitted_by, at=at)
        append_event(conn, tenant, batch_id, "batch.created", {"total_files": total_files, "by": submitted_by}, at=at)
    return batch_id


def recount_files(ledger: Ledger, tenant: str, batch_id: str, *, total_files: int) -> None:
    """Correct how many files a batch has, once its archives are taken apart."""
    with ledger.transaction() as conn:
        batch_rows.recount(conn, tenant, batch_id, total_files=total_files)


def note_unreadable(ledger: Ledger, tenant: str, batch_id: str, reasons: Mapping[str, int]) -> None:
    """Note how many files of a batch could not be read, by reason; they have no job, because nobody knows what they hold."""
    at = ledger.now()
    with ledger.transaction() as conn:
        append_event(conn, tenant, batch_id, _UNREADABLE, dict(reasons), at=at)


def unreadable_files(ledger: Ledger, tenant: str, batch_id: str) -> int:
    """How many files of a batch could not be read."""
    with ledger.reading() as conn:
        told = [event.facts for event in events(conn, tenant, batch_id) if event.kind == _UNREADABLE]
    return sum(count for facts in told for count in facts.values() if isinstance(count, int))


def register_jobs(
    ledger: Ledger,
    tenant: str,
    batch_id: str,
    files: Sequence[NewJob],
    options: MillOptions,
    *,
    submitted_by: str,
    tags: Sequence[str] = (),
    collection: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    plan_digest: str,
    password: SecretStr | None = None,
) -> list[Registration]:
    """Register files with a batch, all in one transaction.

    Args:
        ledger: the open ledger.
        tenant: whose files these are.
        batch_id: may be given files more than once.
        files: what arrived; one with an error becomes a job that failed at once.
        options: how to mill; `force` makes a new job even if a result is there.
        submitted_by: id of the user.
        tags: labels of the client for the jobs.
        collection: the collection that the jobs belong to.
        metadata: JSON of the client, at most 4 KB.
        plan_digest: digest of options, stage versions and engines: jobs with the same one give the same result.
        password: tried on PDFs that ask for one.

    Returns:
        A registration per file, in their order; the same bytes twice share one job.

    Raises:
        NotFound: no such batch.
        InvalidOptions: metadata, a label or the password is too long.
        SettingsInvalid: a password came, and the ledger was opened without a key.
    """
    order = Order(options, plan_digest, submitted_by, tuple(tags), collection, metadata, password)
    with ledger.transaction() as conn:
        if not batch_rows.exists(conn, tenant, batch_id, lock=True):
            raise NotFound("no such batch")
        return register(conn, tenant, batch_id, [Asked(file, order) for file in files], at=ledger.now())


def batch_view(ledger: Ledger, tenant: str, batch_id: str) -> BatchView:
    """The batch, its files counted by the state of their jobs.

    Raises:
        NotFound: no such batch.
    """
    with ledger.reading() as conn:
        return batch_rows.view(conn, tenant, batch_id)


def batch_jobs(ledger: Ledger, tenant: str, batch_id: str) -> list[JobView]:
    """One job per file of the batch in the order the files came, reused ones included, under the name the file had in this batch."""
    return list(each_job(ledger, tenant, batch_id))


def each_job(ledger: Ledger, tenant: str, batch_id: str) -> Iterator[JobView]:
    """As `batch_jobs`, a thousand at a time: a batch may have a million files."""
    after = -1
    while True:
        with ledger.reading() as conn:
            page = views.of_batch(conn, tenant, batch_id, after=after, most=JOBS_AT_ONCE)
        yield from (job for _, job in page)
        if len(page) < JOBS_AT_ONCE:
            return
        after = page[-1][0]


def finish_batch(
    ledger: Ledger, tenant: str, batch_id: str, *, report_object: str, failed_checks: int = 0, only_open: bool = False
) -> bool:
    """Note that the batch is over and where its report lies; a later run of the same batch puts its own report in the place.

    The end is told once: again only where the states of the jobs have changed since, or checks do not hold.

    Args:
        ledger: the open ledger.
        tenant: whose batch it is.
        batch_id: which one.
        report_object: the report's name.
        failed_checks: how many checks of severity critical or warning do not hold over the whole batch.
        only_open: leave a batch alone that is closed already.

    Returns:
        Whether this report is the batch's now.

    Raises:
        NotFound: no such batch.
    """
    at = ledger.now()
    with ledger.transaction() as conn:
        if not batch_rows.exists(conn, tenant, batch_id, lock=True):
            raise NotFound("no such batch")
        if only_open and batch_rows.view(conn, tenant, batch_id).finished_at is not None:
            return False
        told = [event.facts for event in events(conn, tenant, batch_id) if event.kind == _FINISHED]
        batch_rows.finish(conn, tenant, batch_id, report_object=report_object, at=at)
        counts = batch_rows.view(conn, tenant, batch_id).by_state
        if failed_checks or told[-1:] != [counts]:
            _tell(conn, tenant, batch_id, counts, report_object=report_object, failed_checks=failed_checks, at=at)
    return True


def _tell(
    conn: Connection, tenant: str, batch_id: str, counts: Mapping[str, int], *, report_object: str, failed_checks: int, at: datetime
) -> None:
    append_event(conn, tenant, batch_id, _FINISHED, counts, at=at)
    facts: dict[str, str | int | None] = {
        "batch_id": batch_id,
        "report_object": report_object,
        "files": sum(counts.values()),
        "failed": counts.get("failed", 0),
        "failed_checks": failed_checks,
    }
    put_notices(conn, tenant, [Notice(_FINISHED, facts)], at=at)
