"""A whole copy of the ledger's database as one file, and back. SQLite by its online backup, PostgreSQL by its own pg_dump and pg_restore.

A copy shows one instant, while others go on reading and writing.
"""

import contextlib
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from docmill.errors import Conflict, EngineMissing, LedgerUnavailable
from docmill.settings import child_environment
from docmill.storage.ledger.engine import make_engine, schema_revision, sqlite_path

SQLITE_FILE, POSTGRES_FILE = "ledger.sqlite3", "ledger.pgdump"
_SCRATCH: Final = "docmill_drill_"
_CONNECT_S: Final = 60
_ANSWER_S: Final = 4 * 3600
_PAGES: Final = 4096
"""Pages of one step of SQLite's backup; writers get their turn between steps."""


def copy_ledger(url: str, folder: Path) -> Path:
    """Copy the database at a URL into a new file in `folder`.

    Raises:
        LedgerUnavailable: there is no ledger, or the database does not answer.
        EngineMissing: pg_dump is not installed, or older than the server.
    """
    source = sqlite_path(url)
    if source is None:
        target = folder / POSTGRES_FILE
        _run_postgres("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        target.chmod(0o600)
        return target
    target = folder / SQLITE_FILE
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with (
            contextlib.closing(sqlite3.connect(f"file:{source}?mode=rw", uri=True)) as old,
            contextlib.closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new, pages=_PAGES)
            new.execute("PRAGMA journal_mode = DELETE")  # one file, without a -wal beside it
    except sqlite3.Error as error:
        raise LedgerUnavailable(f"the ledger cannot be copied: {type(error).__name__}") from None
    return target


def versions_for_copies(url: str) -> tuple[int, int] | None:
    """Major versions of pg_dump (0 where it is missing) and of the server; pg_dump copies no newer server. None for SQLite.

    Raises:
        LedgerUnavailable: the database does not answer.
    """
    if sqlite_path(url) is not None:
        return None
    engine = make_engine(url)
    try:
        with engine.connect() as conn:
            server = int(conn.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
    except sa.exc.SQLAlchemyError as error:
        raise LedgerUnavailable(f"the database does not answer: {type(error).__name__}") from None
    finally:
        engine.dispose()
    if shutil.which("pg_dump") is None:
        return 0, server
    told = subprocess.run(["pg_dump", "--version"], stdout=subprocess.PIPE, text=True, timeout=_CONNECT_S, check=False).stdout  # noqa: S607 - found on PATH
    found = re.search(r"(\d+)", told)
    return (int(found.group(1)) if found else 0), server


def refuse_ledger(url: str) -> None:
    """Make sure that there is no ledger at a URL yet.

    Raises:
        Conflict: there is one.
        LedgerUnavailable: the database does not answer.
    """
    place = sqlite_path(url)
    if place is None:
        engine = make_engine(url)
        try:
            with engine.connect() as conn:
                is_there = schema_revision(conn) is not None
        except sa.exc.SQLAlchemyError:
            raise LedgerUnavailable("the database to restore into does not answer; make an empty one first") from None
        finally:
            engine.dispose()
    else:
        is_there = place.exists()
    if is_there:
        raise Conflict("there is a ledger already; restore into an empty home and an empty database")


def restore_ledger(url: str, copy: Path) -> None:
    """Put a copy where the URL points, into nothing or into an empty database.

    Raises:
        Conflict: the copy is of another kind of database than the URL.
        EngineMissing: pg_restore is not installed.
        LedgerUnavailable: the database does not take it.
    """
    place = sqlite_path(url)
    if (place is None) != (copy.name == POSTGRES_FILE):
        raise Conflict("the backup's ledger is of another kind of database than DOCMILL_LEDGER_URL")
    if place is None:
        _run_postgres("pg_restore", url, "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(copy))
        return
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.restoring")
    shutil.copyfile(copy, part)
    part.chmod(0o600)
    part.replace(place)


@contextlib.contextmanager
def scratch_database(url: str) -> Iterator[str | None]:
    """The URL of an empty PostgreSQL database beside the one at a URL, which is dropped at the end; None where its user may not make one.

    Raises:
        LedgerUnavailable: the server does not answer.
    """
    # not make_engine: its connections begin a transaction, in which no database can be made
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool, connect_args={"timeout": _CONNECT_S})
    name = f"{_SCRATCH}{datetime.now(UTC):%Y%m%d%H%M%S}_{secrets.token_hex(4)}"
    try:
        with engine.connect() as conn:
            is_made = _make_database(conn, name)
        try:
            yield engine.url.set(database=name).render_as_string(hide_password=False) if is_made else None
        finally:
            if is_made:
                with engine.connect() as conn:
                    conn.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    except sa.exc.SQLAlchemyError as error:
        raise LedgerUnavailable(f"the scratch database cannot be made or dropped: {type(error).__name__}") from None
    finally:
        engine.dispose()


def _make_database(conn: sa.Connection, name: str) -> bool:
    may = conn.exec_driver_sql("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user").scalar()
    if not may:
        return False
    yesterday = f"{_SCRATCH}{datetime.now(UTC) - timedelta(days=1):%Y%m%d%H%M%S}"
    for old in conn.execute(sa.text("SELECT datname FROM pg_database WHERE datname LIKE :like"), {"like": f"{_SCRATCH}%"}).scalars().all():
        if str(old) < yesterday:  # of a drill that died
            conn.exec_driver_sql(f"DROP DATABASE IF EXISTS {old} WITH (FORCE)")
    conn.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    return True


def _run_postgres(program: str, url: str, *words: str) -> None:
    if shutil.which(program) is None:
        raise EngineMissing(f"{program} is not installed; it comes with PostgreSQL's client programs", program=program)
    parsed = sa.engine.make_url(url)
    database = f"--dbname={parsed.database}"
    place = [f"--host={parsed.host or 'localhost'}", f"--port={parsed.port or 5432}", f"--username={parsed.username or 'postgres'}"]
    environment = child_environment(PGPASSWORD=str(parsed.password or ""), PGCONNECT_TIMEOUT="30")
    try:
        subprocess.run(
            [program, *place, "--no-password", database, *words], env=environment, timeout=_ANSWER_S, check=True, capture_output=True
        )
    except subprocess.CalledProcessError as error:  # what it says may hold rows
        if b"server version mismatch" in error.stderr:
            raise EngineMissing(
                f"{program} is older than the PostgreSQL server; install the server's version of it", program=program
            ) from None
        raise LedgerUnavailable(f"{program} ended with code {error.returncode}", program=program) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LedgerUnavailable(f"{program} did not end: {type(error).__name__}", program=program) from None
