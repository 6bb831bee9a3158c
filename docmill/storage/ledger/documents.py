"""Documents in the ledger: one row per tenant and bytes, with the fences that order its writers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from docmill.errors import InvalidOptions, NotFound
from docmill.storage.ledger.bulk import Row, chunks, insert_rows, update_rows
from docmill.storage.ledger.records import NewJob
from docmill.storage.ledger.tables_jobs import DOCUMENTS, JOBS

SHORTEST_PREFIX = 6
_SHOWN_MATCHES = 5


@dataclass(slots=True)
class DocumentRow:
    """A locked document."""

    document_id: str
    sha256: str
    size_bytes: int
    media_type: str
    stored: bool
    current_version_id: str | None
    current_fence: int
    next_fence: int
    versions: int
    count: int


_COLUMNS = tuple(DOCUMENTS.c[name] for name in DocumentRow.__slots__)


def upsert(conn: sa.Connection, tenant: str, files: Mapping[str, NewJob], *, at: datetime) -> None:
    """Make the documents that are not there yet (document id -> file) and lock all of them."""
    rows: list[Row] = [
        {
            "tenant_id": tenant,
            "document_id": document_id,
            "sha256": files[document_id].sha256,
            "size_bytes": files[document_id].size_bytes,
            "media_type": files[document_id].media_type,
            "stored": files[document_id].stored,
            "created_at": at,
            "current_fence": 0,
            "next_fence": 0,
            "versions": 0,
            "count": 0,
        }
        for document_id in sorted(files)  # one order for all, so that two transactions never wait for each other
    ]
    # an update that changes nothing takes the lock that DO NOTHING would not: no deletion can come in between
    insert_rows(conn, DOCUMENTS, rows, replace=("size_bytes",))


def locked(conn: sa.Connection, tenant: str, document_ids: Iterable[str]) -> dict[str, DocumentRow]:
    """The documents by id, locked until the transaction ends."""
    found: dict[str, DocumentRow] = {}
    for part in chunks(sorted(set(document_ids))):
        query = sa.select(*_COLUMNS).where(DOCUMENTS.c.tenant_id == tenant, DOCUMENTS.c.document_id.in_(part))
        # no key column changes, so rows that refer to the document may be written meanwhile
        rows = conn.execute(query.order_by(DOCUMENTS.c.document_id).with_for_update(key_share=True))
        found |= {row.document_id: DocumentRow(*row) for row in rows}
    return found


def published(conn: sa.Connection, tenant: str, document_ids: Iterable[str]) -> dict[str, tuple[str, int, str]]:
    """Id -> (SHA-256, size in bytes, media type) of those documents that have a result and whose original is kept."""
    found: dict[str, tuple[str, int, str]] = {}
    for part in chunks(sorted(set(document_ids))):
        query = sa.select(DOCUMENTS.c.document_id, DOCUMENTS.c.sha256, DOCUMENTS.c.size_bytes, DOCUMENTS.c.media_type)
        query = query.where(DOCUMENTS.c.tenant_id == tenant, DOCUMENTS.c.document_id.in_(part), DOCUMENTS.c.stored)
        query = query.where(DOCUMENTS.c.current_version_id.is_not(None))
        found |= {row.document_id: (row.sha256, row.size_bytes, row.media_type) for row in conn.execute(query)}
    return found


def known(conn: sa.Connection, tenant: str, document_ids: Iterable[str]) -> set[str]:
    """Those of the documents that are there."""
    found: set[str] = set()
    for part in chunks(sorted(set(document_ids))):
        query = sa.select(DOCUMENTS.c.document_id).where(DOCUMENTS.c.tenant_id == tenant, DOCUMENTS.c.document_id.in_(part))
        found |= set(conn.execute(query).scalars())
    return found


def save(conn: sa.Connection, tenant: str, rows: Iterable[DocumentRow]) -> None:
    """Write back what registering and milling change in locked documents."""
    changed = ("document_id", "media_type", "stored", "current_version_id", "current_fence", "next_fence", "versions", "count")
    update_rows(conn, DOCUMENTS, tenant, ["document_id"], [{name: getattr(row, name) for name in changed} for row in rows])


def resolve(conn: sa.Connection, tenant: str, named: str) -> str:
    """The id of the document that a document id, an unambiguous beginning of one, or a job id names.

    Raises:
        NotFound: no document is named so.
        InvalidOptions: several are; the message lists them.
    """
    by_job = sa.select(JOBS.c.document_id).where(JOBS.c.tenant_id == tenant, JOBS.c.job_id == named.lower())
    if (owner := conn.execute(by_job).scalar()) is not None:
        return str(owner)
    if len(named) < SHORTEST_PREFIX:
        raise NotFound(f"no document: give its id or at least {SHORTEST_PREFIX} characters of it")
    query = sa.select(DOCUMENTS.c.document_id).where(DOCUMENTS.c.tenant_id == tenant)
    query = query.where(DOCUMENTS.c.document_id.startswith(named.lower(), autoescape=True)).order_by(DOCUMENTS.c.document_id)
    found: Sequence[str] = conn.execute(query.limit(_SHOWN_MATCHES)).scalars().all()
    if not found:
        raise NotFound("no document has this id")
    if len(found) > 1:
        raise InvalidOptions(f"several documents begin so: {', '.join(found)}")
    return found[0]
