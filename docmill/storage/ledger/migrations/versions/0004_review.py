"""Review tasks and decisions as review needs them, and signatures over the audit streams' heads.

Nothing has ever written the first two tables of 0001, so they are made anew rather than changed. This file is never edited once released.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.drop_table("decisions")
    op.drop_table("review_tasks")
    _tasks()
    _decisions()
    _signatures()


def _columns_of_tasks() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("page", sa.Integer()),
        sa.Column("box", sa.JSON()),
        sa.Column("span_start", sa.Integer()),
        sa.Column("span_end", sa.Integer()),
        sa.Column("confidence", sa.Float()),
        sa.Column("priority", sa.String(length=16), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("eyes", sa.Integer(), nullable=False),
        sa.Column("opinions", sa.Integer(), nullable=False),
        sa.Column("assigned_to", sa.String(length=32)),
        sa.Column("lease_until", TIME),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("escalated_at", TIME),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("closed_at", TIME),
    ]


def _tasks() -> None:
    op.create_table(
        "review_tasks",
        *_columns_of_tasks(),
        sa.CheckConstraint(
            "subject IN ('field', 'span', 'chunk', 'contradiction', 'fraud', 'check', 'problem', 'match')", name="ck_review_tasks_subject"
        ),
        sa.CheckConstraint("priority IN ('low', 'medium', 'high', 'urgent')", name="ck_review_tasks_priority"),
        sa.CheckConstraint("state IN ('pending', 'claimed', 'decided', 'escalated', 'cancelled')", name="ck_review_tasks_state"),
        sa.CheckConstraint("role IN ('viewer', 'reviewer', 'buyer', 'approver', 'admin')", name="ck_review_tasks_role"),
        sa.CheckConstraint("eyes >= 1 AND eyes <= 2 AND opinions >= 0", name="ck_review_tasks_eyes"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "assigned_to"], ["users.tenant_id", "users.user_id"], name="fk_review_tasks_tenant_id_assigned_to"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id"], ["documents.tenant_id", "documents.document_id"], name="fk_review_tasks_tenant_id_document_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.job_id"], name="fk_review_tasks_tenant_id_job_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_review_tasks_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "task_id", name="pk_review_tasks"),
    )
    for name in ("document_id", "job_id", "assigned_to"):
        op.create_index(f"ix_review_tasks_{name}", "review_tasks", [name])
    op.create_index("ix_review_tasks_state_tenant_id", "review_tasks", ["state", "tenant_id"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("decision_id", sa.String(length=32), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("field", sa.String(length=64)),
        sa.Column("value_object", sa.Text(), nullable=False),
        sa.Column("old_digest", sa.String(length=64)),
        sa.Column("new_digest", sa.String(length=64)),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("job_id", sa.String(length=32)),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("verdict IN ('accepted', 'corrected', 'rejected')", name="ck_decisions_verdict"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["review_tasks.tenant_id", "review_tasks.task_id"], name="fk_decisions_tenant_id_task_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"], name="fk_decisions_tenant_id_user_id"),
        sa.ForeignKeyConstraint(["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.job_id"], name="fk_decisions_tenant_id_job_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_decisions_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "decision_id", name="pk_decisions"),
        sa.UniqueConstraint("task_id", "user_id", "tenant_id", name="uq_decisions_task_id_user_id_tenant_id"),
    )
    op.create_index("ix_decisions_job_id", "decisions", ["job_id"])


def _signatures() -> None:
    op.create_index("ix_audit_events_at", "audit_events", ["at"])
    op.create_table(
        "audit_signatures",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("streams", sa.Integer(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("heads", sa.Text(), nullable=False),
        sa.Column("prev_signature", sa.Text(), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_audit_signatures_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "number", name="pk_audit_signatures"),
    )
