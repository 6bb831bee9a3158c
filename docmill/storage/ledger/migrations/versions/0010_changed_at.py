"""When a job last changed, so that a task that stands still looks so. This file is never edited once released."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("changed_at", sa.DateTime(timezone=True)))
