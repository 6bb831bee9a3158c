"""A job may carry the password of a locked PDF, sealed, until it is over. This file is never edited once released."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("password", sa.Text()))
