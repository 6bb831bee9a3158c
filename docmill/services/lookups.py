"""Questions to the ledger that are not about one job or batch: the newest job of a document, artefacts of all current versions."""

from docmill.errors import NotFound
from docmill.storage.ledger import Ledger, current, views
from docmill.storage.ledger import documents as document_rows
from docmill.storage.ledger import jobs as job_rows
from docmill.values.jobs import Artefact, JobView


def newest_job(ledger: Ledger, tenant: str, document_id: str) -> JobView:
    """The newest job of a document, given its id or at least 6 characters of its beginning.

    Raises:
        NotFound: no such document.
        InvalidOptions: several documents begin so.
    """
    with ledger.reading() as conn:
        jobs = job_rows.ids_of_document(conn, tenant, document_rows.resolve(conn, tenant, document_id))
        if not jobs:
            raise NotFound("no such document")
        return views.job(conn, tenant, jobs[-1])


def current_artefacts(ledger: Ledger, tenant: str, name: str) -> list[tuple[str, Artefact]]:
    """(document id, artefact) for every artefact of this name that belongs to a document's current version."""
    with ledger.reading() as conn:
        return current.artefacts_named(conn, tenant, name)


def current_documents(ledger: Ledger, tenant: str) -> list[str]:
    """The ids of all documents of which something is published."""
    with ledger.reading() as conn:
        return current.document_ids(conn, tenant)


def sha256_of(ledger: Ledger, tenant: str, document_id: str) -> str:
    """The SHA-256 of a document's bytes, by which the original is kept.

    Raises:
        NotFound: no such document.
    """
    with ledger.reading() as conn:
        found = current.sha256_of(conn, tenant, document_id)
    if found is None:
        raise NotFound("no such document")
    return found


def count_jobs(ledger: Ledger, tenant: str) -> dict[str, int]:
    """How many jobs are in each state."""
    with ledger.reading() as conn:
        return current.count_by_state(conn, tenant)
