"""Questions about a whole tenant: artefacts of current versions, jobs by state."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from docmill.storage.ledger.tables_jobs import DOCUMENTS, JOBS
from docmill.storage.ledger.tables_results import ARTEFACTS, JOB_ARTEFACTS, RESULT_VERSIONS
from docmill.values.jobs import Artefact

_FIELDS = [ARTEFACTS.c[name] for name in Artefact.model_fields]


def artefacts_named(conn: sa.Connection, tenant: str, name: str) -> list[tuple[str, Artefact]]:
    """(document id, artefact) for every artefact of this name that belongs to a document's current version, by document."""
    query = _of_current(sa.select(DOCUMENTS.c.document_id.label("of_document"), *_FIELDS), tenant, name).order_by(DOCUMENTS.c.document_id)
    rows = [dict(row) for row in conn.execute(query).mappings()]
    return [(row.pop("of_document"), Artefact(**row)) for row in rows]


def newest_artefact_at(conn: sa.Connection, tenant: str, name: str) -> datetime | None:
    """When the newest artefact of this name that belongs to a document's current version was made; None when there is none."""
    found: datetime | None = conn.execute(_of_current(sa.select(sa.func.max(ARTEFACTS.c.created_at)), tenant, name)).scalar()
    return found


def _of_current(query: "sa.Select[Any]", tenant: str, name: str) -> "sa.Select[Any]":
    is_current = (DOCUMENTS.c.tenant_id == RESULT_VERSIONS.c.tenant_id) & (DOCUMENTS.c.current_version_id == RESULT_VERSIONS.c.version_id)
    of_job = (JOB_ARTEFACTS.c.tenant_id == RESULT_VERSIONS.c.tenant_id) & (JOB_ARTEFACTS.c.job_id == RESULT_VERSIONS.c.job_id)
    is_linked = (JOB_ARTEFACTS.c.tenant_id == ARTEFACTS.c.tenant_id) & (JOB_ARTEFACTS.c.artefact_id == ARTEFACTS.c.artefact_id)
    return (
        query.select_from(DOCUMENTS)
        .join(RESULT_VERSIONS, is_current)
        .join(JOB_ARTEFACTS, of_job)
        .join(ARTEFACTS, is_linked)
        .where(DOCUMENTS.c.tenant_id == tenant, ARTEFACTS.c.name == name)
    )


def document_ids(conn: sa.Connection, tenant: str) -> list[str]:
    """The documents that have a current version."""
    query = sa.select(DOCUMENTS.c.document_id).where(DOCUMENTS.c.tenant_id == tenant, DOCUMENTS.c.current_version_id.is_not(None))
    return [str(name) for name in conn.execute(query.order_by(DOCUMENTS.c.document_id)).scalars()]


def count_by_state(conn: sa.Connection, tenant: str) -> dict[str, int]:
    """How many jobs are in each state."""
    query = sa.select(JOBS.c.state, sa.func.count()).where(JOBS.c.tenant_id == tenant).group_by(JOBS.c.state).order_by(JOBS.c.state)
    return {str(state): int(number) for state, number in conn.execute(query)}


def sha256_of(conn: sa.Connection, tenant: str, document_id: str) -> str | None:
    """The SHA-256 of a document's bytes; None when there is no such document."""
    query = sa.select(DOCUMENTS.c.sha256).where(DOCUMENTS.c.tenant_id == tenant, DOCUMENTS.c.document_id == document_id)
    found: str | None = conn.execute(query).scalar()
    return found
