"""Who decided about a receipt, when, and where the reason lies; the reason's text stays out of the ledger. Never edited once released."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("receipt_matches", sa.Column("decided_by", sa.String(length=32)))
    op.add_column("receipt_matches", sa.Column("decided_at", sa.DateTime(timezone=True)))
    op.add_column("receipt_matches", sa.Column("reason_object", sa.Text()))
