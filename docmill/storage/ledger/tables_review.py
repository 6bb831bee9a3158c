"""Tables of review: tasks for people and what they decided. Rows hold ids, codes, places and keyed digests; values lie under private/."""

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
from docmill.storage.ledger.tables_accounts import ROLES
from docmill.values.review import Priority, Subject, TaskState, Verdict

REVIEW_TASKS = sa.Table(
    "review_tasks",
    METADATA,
    tenant_column(),
    id_key("task_id"),  # digest of job and doubt, so that opening twice makes one task
    sa.Column("document_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("job_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("subject", sa.String(16), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("reason", sa.String(NAME_LENGTH), nullable=False),
    sa.Column("page", sa.Integer),
    sa.Column("box", sa.JSON(none_as_null=True)),
    sa.Column("span_start", sa.Integer),
    sa.Column("span_end", sa.Integer),
    sa.Column("confidence", sa.Float),
    sa.Column("priority", sa.String(16), nullable=False),
    sa.Column("urgency", sa.Integer, nullable=False),  # the priority as a number, for sorting
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("eyes", sa.Integer, nullable=False),
    sa.Column("opinions", sa.Integer, nullable=False),
    sa.Column("assigned_to", sa.String(ID_LENGTH)),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("escalated_at", UtcDateTime),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("closed_at", UtcDateTime),
    reference("documents", "document_id"),
    reference("jobs", "job_id"),
    reference("users", "user_id", local="assigned_to"),
    one_of("subject", Subject),
    one_of("priority", Priority),
    one_of("state", TaskState),
    one_of("role", ROLES),
    sa.CheckConstraint("eyes >= 1 AND eyes <= 2 AND opinions >= 0", name="eyes"),
    sa.Index(None, "state", "tenant_id"),
    sa.Index(None, "document_id"),
    sa.Index(None, "job_id"),
    sa.Index(None, "assigned_to"),
)

DECISIONS = sa.Table(
    "decisions",
    METADATA,
    tenant_column(),
    id_key("decision_id"),
    sa.Column("task_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("user_id", sa.String(ID_LENGTH), nullable=False),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("field", sa.String(64)),
    sa.Column("value_object", sa.Text, nullable=False),  # old and new value are document text, so they are kept under private/
    sa.Column("old_digest", sa.String(SHA256_LENGTH)),
    sa.Column("new_digest", sa.String(SHA256_LENGTH)),
    sa.Column("is_final", sa.Boolean, nullable=False),
    sa.Column("job_id", sa.String(ID_LENGTH)),  # the job that applies it; what became of it is that job's state
    sa.Column("created_at", UtcDateTime, nullable=False),
    reference("review_tasks", "task_id"),
    reference("users", "user_id"),
    reference("jobs", "job_id"),
    one_of("verdict", Verdict),
    sa.UniqueConstraint("task_id", "user_id", "tenant_id"),
    sa.Index(None, "job_id"),
)
