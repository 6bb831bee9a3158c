"""The whole cluster on this machine as processes: PostgreSQL for ledger and Prefect, a Dask scheduler, two workers, and all of `docmill up`.

    make up-cluster                       Ctrl-C ends all of it; DOCMILL_HOME (default .docmill-cluster) keeps the data

The same parts that deployments/compose.yaml and deployments/kubernetes run, without containers. PostgreSQL refuses to run as root; then it runs
as the user postgres, or nobody.
"""

import contextlib
import os
import pwd
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from docmill.cli.parts import HOST, free_port, running_part
from docmill.settings import child_environment, settings

WORKERS = 2
START_S = 60.0
DATABASES = ("docmill", "prefect")
DOCMILL = (sys.executable, "-m", "docmill.cli.main")


def main() -> int:
    """Start everything, wait until `docmill up` ends, end everything; returns its exit code."""
    home = settings().home.absolute()
    logs = home / "logs"
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ledger_port, dask_port = free_port(15432), free_port(8786)
    url = f"docmill@{HOST}:{ledger_port}"
    address = f"tcp://{HOST}:{dask_port}"
    environment = {
        "DOCMILL_HOME": str(home),
        "DOCMILL_LEDGER_URL": f"postgresql+pg8000://{url}/docmill",
        "DOCMILL_DASK_ADDRESS": address,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://{url}/prefect",
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "10",
        "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "60s",
        "DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "20",
        "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
        "DASK_DISTRIBUTED__WORKER__MEMORY__MONITOR_INTERVAL": "500ms",
        "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    }
    with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as parts:
        parts.enter_context(postgres(home, ledger_port, logs))
        make_databases(url)
        subprocess.run([*DOCMILL, "db", "upgrade"], check=True, env=child_environment(**environment))
        words = ["--host", HOST, "--no-dashboard"]
        parts.enter_context(
            running_part("Dask scheduler", ["-m", "distributed.cli.dask_scheduler", "--port", str(dask_port), *words], environment, logs)
        )
        words += ["--nthreads", "1", "--local-directory", str(home / "dask")]
        for number in range(1, WORKERS + 1):
            worker = ["-m", "distributed.cli.dask_worker", address, *words]
            parts.enter_context(running_part(f"Dask worker {number}", worker, environment, logs))
        print(f"PostgreSQL   {HOST}:{ledger_port}\nDask         {address}, {WORKERS} workers", flush=True)
        return _until_over([*DOCMILL, "up"], environment)
    return 0


def _until_over(command: list[str], environment: dict[str, str]) -> int:
    up = subprocess.Popen(command, env=child_environment(**environment))
    try:
        return up.wait()
    except KeyboardInterrupt:
        up.terminate()  # Ctrl-C on a terminal has reached it already
        return up.wait(120)


@contextlib.contextmanager
def postgres(home: Path, port: int, logs: Path) -> Iterator[None]:
    """A PostgreSQL server of this user (or, for root, of another one) whose data stay below `home`; ended in order."""
    programs, user = _programs(), _user()
    as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"] if user else []
    folder = home / "postgres"
    folder.mkdir(mode=0o700, exist_ok=True)
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
        home.chmod(home.stat().st_mode | stat.S_IXOTH)  # it must come through; what lies in the home is closed by itself
        if closed := [parent for parent in home.parents if not parent.stat().st_mode & stat.S_IXOTH]:
            sys.exit(f"PostgreSQL runs as {user.pw_name}, who cannot enter {closed[-1]}: set DOCMILL_HOME to a folder outside it")
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        make = [*as_user, str(programs / "initdb"), "-D", str(data), "-U", "docmill", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run(make, check=True, cwd="/", stdout=subprocess.DEVNULL)
    given = (f"listen_addresses={HOST}", f"port={port}", "unix_socket_directories=", "max_connections=200")
    words = [*as_user, str(programs / "postgres"), "-D", str(data), *(f"-c{one}" for one in given)]
    with (logs / "postgresql.log").open("ab") as log:
        process = subprocess.Popen(words, cwd="/", stdout=log, stderr=log, start_new_session=True)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)  # ends its sessions and writes all that is open
        process.wait(60)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if not found:
        sys.exit("PostgreSQL is missing: apt-get install postgresql")
    return found[-1].parent


def _user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def make_databases(url: str) -> None:
    """Wait for the server at user@host:port, and make the databases that are not there."""
    import sqlalchemy as sa  # noqa: PLC0415 - loads in 0.3 s, after PostgreSQL has begun to start

    engine = sa.create_engine(f"postgresql+pg8000://{url}/postgres", isolation_level="AUTOCOMMIT")
    end = time.monotonic() + START_S
    while True:
        try:
            with engine.connect() as conn:
                there = set(conn.exec_driver_sql("SELECT datname FROM pg_database").scalars())
                for name in DATABASES:
                    if name not in there:
                        conn.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
            break
        except sa.exc.SQLAlchemyError:
            if time.monotonic() > end:
                sys.exit("PostgreSQL does not answer; logs/postgresql.log below DOCMILL_HOME says why")
            time.sleep(0.2)
    engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
