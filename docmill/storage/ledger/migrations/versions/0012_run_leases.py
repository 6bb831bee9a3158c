"""A lease is renewed in one row of its run, not in each of its attempts; batches find their attempts. This file is never edited once released."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "run_leases",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("flow_run_id", sa.String(length=64), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_run_leases_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "flow_run_id", name="pk_run_leases"),
    )
    op.execute(
        "INSERT INTO run_leases (tenant_id, flow_run_id, lease_until) "
        "SELECT tenant_id, flow_run_id, max(lease_until) FROM attempts WHERE ended_at IS NULL GROUP BY tenant_id, flow_run_id"
    )
    op.create_index("ix_attempts_batch_id", "attempts", ["batch_id"])
