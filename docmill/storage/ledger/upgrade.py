"""Bringing a ledger's schema to the newest revision with Alembic; no alembic.ini, the migrations are found in the package."""

import os
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from docmill.errors import LedgerUnavailable
from docmill.storage.ledger.engine import make_engine, sqlite_path
from docmill.storage.ledger.failures import translated

MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 7_306_215_001  # any number, the same in every docmill


def upgrade_ledger(url: str) -> None:
    """Make the ledger at `url`, or bring it to the newest schema; nothing happens when it is there already.

    The SQLite file is readable by its owner alone, and so is the folder when this call makes it. All migrations run in one transaction.

    Raises:
        LedgerUnavailable: no connection, or the file cannot be made.
        SettingsInvalid: not a URL of SQLite or PostgreSQL.
    """
    if (place := sqlite_path(url)) is not None:
        _make_private(place)
    engine = make_engine(url)
    try:
        # transactions that begin while another upgrade runs wait for it, and then find nothing to do
        with engine.connect() as plain, plain.execution_options(docmill_writes=True) as conn, conn.begin():
            if conn.dialect.name == "postgresql":
                conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
            _run_migrations(conn)
    except (SQLAlchemyError, OSError) as error:
        raise translated(error) from None
    finally:
        engine.dispose()


def _make_private(place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(place, os.O_CREAT | os.O_RDWR, 0o600))
        place.chmod(0o600)  # SQLite gives -wal and -shm the same mode
    except OSError as error:
        raise LedgerUnavailable(f"the ledger's file cannot be made ({error.strerror})") from None


def _run_migrations(conn: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415 - loads in 0.2 s, only where used
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
