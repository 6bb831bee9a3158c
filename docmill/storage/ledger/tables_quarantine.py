"""The table of items that are not run again because they ended their workers."""

import sqlalchemy as sa

from docmill.storage.ledger.tables import ID_LENGTH, METADATA, UtcDateTime, id_key, reference, tenant_column

QUARANTINED_ITEMS = sa.Table(
    "quarantined_items",
    METADATA,
    tenant_column(),
    id_key("job_id"),
    sa.Column("item", sa.String(64), primary_key=True),  # <stage>-document or <stage>-page-<n>
    sa.Column("document_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("found_at", UtcDateTime, nullable=False),
    sa.Column("released_at", UtcDateTime),
    reference("jobs", "job_id"),
    sa.Index(None, "released_at", "tenant_id", "job_id"),
)
