"""Which documents may teach, versions of models, and which was put to use when. This file is never edited once released."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TIME = sa.DateTime(timezone=True)
LEARNERS = "learner IN ('kinds', 'thresholds')"


def upgrade() -> None:
    _consents()
    _models()
    _uses()


def _consents() -> None:
    op.create_table(
        "teaching_consents",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("may_teach", sa.Boolean(), nullable=False),
        sa.Column("said_by", sa.String(length=32), nullable=False),
        sa.Column("said_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_teaching_consents_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id"],
            ["documents.tenant_id", "documents.document_id"],
            name="fk_teaching_consents_tenant_id_document_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "said_by"], ["users.tenant_id", "users.user_id"], name="fk_teaching_consents_tenant_id_said_by"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "document_id", name="pk_teaching_consents"),
    )


def _models() -> None:
    op.create_table(
        "models",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("model_id", sa.String(length=32), nullable=False),
        sa.Column("learner", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("object_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("is_better", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint(LEARNERS, name="ck_models_learner"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_models_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "model_id", name="pk_models"),
        sa.UniqueConstraint("learner", "number", "tenant_id", name="uq_models_learner_number_tenant_id"),
    )


def _uses() -> None:
    op.create_table(
        "model_uses",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("use_id", sa.String(length=32), nullable=False),
        sa.Column("learner", sa.String(length=16), nullable=False),
        sa.Column("model_id", sa.String(length=32)),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("said_by", sa.String(length=32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint(LEARNERS, name="ck_model_uses_learner"),
        sa.CheckConstraint("reason IN ('promoted', 'rolled_back')", name="ck_model_uses_reason"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_model_uses_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "model_id"], ["models.tenant_id", "models.model_id"], name="fk_model_uses_tenant_id_model_id"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "use_id", name="pk_model_uses"),
    )
    op.create_index("ix_model_uses_learner_tenant_id", "model_uses", ["learner", "tenant_id"])
