"""Which document each object belongs to, as the ledger knows."""

from collections.abc import Iterator

import sqlalchemy as sa

from docmill.storage.ledger.tables_jobs import DOCUMENTS, JOBS
from docmill.storage.ledger.tables_purchasing import RECEIPT_MATCHES
from docmill.storage.ledger.tables_results import ARTEFACTS, RESULT_VERSIONS
from docmill.values.keys import original_name

_NAMES = (ARTEFACTS.c.object_name, RESULT_VERSIONS.c.results_object, JOBS.c.results_object, RECEIPT_MATCHES.c.evidence_object)


def owners(conn: sa.Connection, tenant: str) -> Iterator[tuple[str, str]]:
    """(object name, document id) of originals, artefacts, results and evidence of a tenant."""
    for document_id, sha256 in conn.execute(sa.select(DOCUMENTS.c.document_id, DOCUMENTS.c.sha256).where(DOCUMENTS.c.tenant_id == tenant)):
        yield original_name(tenant, sha256), document_id
    for column in _NAMES:
        query = sa.select(column, column.table.c.document_id).where(column.table.c.tenant_id == tenant, column.is_not(None))
        for name, document_id in conn.execute(query):
            yield name, document_id
