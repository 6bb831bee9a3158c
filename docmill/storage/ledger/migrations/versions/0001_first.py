"""The first schema: accounts, work, results, events; the tenant `default` with its user `local`; triggers that keep history as it was.

The tables stand in migrations/tables_of_0001, their columns are explained in docmill/storage/ledger/tables_*.py. Both describe one moment: what
they make never changes once released.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from docmill.storage.ledger.migrations.tables_of_0001.accounts import make_accounts
from docmill.storage.ledger.migrations.tables_of_0001.events import make_events
from docmill.storage.ledger.migrations.tables_of_0001.results import make_results
from docmill.storage.ledger.migrations.tables_of_0001.triggers import make_triggers
from docmill.storage.ledger.migrations.tables_of_0001.work import make_work

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    make_accounts()
    make_work()
    make_results()
    make_events()
    _first_rows()
    make_triggers()


def _first_rows() -> None:
    now = datetime.now(UTC)
    if op.get_bind().dialect.name == "sqlite":
        now = now.replace(tzinfo=None)  # SQLite keeps UTC without an offset
    tenants = sa.table("tenants", sa.column("tenant_id"), sa.column("name"), sa.column("created_at", TIME))
    names = ("tenant_id", "user_id", "name", "role")
    users = sa.table("users", *(sa.column(name) for name in names), sa.column("created_at", TIME))
    op.bulk_insert(tenants, [{"tenant_id": "default", "name": "default", "created_at": now}])
    row = {"tenant_id": "default", "user_id": "local", "name": "local", "role": "admin", "created_at": now}
    op.bulk_insert(users, [row])
