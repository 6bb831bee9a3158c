"""Documents: their current result, what was made of them, milling them again, deleting them."""

from collections.abc import Callable, Mapping, Sequence

from docmill.errors import Conflict, NotFound
from docmill.services.batches_registering import Asked, Asker, Order, register
from docmill.storage.ledger import Connection, Ledger, artefacts, deletion, versions, views
from docmill.storage.ledger import batches as batch_rows
from docmill.storage.ledger import documents as document_rows
from docmill.storage.ledger import jobs as job_rows
from docmill.storage.ledger.audit import Fact, append_event
from docmill.storage.ledger.ids import new_id
from docmill.storage.ledger.records import JobRequest, NewJob
from docmill.values.jobs import Artefact, JobView
from docmill.values.keys import original_name
from docmill.values.options import MillOptions

Promise = Callable[[str, Sequence[str], Sequence[str]], None]
"""(document id, its job ids, names of its objects)."""

PlanDigest = Callable[[MillOptions], str]
"""Options -> digest of them with the stage versions and engines of today."""


def current_result(ledger: Ledger, tenant: str, document_id: str) -> JobView | None:
    """The job that made the document's current version; None when there is no result yet.

    Args:
        ledger: the open ledger.
        tenant: whose document it is.
        document_id: or at least 6 characters of its beginning, or the id of any job of the document.

    Raises:
        NotFound: no such document.
        InvalidOptions: several documents begin so.
    """
    with ledger.reading() as conn:
        job_id = versions.current_job(conn, tenant, document_rows.resolve(conn, tenant, document_id))
        return views.job(conn, tenant, job_id) if job_id else None


def artefacts_of(ledger: Ledger, tenant: str, document_id: str) -> list[Artefact]:
    """What the job of the document's current version made or found; empty when there is no result yet.

    Raises:
        NotFound: no such document.
        InvalidOptions: several documents begin so.
    """
    with ledger.reading() as conn:
        job_id = versions.current_job(conn, tenant, document_rows.resolve(conn, tenant, document_id))
        return artefacts.of_job(conn, tenant, job_id) if job_id else []


def remill(
    ledger: Ledger,
    tenant: str,
    what: str,
    options: MillOptions | None = None,
    *,
    force: bool = False,
    submitted_by: str = "local",
    plan_digest: PlanDigest | None = None,
    pii_rules: str | None = None,
    asker: Asker | None = None,
) -> str:
    """Ask for documents again: a new job for each, child of the one that is repeated, in a new batch whose id is returned.

    A job that is already waiting or running under the same plan serves, unless `force` is set.

    Args:
        ledger: the open ledger.
        tenant: whose documents they are.
        what: a batch id, a document id or its beginning, or a job id.
        options: None repeats each job's own.
        force: mill again even what is there, whatever the options say.
        submitted_by: id of the user.
        plan_digest: None for the stages that this docmill has.
        pii_rules: digest of the rules of today (services.pii_rules.kept_rules); None keeps each job's own.
        asker: who asks, where that is not this machine's own user.

    Raises:
        NotFound: no such batch, document or job.
        Conflict: no original of them is kept.
        NotAllowed: a document is shown redacted, and the asker may not go back to the open version.
    """
    at, digest_of = ledger.now(), plan_digest or _todays_plan
    batch_id = new_id(at)
    with ledger.transaction() as conn:
        requests = job_rows.requests(conn, tenant, _repeated(conn, tenant, what))
        if not requests:
            raise Conflict("no original is kept that could be milled again")
        changes: dict[str, object] = {"force": force} | ({} if pii_rules is None else {"pii_rules": pii_rules})
        asked = [_again(request, options, changes, submitted_by=submitted_by, digest_of=digest_of, asker=asker) for request in requests]
        batch_rows.insert(conn, tenant, batch_id, total_files=len(asked), submitted_by=submitted_by, at=at)
        created: dict[str, Fact] = {"total_files": len(asked), "by": submitted_by if asker is None else asker.id}
        append_event(conn, tenant, batch_id, "batch.created", created, at=at)
        register(conn, tenant, batch_id, asked, at=at)
    return batch_id


def delete_document(
    ledger: Ledger,
    tenant: str,
    document_id: str,
    *,
    deleted_by: str = "local",
    promise: Promise | None = None,
    told: str = deletion.DELETED,
) -> list[str]:
    """Delete a document with its jobs, pages, artefacts and results; only its audit stream stays.

    Args:
        ledger: the open ledger.
        tenant: whose document it is.
        document_id: or its beginning.
        deleted_by: id of the user.
        promise: told what will have to go, before the ledger forgets it.
        told: the kind of its last audit event.

    Returns:
        Names of the objects to remove from the store, the original among them.

    Raises:
        NotFound: no such document.
        InvalidOptions: several documents begin so.
        Conflict: a job of it is not over.
    """
    with ledger.transaction() as conn:
        found = document_rows.resolve(conn, tenant, document_id)
        jobs = job_rows.locked(conn, tenant, job_rows.ids_of_document(conn, tenant, found))
        document = document_rows.locked(conn, tenant, [found]).get(found)
        if document is None:
            raise NotFound("no such document")
        # with the document locked no job can be added; one that came before the lock is seen here
        if any(not row.state.is_final for row in jobs.values()) or set(job_rows.ids_of_document(conn, tenant, found)) != jobs.keys():
            raise Conflict("a job of this document is not over; cancel it first")
        names = deletion.object_names(conn, tenant, found)
        if document.stored:
            names.add(original_name(tenant, document.sha256))
        if promise is not None:
            promise(found, sorted(jobs), sorted(names))
        deletion.delete_rows(conn, tenant, found, at=ledger.now())
        facts: dict[str, Fact] = {"jobs": len(jobs), "objects": len(names), "by": deleted_by}
        append_event(conn, tenant, found, told, facts, at=ledger.now())
    return sorted(names)


def _repeated(conn: Connection, tenant: str, what: str) -> list[str]:
    """Ids of the jobs that are asked for again."""
    if batch_rows.exists(conn, tenant, what.lower()):
        return batch_rows.newest_jobs(conn, tenant, what.lower())
    jobs = job_rows.ids_of_document(conn, tenant, document_rows.resolve(conn, tenant, what))
    return [what.lower()] if what.lower() in jobs else jobs[-1:]


def _again(
    request: JobRequest,
    options: MillOptions | None,
    changes: Mapping[str, object],
    *,
    submitted_by: str,
    digest_of: PlanDigest,
    asker: Asker | None,
) -> Asked:
    base = options or MillOptions.kept(request.options)
    wanted = base.model_copy(update=changes)
    file = NewJob(request.sha256, request.size_bytes, request.media_type, request.file_name, stored=True)
    order = Order(wanted, digest_of(wanted), submitted_by, tuple(request.tags), request.collection, request.client_metadata, asker=asker)
    return Asked(file, order, request.job_id)


def _todays_plan(options: MillOptions) -> str:
    from docmill.services.milling.stage_work import plan_digest  # noqa: PLC0415 - stages load only where something is milled
    from docmill.services.milling.stages import STAGE_WORK  # noqa: PLC0415 - as above

    return plan_digest(options, list(STAGE_WORK.values()))
