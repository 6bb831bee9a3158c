"""Tables of what milling leaves: pages, artefacts, result versions."""

import sqlalchemy as sa

from docmill.storage.ledger.tables import (
    ID_LENGTH,
    METADATA,
    NAME_LENGTH,
    SHA256_LENGTH,
    UtcDateTime,
    id_key,
    one_of,
    reference,
    tenant_column,
)
from docmill.values.jobs import ItemStatus
from docmill.values.keys import PREFIXES
from docmill.values.outcome import OutcomeName

PAGES = sa.Table(
    "pages",
    METADATA,
    tenant_column(),
    id_key("job_id"),
    sa.Column("page", sa.Integer, primary_key=True),  # counted from 1
    sa.Column("stage", sa.String(32), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("source", sa.String(32)),
    sa.Column("confidence", sa.Float),
    sa.Column("words", sa.Integer),
    sa.Column("width_px", sa.Integer),
    sa.Column("height_px", sa.Integer),
    sa.Column("error_code", sa.String(32)),
    sa.Column("error_message", sa.Text),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    reference("jobs", "job_id"),
    one_of("status", ItemStatus),
    sa.CheckConstraint("page >= 1", name="page"),
)

ARTEFACTS = sa.Table(
    "artefacts",
    METADATA,
    tenant_column(),
    id_key("artefact_id"),  # digest of the object name, so links are written without looking it up
    sa.Column("document_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("stage", sa.String(32), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("key", sa.String(NAME_LENGTH), nullable=False),
    sa.Column("object_name", sa.Text, nullable=False),
    sa.Column("prefix", sa.String(16), nullable=False),
    sa.Column("sensitivity", sa.String(16), nullable=False),
    sa.Column("media_type", sa.String(NAME_LENGTH), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(SHA256_LENGTH), nullable=False),
    sa.Column("page", sa.Integer),
    sa.Column("created_at", UtcDateTime, nullable=False),
    reference("documents", "document_id"),
    one_of("prefix", PREFIXES),
    one_of("sensitivity", ("restricted", "public")),
    sa.UniqueConstraint("object_name", "tenant_id"),
    sa.Index(None, "document_id"),
)

JOB_ARTEFACTS = sa.Table(
    "job_artefacts",
    METADATA,
    tenant_column(),
    id_key("job_id"),
    id_key("artefact_id"),
    reference("jobs", "job_id"),
    reference("artefacts", "artefact_id"),
    sa.Index(None, "artefact_id"),
)
"""Which artefacts a job made or found: a rerun shares them with its parent."""

RESULT_VERSIONS = sa.Table(
    "result_versions",
    METADATA,
    tenant_column(),
    id_key("version_id"),
    sa.Column("document_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),  # counted from 1 per document
    sa.Column("job_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("results_object", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    reference("documents", "document_id"),
    reference("jobs", "job_id"),
    one_of("outcome", OutcomeName),
    sa.UniqueConstraint("document_id", "number", "tenant_id"),
    sa.UniqueConstraint("job_id", "tenant_id"),
)
