"""Turns that processes of several machines take through the ledger's server: PostgreSQL's advisory locks, which end with their connection.

Belongs here: waiting for a turn. Does not belong here: what is done in it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa

from docmill.errors import StoreUnavailable
from docmill.storage.ledger.engine import Ledger
from docmill.values.keys import digest

_PAUSE_S: Final = 0.1


def has_turns(ledger: Ledger) -> bool:
    """Whether the ledger can give turns: SQLite knows one machine only, where a lock file does."""
    with ledger.reading() as conn:
        return conn.dialect.name == "postgresql"


@contextmanager
def turn(ledger: Ledger, name: str, wait_s: float) -> Iterator[None]:
    """Hold a named turn while the block runs; the server gives it to the next when this process dies.

    Raises:
        StoreUnavailable: others held it for `wait_s` seconds.
        LedgerUnavailable: the ledger does not answer.
    """
    key = int(digest("turn", name)[:15], 16)  # a lock's key has 63 bits
    deadline = time.monotonic() + wait_s
    with ledger.reading() as plain:
        conn = plain.execution_options(isolation_level="AUTOCOMMIT")  # no transaction stays open while the block runs
        while not conn.execute(sa.select(sa.func.pg_try_advisory_lock(key))).scalar():
            if time.monotonic() > deadline:
                raise StoreUnavailable("the knowledge base stayed busy", waited_s=wait_s)
            time.sleep(_PAUSE_S)
        try:
            yield
        finally:
            conn.execute(sa.select(sa.func.pg_advisory_unlock(key)))
