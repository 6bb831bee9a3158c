"""Tables of the work: batches, documents, jobs, attempts."""

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
    utc_now,
)
from docmill.values.jobs import JobState

BATCHES = sa.Table(
    "batches",
    METADATA,
    tenant_column(),
    id_key("batch_id"),
    sa.Column("total_files", sa.Integer, nullable=False),
    sa.Column("submitted_by", sa.String(NAME_LENGTH), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("report_object", sa.Text),
    sa.CheckConstraint("total_files >= 0", name="total_files"),
)

DOCUMENTS = sa.Table(
    "documents",
    METADATA,
    tenant_column(),
    id_key("document_id"),
    sa.Column("sha256", sa.String(SHA256_LENGTH), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("media_type", sa.String(NAME_LENGTH), nullable=False),
    sa.Column("stored", sa.Boolean, nullable=False),  # whether the bytes lie under originals/
    sa.Column("created_at", UtcDateTime, nullable=False),
    # no foreign key: result_versions points here too, and SQLite cannot add one of a circle afterwards
    sa.Column("current_version_id", sa.String(ID_LENGTH)),
    sa.Column("current_fence", sa.BigInteger, nullable=False),  # of the attempt that made the current version
    sa.Column("next_fence", sa.BigInteger, nullable=False),  # the last fence handed out
    sa.Column("versions", sa.Integer, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.UniqueConstraint("sha256", "tenant_id"),
    sa.CheckConstraint("current_fence >= 0 AND current_fence <= next_fence", name="fences"),
)

JOBS = sa.Table(
    "jobs",
    METADATA,
    tenant_column(),
    id_key("job_id"),
    sa.Column("document_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("batch_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("parent_job_id", sa.String(ID_LENGTH)),
    sa.Column("submitted_by", sa.String(NAME_LENGTH), nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),  # sealed: personal data, for the owner's eyes, never for logs
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("collection", sa.String(NAME_LENGTH)),
    sa.Column("client_metadata", sa.JSON(none_as_null=True)),  # sealed
    sa.Column("password", sa.Text),  # of a locked PDF: sealed, and gone when the job is over
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("options_digest", sa.String(SHA256_LENGTH), nullable=False),
    sa.Column("plan_digest", sa.String(SHA256_LENGTH), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("stage", sa.String(32)),
    sa.Column("progress", sa.Integer, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("current", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("error_code", sa.String(32)),
    sa.Column("error_message", sa.Text),
    sa.Column("attempt", sa.Integer, nullable=False),  # number of the current attempt, 0 before the first
    sa.Column("fence", sa.BigInteger, nullable=False),  # of the current attempt
    sa.Column("kind", sa.String(32)),
    sa.Column("page_count", sa.Integer),
    sa.Column("problems", sa.Integer, nullable=False),
    sa.Column("results_object", sa.Text),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("stage_seconds", sa.JSON(none_as_null=True)),  # stage -> seconds of work; its pages' together
    sa.Column("usage", sa.JSON(none_as_null=True)),  # values.usage.Usage
    sa.Column("accepted_at", UtcDateTime, nullable=False),
    sa.Column("started_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("changed_at", UtcDateTime, onupdate=utc_now),  # when anything in the row last changed; none before
    reference("documents", "document_id"),
    reference("batches", "batch_id"),
    reference("jobs", "job_id", local="parent_job_id"),
    one_of("state", JobState),
    sa.CheckConstraint("progress >= 0 AND progress <= 100", name="progress"),
    sa.Index(None, "document_id"),
    sa.Index(None, "batch_id"),
    sa.Index(None, "state", "tenant_id", "job_id"),
    sa.Index(None, "tenant_id", "finished_at"),
    sa.Index(None, "parent_job_id"),
)

BATCH_FILES = sa.Table(
    "batch_files",
    METADATA,
    tenant_column(),
    id_key("batch_id"),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("job_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),  # the same bytes may come under another name than the job's
    sa.Column("reused", sa.Boolean, nullable=False),
    reference("batches", "batch_id"),
    reference("jobs", "job_id"),
    sa.Index(None, "job_id"),
)
"""One row per file of a batch: the job that mills it, its own or one that was there already."""

ATTEMPTS = sa.Table(
    "attempts",
    METADATA,
    tenant_column(),
    id_key("job_id"),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("batch_id", sa.String(ID_LENGTH), nullable=False),  # through which batch the run came to the job
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("flow_run_id", sa.String(64), nullable=False),
    sa.Column("lease_until", UtcDateTime, nullable=False),  # as it was claimed; RUN_LEASES says what the run has renewed since
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("end_reason", sa.String(16)),
    reference("jobs", "job_id"),
    one_of("end_reason", ("finished", "cancelled", "lease_lost")),
    sa.Index(None, "flow_run_id"),
    sa.Index(None, "batch_id"),
)

RUN_LEASES = sa.Table(
    "run_leases",
    METADATA,
    tenant_column(),
    sa.Column("flow_run_id", sa.String(64), primary_key=True),
    sa.Column("lease_until", UtcDateTime, nullable=False),
)
"""Until when the ledger believes that a run carries on with the attempts it has under way.

One row a run: a lease kept in every attempt would be a row written for each of a batch's documents every few seconds, and these writes
would meet those that end attempts in another order, which PostgreSQL calls a deadlock.
"""
