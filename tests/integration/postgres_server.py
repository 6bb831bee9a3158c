"""A throw-away PostgreSQL for one test session: own folder, free port on 127.0.0.1, ended by its process id."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

OLDEST_MAJOR = 15
START_LIMIT_S = 60
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "wal_level=minimal", "max_wal_senders=0", "autovacuum=off")


class PostgresServer:
    """A running server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._numbers = count(1)

    def url(self, database: str) -> str:
        return f"postgresql+pg8000://docmill@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The name of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        engine = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            conn.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        engine.dispose()
        return name


def binaries() -> Path:
    """The folder of the newest server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if not found or int(found[-1].parts[-3]) < OLDEST_MAJOR:
        pytest.fail(f"PostgreSQL {OLDEST_MAJOR}+ is missing: apt-get install postgresql-{OLDEST_MAJOR}", pytrace=False)
    return found[-1].parent


def _server_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: another user for it, None when we are not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _as_user(user: pwd.struct_passwd | None) -> list[str]:
    """A prefix that execs the program, so that its pid is the child's, and ends it should this process die."""
    ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"] if user else []
    return ["setpriv", *ids, "--pdeathsig", "SIGQUIT"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_answer(server: PostgresServer, process: "subprocess.Popen[bytes]", log: Path) -> None:
    engine = sa.create_engine(server.url("postgres"))
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with engine.connect():
                engine.dispose()
                return
        except SQLAlchemyError:
            time.sleep(0.05)
    pytest.fail(f"PostgreSQL does not start:\n{log.read_text()}", pytrace=False)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    programs, user = binaries(), _server_user()
    home = Path(tempfile.mkdtemp(prefix="docmill-postgres-"))
    if user:
        os.chown(home, user.pw_uid, user.pw_gid)
    data, log, port = home / "data", home / "log", _free_port()
    initdb = [str(programs / "initdb"), "-D", str(data), "-U", "docmill", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run([*_as_user(user), *initdb], check=True, cwd=home, stdout=subprocess.DEVNULL)
    given = ("listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=", *FAST)
    command = [*_as_user(user), str(programs / "postgres"), "-D", str(data), *(f"-c{setting}" for setting in given)]
    with log.open("wb") as sink:
        process = subprocess.Popen(command, cwd=home, stdout=sink, stderr=sink)
    try:
        server = PostgresServer(port)
        _await_answer(server, process, log)
        yield server
    finally:
        process.send_signal(signal.SIGQUIT)  # at once, without writing anything: the folder goes too
        process.wait(timeout=60)
        shutil.rmtree(home)
