"""The ledger of the cluster under test: a PostgreSQL in a folder of its own, started and ended by parts.py."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psutil
from postgres_server import _as_user, _server_user, binaries


class LedgerServer:
    """Its folder, the words that start it, and the database in it.

    Args:
        port: on 127.0.0.1.
    """

    def __init__(self, port):
        self._port, self._folder = port, Path(tempfile.mkdtemp(prefix="docmill-matrix-postgres-"))  # PostgreSQL's user must reach it
        self.url = self._url("docmill")
        self.words = []

    def _url(self, database):
        return f"postgresql+pg8000://docmill@127.0.0.1:{self._port}/{database}"

    def prepare(self):
        """An empty server; `words` start it."""
        user, data = _server_user(), self._folder
        if user:
            os.chown(data, user.pw_uid, user.pw_gid)
        programs = binaries()
        words = [*_as_user(user), str(programs / "initdb"), "-D", str(data / "data"), "-U", "docmill", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*words, "--locale=C", "--no-sync"], check=True, cwd="/", stdout=subprocess.DEVNULL)
        given = ("listen_addresses=127.0.0.1", f"port={self._port}", "unix_socket_directories=")
        self.words = [*_as_user(user), str(programs / "postgres"), "-D", str(data / "data"), *(f"-c{one}" for one in given)]

    def clear(self):
        """A server that was killed leaves children that keep its memory; the next one refuses to start beside them."""
        for process in psutil.process_iter(["name"]):
            with contextlib.suppress(psutil.Error):
                if process.name() == "postgres" and Path(process.cwd()).is_relative_to(self._folder):
                    process.kill()

    def answers(self):
        import sqlalchemy as sa

        engine = sa.create_engine(self._url("postgres"), poolclass=sa.NullPool)
        with engine.connect():
            return True

    def make_ledger(self):
        import sqlalchemy as sa

        from docmill.settings import settings
        from docmill.storage.ledger import upgrade_ledger

        settings.cache_clear()
        engine = sa.create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            conn.exec_driver_sql("CREATE DATABASE docmill TEMPLATE template0 ENCODING 'UTF8'")
        engine.dispose()
        upgrade_ledger(self.url)

    def remove(self):
        shutil.rmtree(self._folder, ignore_errors=True)
