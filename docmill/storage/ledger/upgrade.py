"""Bringing a ledger's schema to the newest revision with Alembic; no alembic.ini, the migrations are found in the package."""

import os
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from docmill.errors import LedgerUnavailable
from docmill.storage.ledger.engine import SCHEMA_REVISION, make_engine, schema_revision, sqlite_path
from docmill.storage.ledger.failures import translated
from docmill.storage.ledger.seals import Seal

MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 7_306_215_001  # any number, the same in every docmill


def upgrade_ledger(url: str, seal: Seal | None = None) -> None:
    """Make the ledger at `url`, or bring it to the newest schema; nothing happens when it is there already.

    The SQLite file is readable by its owner alone, and so is the folder when this call makes it. All migrations run in one transaction.
    With a seal, what an earlier docmill kept in clear is sealed, and SQLite's file is written anew so that nothing of it is left in free pages.

    Raises:
        LedgerUnavailable: no connection, or the file cannot be made.
        SettingsInvalid: not a URL of SQLite or PostgreSQL.
    """
    if (place := sqlite_path(url)) is not None:
        _make_private(place)
    engine = make_engine(url)
    try:
        if _is_newest(engine):
            return
        # transactions that begin while another upgrade runs wait for it, and then find nothing to do
        with engine.connect() as plain, plain.execution_options(docmill_writes=True) as conn, conn.begin():
            if conn.dialect.name == "postgresql":
                conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
            before = schema_revision(conn)
            _run_migrations(conn, seal)
        if place is not None and before is not None and before != SCHEMA_REVISION:
            _forget_free_pages(engine)
    except (SQLAlchemyError, OSError) as error:
        raise translated(error) from None
    finally:
        engine.dispose()


def _is_newest(engine: sa.Engine) -> bool:
    """Asked first, because Alembic takes half a second to find that there is nothing to do, of every command and every start."""
    with engine.connect() as conn:
        return schema_revision(conn) == SCHEMA_REVISION


def _make_private(place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(place, os.O_CREAT | os.O_RDWR, 0o600))
        place.chmod(0o600)  # SQLite gives -wal and -shm the same mode
    except OSError as error:
        raise LedgerUnavailable(f"the ledger's file cannot be made ({error.strerror})") from None


def _forget_free_pages(engine: sa.Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("ROLLBACK")  # our own BEGIN: VACUUM runs outside transactions only
        conn.exec_driver_sql("VACUUM")
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _run_migrations(conn: sa.Connection, seal: Seal | None) -> None:
    from alembic import command  # noqa: PLC0415 - loads in 0.2 s, only where used
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"], config.attributes["seal"] = conn, seal
    command.upgrade(config, "head")
