"""What was made of documents: pages, artefacts, versions of results, review tasks and decisions."""

import sqlalchemy as sa
from alembic import op

TIME = sa.DateTime(timezone=True)


def make_results() -> None:
    _pages()
    _artefacts()
    _job_artefacts()
    _result_versions()
    _review_tasks()
    _decisions()


def _pages() -> None:
    op.create_table(
        "pages",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=32)),
        sa.Column("confidence", sa.Float()),
        sa.Column("words", sa.Integer()),
        sa.Column("width_px", sa.Integer()),
        sa.Column("height_px", sa.Integer()),
        sa.Column("error_code", sa.String(length=32)),
        sa.Column("error_message", sa.Text()),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('done', 'present', 'failed', 'retry')", name="ck_pages_status"),
        sa.CheckConstraint("page >= 1", name="ck_pages_page"),
        sa.ForeignKeyConstraint(["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.job_id"], name="fk_pages_tenant_id_job_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_pages_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "job_id", "page", name="pk_pages"),
    )


def _artefacts() -> None:
    op.create_table(
        "artefacts",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("artefact_id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("object_name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("sensitivity", sa.String(length=16), nullable=False),
        sa.Column("media_type", sa.String(length=255), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("page", sa.Integer()),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("prefix IN ('originals', 'private', 'public')", name="ck_artefacts_prefix"),
        sa.CheckConstraint("sensitivity IN ('restricted', 'public')", name="ck_artefacts_sensitivity"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id"], ["documents.tenant_id", "documents.document_id"], name="fk_artefacts_tenant_id_document_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_artefacts_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "artefact_id", name="pk_artefacts"),
        sa.UniqueConstraint("object_name", "tenant_id", name="uq_artefacts_object_name_tenant_id"),
    )
    op.create_index("ix_artefacts_document_id", "artefacts", ["document_id"])


def _job_artefacts() -> None:
    op.create_table(
        "job_artefacts",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("artefact_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "artefact_id"], ["artefacts.tenant_id", "artefacts.artefact_id"], name="fk_job_artefacts_tenant_id_artefact_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.job_id"], name="fk_job_artefacts_tenant_id_job_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_job_artefacts_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "job_id", "artefact_id", name="pk_job_artefacts"),
    )
    op.create_index("ix_job_artefacts_artefact_id", "job_artefacts", ["artefact_id"])


def _result_versions() -> None:
    op.create_table(
        "result_versions",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("version_id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("results_object", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("outcome IN ('completed', 'partial', 'needs_review', 'failed')", name="ck_result_versions_outcome"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id"], ["documents.tenant_id", "documents.document_id"], name="fk_result_versions_tenant_id_document_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.job_id"], name="fk_result_versions_tenant_id_job_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_result_versions_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "version_id", name="pk_result_versions"),
        sa.UniqueConstraint("document_id", "number", "tenant_id", name="uq_result_versions_document_id_number_tenant_id"),
        sa.UniqueConstraint("job_id", "tenant_id", name="uq_result_versions_job_id_tenant_id"),
    )


def _review_tasks() -> None:
    op.create_table(
        "review_tasks",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("page", sa.Integer()),
        sa.Column("assigned_to", sa.String(length=32)),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("closed_at", TIME),
        sa.CheckConstraint("state IN ('open', 'claimed', 'decided', 'dropped')", name="ck_review_tasks_state"),
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
    op.create_index("ix_review_tasks_document_id", "review_tasks", ["document_id"])
    op.create_index("ix_review_tasks_job_id", "review_tasks", ["job_id"])
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
        sa.Column("value_object", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("verdict IN ('accepted', 'corrected', 'rejected')", name="ck_decisions_verdict"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["review_tasks.tenant_id", "review_tasks.task_id"], name="fk_decisions_tenant_id_task_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"], name="fk_decisions_tenant_id_user_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_decisions_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "decision_id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_task_id", "decisions", ["task_id"])
