"""What is to be done: batches, documents, jobs, the files of a batch and the tries of a job."""

import sqlalchemy as sa
from alembic import op

TIME = sa.DateTime(timezone=True)


def make_work() -> None:
    _batches()
    _documents()
    _jobs()
    _batch_files()
    _attempts()


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("total_files", sa.Integer(), nullable=False),
        sa.Column("submitted_by", sa.String(length=255), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.Column("report_object", sa.Text()),
        sa.CheckConstraint("total_files >= 0", name="ck_batches_total_files"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_batches_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "batch_id", name="pk_batches"),
    )


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=255), nullable=False),
        sa.Column("stored", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("current_version_id", sa.String(length=32)),
        sa.Column("current_fence", sa.BigInteger(), nullable=False),
        sa.Column("next_fence", sa.BigInteger(), nullable=False),
        sa.Column("versions", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("current_fence >= 0 AND current_fence <= next_fence", name="ck_documents_fences"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_documents_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "document_id", name="pk_documents"),
        sa.UniqueConstraint("sha256", "tenant_id", name="uq_documents_sha256_tenant_id"),
    )


def _columns_of_jobs() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("parent_job_id", sa.String(length=32)),
        sa.Column("submitted_by", sa.String(length=255), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("collection", sa.String(length=255)),
        sa.Column("client_metadata", sa.JSON(none_as_null=True)),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("options_digest", sa.String(length=64), nullable=False),
        sa.Column("plan_digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("stage", sa.String(length=32)),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.String(length=32)),
        sa.Column("error_message", sa.Text()),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32)),
        sa.Column("page_count", sa.Integer()),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("results_object", sa.Text()),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("accepted_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("finished_at", TIME),
    ]


def _jobs() -> None:
    op.create_table(
        "jobs",
        *_columns_of_jobs(),
        sa.CheckConstraint(
            "state IN ('accepted', 'running', 'cancelling', 'completed', 'partial', 'needs_review', 'failed', 'cancelled')",
            name="ck_jobs_state",
        ),
        sa.CheckConstraint("progress >= 0 AND progress <= 100", name="ck_jobs_progress"),
        sa.ForeignKeyConstraint(["tenant_id", "batch_id"], ["batches.tenant_id", "batches.batch_id"], name="fk_jobs_tenant_id_batch_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id"], ["documents.tenant_id", "documents.document_id"], name="fk_jobs_tenant_id_document_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id", "parent_job_id"], ["jobs.tenant_id", "jobs.job_id"], name="fk_jobs_tenant_id_parent_job_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_jobs_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "job_id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_batch_id", "jobs", ["batch_id"])
    op.create_index("ix_jobs_document_id", "jobs", ["document_id"])
    op.create_index("ix_jobs_parent_job_id", "jobs", ["parent_job_id"])
    op.create_index("ix_jobs_state_tenant_id_job_id", "jobs", ["state", "tenant_id", "job_id"])


def _batch_files() -> None:
    op.create_table(
        "batch_files",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("reused", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "batch_id"], ["batches.tenant_id", "batches.batch_id"], name="fk_batch_files_tenant_id_batch_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.job_id"], name="fk_batch_files_tenant_id_job_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_batch_files_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "batch_id", "position", name="pk_batch_files"),
    )
    op.create_index("ix_batch_files_job_id", "batch_files", ["job_id"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("flow_run_id", sa.String(length=64), nullable=False),
        sa.Column("lease_until", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("end_reason", sa.String(length=16)),
        sa.CheckConstraint("end_reason IN ('finished', 'cancelled', 'lease_lost')", name="ck_attempts_end_reason"),
        sa.ForeignKeyConstraint(["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.job_id"], name="fk_attempts_tenant_id_job_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_attempts_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "job_id", "number", name="pk_attempts"),
    )
    op.create_index("ix_attempts_flow_run_id", "attempts", ["flow_run_id"])
