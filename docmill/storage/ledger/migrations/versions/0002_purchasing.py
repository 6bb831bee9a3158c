"""Purchasing: requests with approvals, order numbers and orders, matches of receipts.

The columns are explained in docmill/storage/ledger/tables_purchasing.py. This file describes one moment and is never edited once released.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _requests()
    _approvals()
    _sequences()
    _orders()
    _receipt_matches()


def _requests() -> None:
    op.create_table(
        "purchase_requests",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total", sa.String(length=32), nullable=False),
        sa.Column("approvals_needed", sa.Integer(), nullable=False),
        sa.Column("submitted_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.CheckConstraint("state IN ('submitted', 'approved', 'ordered', 'rejected')", name="ck_purchase_requests_state"),
        sa.CheckConstraint("approvals_needed >= 1", name="ck_purchase_requests_approvals_needed"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_purchase_requests_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "request_id", name="pk_purchase_requests"),
    )
    op.create_index("ix_purchase_requests_state_tenant_id_request_id", "purchase_requests", ["state", "tenant_id", "request_id"])


def _approvals() -> None:
    op.create_table(
        "purchase_approvals",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint("verdict IN ('approved', 'rejected')", name="ck_purchase_approvals_verdict"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["purchase_requests.tenant_id", "purchase_requests.request_id"],
            name="fk_purchase_approvals_tenant_id_request_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"], name="fk_purchase_approvals_tenant_id_user_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_purchase_approvals_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "request_id", "revision", "step", name="pk_purchase_approvals"),
    )


def _sequences() -> None:
    op.create_table(
        "purchase_sequences",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("last >= 0 AND last <= 999999", name="ck_purchase_sequences_last"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_purchase_sequences_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "year", name="pk_purchase_sequences"),
    )


def _orders() -> None:
    op.create_table(
        "purchase_orders",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("order_number", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total", sa.String(length=32), nullable=False),
        sa.Column("paper_state", sa.String(length=16), nullable=False),
        sa.Column("paper_tries", sa.Integer(), nullable=False),
        sa.Column("paper_error", sa.String(length=32)),
        sa.Column("pdf_object", sa.Text()),
        sa.Column("json_object", sa.Text()),
        sa.Column("matches", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("paper_state IN ('pending', 'made', 'failed')", name="ck_purchase_orders_paper_state"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["purchase_requests.tenant_id", "purchase_requests.request_id"],
            name="fk_purchase_orders_tenant_id_request_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_purchase_orders_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "order_number", name="pk_purchase_orders"),
        sa.UniqueConstraint("request_id", "tenant_id", name="uq_purchase_orders_request_id_tenant_id"),
        sa.UniqueConstraint("year", "sequence", "tenant_id", name="uq_purchase_orders_year_sequence_tenant_id"),
    )
    op.create_index("ix_purchase_orders_paper_state_tenant_id", "purchase_orders", ["paper_state", "tenant_id"])


def _receipt_matches() -> None:
    op.create_table(
        "receipt_matches",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("match_id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("order_number", sa.String(length=16)),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("total", sa.String(length=32)),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("taken", sa.JSON(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=32)),
        sa.Column("evidence_object", sa.Text(), nullable=False),
        sa.Column("task_id", sa.String(length=32)),
        sa.Column("is_superseded", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("decision IN ('approved', 'open', 'accepted', 'rejected')", name="ck_receipt_matches_decision"),
        sa.CheckConstraint("kind IN ('invoice', 'receipt', 'delivery_note')", name="ck_receipt_matches_kind"),
        sa.CheckConstraint("outcome IN ('matched', 'partial', 'mismatch', 'duplicate')", name="ck_receipt_matches_outcome"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_number"],
            ["purchase_orders.tenant_id", "purchase_orders.order_number"],
            name="fk_receipt_matches_tenant_id_order_number",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_receipt_matches_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "match_id", name="pk_receipt_matches"),
        sa.UniqueConstraint("job_id", "tenant_id", name="uq_receipt_matches_job_id_tenant_id"),
    )
    op.create_index("ix_receipt_matches_decision_tenant_id", "receipt_matches", ["decision", "tenant_id"])
    op.create_index("ix_receipt_matches_document_id", "receipt_matches", ["document_id"])
    op.create_index("ix_receipt_matches_fingerprint", "receipt_matches", ["fingerprint"])
    op.create_index("ix_receipt_matches_order_number", "receipt_matches", ["order_number"])
