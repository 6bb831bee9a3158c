"""The ledger: tables, migrations and plain functions on a connection. Only services open its transactions."""

from sqlalchemy import Connection

from docmill.storage.ledger.engine import Ledger, open_ledger
from docmill.storage.ledger.upgrade import upgrade_ledger

__all__ = ["Connection", "Ledger", "open_ledger", "upgrade_ledger"]
