"""Alembic's entry: runs the migrations on the connection that `upgrade_ledger` hands over, inside its transaction.

The live tables are not handed in: migrations say every name themselves, so a later naming convention cannot rename what is out there.
"""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
