"""Artefacts and pages in the ledger: what milling left, and which job made or found it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from docmill.storage.ledger.bulk import Row, chunks, insert_rows
from docmill.storage.ledger.tables_results import ARTEFACTS, JOB_ARTEFACTS, PAGES
from docmill.storage.ledger.texts import storable
from docmill.values.jobs import Artefact, ItemOutcome
from docmill.values.keys import PUBLIC, digest

_PAGE_FACTS = ("source", "confidence", "words", "width_px", "height_px")
_PAGE_COLUMNS = ("stage", "status", *_PAGE_FACTS, "error_code", "error_message", "seconds", "tries")
_FIELDS = tuple(ARTEFACTS.c[name] for name in Artefact.model_fields)


def keep(conn: sa.Connection, tenant: str, made: Sequence[tuple[str, Artefact]], *, at: datetime) -> None:
    """Note artefacts (document id, artefact); those that are known already stay as they are."""
    rows = {a.object_name: _row(tenant, document_id, a, at) for document_id, a in made}
    insert_rows(conn, ARTEFACTS, [rows[name] for name in sorted(rows)], replace=())


def link(conn: sa.Connection, tenant: str, used: Iterable[tuple[str, Artefact]]) -> None:
    """Note which job (job id, artefact) made or found what."""
    pairs = sorted({(job_id, _artefact_id(a)) for job_id, a in used})
    insert_rows(conn, JOB_ARTEFACTS, [{"tenant_id": tenant, "job_id": j, "artefact_id": a} for j, a in pairs], replace=())


def of_job(conn: sa.Connection, tenant: str, job_id: str) -> list[Artefact]:
    """What a job made or found, by stage, page and name."""
    is_linked = (JOB_ARTEFACTS.c.tenant_id == ARTEFACTS.c.tenant_id) & (JOB_ARTEFACTS.c.artefact_id == ARTEFACTS.c.artefact_id)
    query = sa.select(*_FIELDS).join(JOB_ARTEFACTS, is_linked)
    query = query.where(JOB_ARTEFACTS.c.tenant_id == tenant, JOB_ARTEFACTS.c.job_id == job_id)
    query = query.order_by(ARTEFACTS.c.stage, ARTEFACTS.c.page, ARTEFACTS.c.name)
    return [Artefact(**row) for row in conn.execute(query).mappings()]


def documents_with(conn: sa.Connection, tenant: str, document_ids: Sequence[str], name: str) -> set[str]:
    """Those of the documents that have an artefact of this name."""
    query = sa.select(ARTEFACTS.c.document_id).where(ARTEFACTS.c.tenant_id == tenant, ARTEFACTS.c.name == name)
    return {found for part in chunks(document_ids) for found in conn.execute(query.where(ARTEFACTS.c.document_id.in_(part))).scalars()}


def keep_pages(conn: sa.Connection, tenant: str, outcomes: Iterable[ItemOutcome]) -> None:
    """Note how page items ended; the newest word about a page of a job counts."""
    rows = {(o.job_id, o.page): _page_row(tenant, o, o.page) for o in outcomes if o.page is not None}
    insert_rows(conn, PAGES, [rows[at] for at in sorted(rows)], replace=_PAGE_COLUMNS)


def _artefact_id(artefact: Artefact) -> str:
    return digest("object", artefact.object_name)[:32]


def _row(tenant: str, document_id: str, artefact: Artefact, at: datetime) -> Row:
    return artefact.model_dump() | {
        "tenant_id": tenant,
        "artefact_id": _artefact_id(artefact),
        "document_id": document_id,
        "prefix": artefact.prefix,
        "sensitivity": "public" if artefact.prefix == PUBLIC else "restricted",
        "created_at": at,
    }


def _page_row(tenant: str, outcome: ItemOutcome, page: int) -> Row:
    facts: Mapping[str, object] = {name: outcome.facts.get(name) for name in _PAGE_FACTS}
    return {
        "tenant_id": tenant,
        "job_id": outcome.job_id,
        "page": page,
        "stage": outcome.stage,
        "status": outcome.status,
        **facts,
        "error_code": outcome.error_code,
        "error_message": storable(outcome.error_message) if outcome.error_message else None,
        "seconds": outcome.seconds,
        "tries": outcome.tries,
    }
