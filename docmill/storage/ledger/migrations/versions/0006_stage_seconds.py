"""Seconds of work by stage beside each ended job, for figures of how long stages take. Jobs that ended before have none.

This file is never edited once released.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("stage_seconds", sa.JSON()))
