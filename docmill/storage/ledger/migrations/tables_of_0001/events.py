"""What is told afterwards: the audit trail, its heads and messages that wait to be sent."""

import sqlalchemy as sa
from alembic import op

TIME = sa.DateTime(timezone=True)


def make_events() -> None:
    _audit_events()
    _audit_heads()
    _outbox()


def _audit_events() -> None:
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


def _audit_heads() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_audit_heads_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "stream", name="pk_audit_heads"),
    )


def _outbox() -> None:
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
