"""The first schema: accounts, work, results, events; the tenant `default` with its user `local`; triggers that keep history as it was.

The columns are explained in docmill/storage/ledger/tables_*.py. This file describes one moment and is never edited once released.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _accounts()
    _work()
    _results()
    _events()
    _first_rows()
    if op.get_bind().dialect.name == "sqlite":
        _triggers(SQLITE_TRIGGERS)
    else:
        _triggers(POSTGRES_TRIGGERS)


def _accounts() -> None:
    op.create_table(
        "tenants",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenants"),
    )
    op.create_table(
        "users",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("disabled_at", TIME),
        sa.CheckConstraint("role IN ('viewer', 'reviewer', 'buyer', 'approver', 'admin')", name="ck_users_role"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_users_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name="pk_users"),
    )
    op.create_table(
        "api_keys",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME),
        sa.Column("expires_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"], name="fk_api_keys_tenant_id_user_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_api_keys_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "key_id", name="pk_api_keys"),
        sa.UniqueConstraint("key_hash", name="uq_api_keys_key_hash"),
    )
    op.create_table(
        "sources",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("source_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("scanned_at", TIME),
        sa.CheckConstraint("kind IN ('folder', 'bucket')", name="ck_sources_kind"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_sources_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "source_id", name="pk_sources"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("response", sa.JSON(none_as_null=True)),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_idempotency_keys_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "idempotency_key", name="pk_idempotency_keys"),
    )


def _work() -> None:
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
    op.create_table(
        "jobs",
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


def _results() -> None:
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


def _events() -> None:
    op.create_table(
        "audit_events",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_audit_events_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "stream", "seq", name="pk_audit_events"),
    )
    op.create_table(
        "audit_heads",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_audit_heads_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "stream", name="pk_audit_heads"),
    )
    op.create_table(
        "outbox",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("next_try", TIME, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("delivered_at", TIME),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_outbox_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_delivered_at_next_try", "outbox", ["delivered_at", "next_try"])


def _first_rows() -> None:
    now = datetime.now(UTC)
    if op.get_bind().dialect.name == "sqlite":
        now = now.replace(tzinfo=None)  # SQLite keeps UTC without an offset
    tenants = sa.table("tenants", sa.column("tenant_id"), sa.column("name"), sa.column("created_at", TIME))
    names = ("tenant_id", "user_id", "name", "role")
    users = sa.table("users", *(sa.column(name) for name in names), sa.column("created_at", TIME))
    op.bulk_insert(tenants, [{"tenant_id": "default", "name": "default", "created_at": now}])
    row = {"tenant_id": "default", "user_id": "local", "name": "local", "role": "admin", "created_at": now}
    op.bulk_insert(users, [row])


def _triggers(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)


FINAL = "('completed', 'partial', 'needs_review', 'failed', 'cancelled')"

SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
    BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END
    """,
    """
    CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
    BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END
    """,
    f"""
    CREATE TRIGGER jobs_final_state BEFORE UPDATE OF state ON jobs
    WHEN OLD.state IN {FINAL} AND NEW.state <> OLD.state
    BEGIN SELECT RAISE(ABORT, 'a final state never changes'); END
    """,
)

POSTGRES_TRIGGERS = (
    """
    CREATE FUNCTION docmill_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION docmill_refuse('audit events are append-only')
    """,
    f"""
    CREATE TRIGGER jobs_final_state BEFORE UPDATE OF state ON jobs
    FOR EACH ROW WHEN (OLD.state IN {FINAL} AND NEW.state <> OLD.state)
    EXECUTE FUNCTION docmill_refuse('a final state never changes')
    """,
)
