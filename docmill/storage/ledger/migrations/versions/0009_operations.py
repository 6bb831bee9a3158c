"""Items that are not run again because they ended their workers; what a job used. This file is never edited once released."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("jobs", sa.Column("usage", sa.JSON()))
    op.create_table(
        "quarantined_items",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("released_at", TIME),
        sa.ForeignKeyConstraint(["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.job_id"], name="fk_quarantined_items_tenant_id_job_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_quarantined_items_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "job_id", "item", name="pk_quarantined_items"),
    )
    op.create_index("ix_quarantined_items_released_at_tenant_id_job_id", "quarantined_items", ["released_at", "tenant_id", "job_id"])
