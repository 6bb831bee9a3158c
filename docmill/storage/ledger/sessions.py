"""How each new connection to the ledger's database behaves: locks, journal, foreign keys."""

import sqlite3
import time
from typing import Any, Final

import sqlalchemy as sa

LOCK_WAIT_MS = 30_000
"""How long a statement waits for another transaction's lock."""

_PAUSE_S: Final = 0.02
_PRIMARY_CODE: Final = 0xFF
"""The part of SQLite's extended result codes that says what kind of error it is."""


def prepare_connections(engine: sa.Engine) -> None:
    """Register what every new connection and every transaction of this engine begins with."""
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        sa.event.listen(engine, "connect", _prepare_postgres)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # sqlite3 would begin transactions by itself, and deferred: two of them reading first and then writing is an error no waiting mends
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {LOCK_WAIT_MS}")
    _use_wal(cursor)
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Switch the journal. SQLite waits for no lock here, whatever busy_timeout says: of several who open a new file at once some are refused."""
    end = time.monotonic() + LOCK_WAIT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY_CODE != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _begin_sqlite(conn: sa.Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE" if conn.get_execution_options().get("docmill_writes") else "BEGIN")


def _prepare_postgres(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = {LOCK_WAIT_MS}")
    cursor.close()
    connection.commit()
