"""The ledger: a connection pool to SQLite (WAL) or PostgreSQL, transactions, and the check that its schema is the one this docmill knows.

Belongs here: how the database is opened and what its errors become. Does not belong here: tables and queries.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from docmill.errors import LedgerOutdated, LedgerUnavailable, SettingsInvalid
from docmill.storage.ledger.failures import translated
from docmill.storage.ledger.seals import OPTION, Seal
from docmill.storage.ledger.sessions import prepare_connections
from docmill.storage.ledger.tables import utc_now

SCHEMA_REVISION = "0013"
"""The newest migration; a test compares it with the migrations that ship."""

ANSWER_LIMIT_S = 60
"""A server that is silent for so long is gone: twice the wait for a lock, which ends on the server's side first."""


class Ledger:
    """An open ledger. Threads may share it; processes may not.

    Args:
        engine: made by `open_ledger`.
        now: the clock that leases and times are taken from.
        place: SQLite's file.
    """

    def __init__(self, engine: sa.Engine, now: Callable[[], datetime] = utc_now, place: Path | None = None) -> None:
        self._engine = engine
        self.now = now
        self._place = place
        self._file = _identity(place)

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """One transaction: all of it or nothing. On SQLite the write lock is taken at once, so a later write cannot fail for it.

        Raises:
            LedgerUnavailable: the database does not answer or stays locked (retryable).
            Conflict: a constraint refuses the change.
        """
        with self._translating(), self._engine.connect() as plain, plain.execution_options(docmill_writes=True) as conn, conn.begin():
            yield conn

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for reading; what is written on it is rolled back.

        Raises:
            LedgerUnavailable: the database does not answer (retryable).
        """
        with self._translating(), self._engine.connect() as conn:
            yield conn

    def check_file(self) -> None:
        """Check that SQLite's file is the one that was opened: open connections go on in a deleted file, and nobody else sees what they write.

        Raises:
            LedgerUnavailable: it is gone, or another one lies in its place.
        """
        if _identity(self._place) != self._file:
            raise LedgerUnavailable("the ledger's file is not the one that was opened; restart docmill")

    def close(self) -> None:
        """Close the pool's connections."""
        self._engine.dispose()

    @staticmethod
    @contextmanager
    def _translating() -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:  # pg8000 lets a socket's error through while it connects
            raise translated(error) from None


def open_ledger(url: str, *, now: Callable[[], datetime] = utc_now, seal: Seal | None = None) -> Ledger:
    """Open the ledger at a SQLAlchemy URL.

    Args:
        url: sqlite:///path or postgresql+pg8000://...
        now: another clock, for tests of leases.
        seal: for file names and client metadata; without one they are written in clear, and sealed ones cannot be read.

    Raises:
        LedgerOutdated: its schema is not the one this docmill knows (also when there is none yet).
        LedgerUnavailable: no connection.
        SettingsInvalid: not a URL of SQLite or PostgreSQL.
    """
    place = sqlite_path(url)
    if place is not None and not place.exists():
        raise LedgerOutdated("there is no ledger yet")
    ledger = Ledger(make_engine(url).execution_options(**{OPTION: seal}), now, place)
    try:
        with ledger.reading() as conn:
            revision = schema_revision(conn)
    except BaseException:
        ledger.close()
        raise
    if revision != SCHEMA_REVISION:
        ledger.close()
        raise LedgerOutdated(f"the ledger's schema is at revision {revision or 'none'}, this docmill knows {SCHEMA_REVISION}")
    return ledger


def _identity(place: Path | None) -> tuple[int, int] | None:
    """Device and inode; None for another database or a file that is not there."""
    try:
        found = place.stat() if place else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def schema_revision(conn: sa.Connection) -> str | None:
    """The revision of the database's schema; None when there is no ledger in it."""
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found


def sqlite_path(url: str) -> Path | None:
    """Where a SQLite URL's file lies; None for another database.

    Raises:
        SettingsInvalid: the URL cannot be read or names a database docmill does not know.
    """
    try:
        parsed = sa.engine.make_url(url)
    except ArgumentError:
        raise SettingsInvalid("the ledger's URL cannot be read (DOCMILL_LEDGER_URL)") from None
    backend = parsed.get_backend_name()
    if backend not in {"sqlite", "postgresql"}:
        raise SettingsInvalid("the ledger's URL must begin with sqlite:/// or postgresql+pg8000:// (DOCMILL_LEDGER_URL)")
    if backend == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise SettingsInvalid("the ledger's SQLite URL must name a file (DOCMILL_LEDGER_URL)")
    return Path(str(parsed.database)) if backend == "sqlite" else None


def make_engine(url: str) -> sa.Engine:
    """The connection pool. Parameters of statements are hidden from error texts.

    Raises:
        SettingsInvalid: the URL's driver is not installed.
        LedgerUnavailable: its driver refuses the URL.
    """
    parsed = sa.engine.make_url(url)
    is_postgres = parsed.get_backend_name() == "postgresql"
    if is_postgres and "+" not in parsed.drivername:
        parsed = parsed.set(drivername="postgresql+pg8000")  # a plain postgresql:// would ask for a driver under the LGPL
    try:
        engine = sa.create_engine(
            parsed,
            hide_parameters=True,
            pool_pre_ping=is_postgres,
            pool_size=5,
            max_overflow=20,
            connect_args={"timeout": ANSWER_LIMIT_S},
        )
    except (NoSuchModuleError, ModuleNotFoundError):
        raise SettingsInvalid("the driver named in the ledger's URL is not installed; use postgresql+pg8000://") from None
    except SQLAlchemyError:
        raise LedgerUnavailable("the ledger's driver refuses its URL") from None
    prepare_connections(engine)
    return engine
