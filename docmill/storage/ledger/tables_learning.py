"""Tables of learning: which documents may teach, versions of models, and which version was put to use when. No document text: models lie in the store."""

import sqlalchemy as sa

from docmill.storage.ledger.tables import ID_LENGTH, METADATA, SHA256_LENGTH, UtcDateTime, id_key, one_of, reference, tenant_column
from docmill.values.learning import Learner

TEACHING_CONSENTS = sa.Table(
    "teaching_consents",
    METADATA,
    tenant_column(),
    id_key("document_id"),
    sa.Column("may_teach", sa.Boolean, nullable=False),
    sa.Column("said_by", sa.String(ID_LENGTH), nullable=False),
    sa.Column("said_at", UtcDateTime, nullable=False),
    reference("documents", "document_id"),
    reference("users", "user_id", local="said_by"),
)

MODELS = sa.Table(
    "models",
    METADATA,
    tenant_column(),
    id_key("model_id"),
    sa.Column("learner", sa.String(16), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),  # of the learner, counted from 1
    sa.Column("object_name", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(SHA256_LENGTH), nullable=False),
    sa.Column("metrics", sa.JSON, nullable=False),
    sa.Column("is_better", sa.Boolean, nullable=False),  # than the one in use when it was made
    sa.Column("created_at", UtcDateTime, nullable=False),
    one_of("learner", Learner),
    sa.UniqueConstraint("learner", "number", "tenant_id"),
)

MODEL_USES = sa.Table(
    "model_uses",
    METADATA,
    tenant_column(),
    id_key("use_id"),
    sa.Column("learner", sa.String(16), nullable=False),
    sa.Column("model_id", sa.String(ID_LENGTH)),  # empty: what comes with docmill
    sa.Column("reason", sa.String(16), nullable=False),
    sa.Column("said_by", sa.String(ID_LENGTH), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    reference("models", "model_id"),
    one_of("learner", Learner),
    one_of("reason", ("promoted", "rolled_back")),
    sa.Index(None, "learner", "tenant_id"),
)
"""What was put to use when; the last row of a learner counts."""
