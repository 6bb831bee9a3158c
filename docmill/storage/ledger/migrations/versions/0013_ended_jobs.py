"""Figures of the last hour and day find the jobs that ended then. This file is never edited once released."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_index("ix_jobs_tenant_id_finished_at", "jobs", ["tenant_id", "finished_at"])
