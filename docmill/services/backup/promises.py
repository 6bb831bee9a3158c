"""What a tenant's ledger says that must lie in the store: originals and results. It is asked when a backup is taken and when one is proven.

Belongs here: the question. Does not belong here: what follows from an answer (taking, proving).
"""

from collections.abc import Collection, Mapping

from docmill.services.running.room import Room
from docmill.storage.ledger import documents as document_rows
from docmill.storage.ledger import named_results
from docmill.values.keys import ORIGINALS, PUBLIC


def promised_objects(room: Room) -> dict[str, str]:
    """Name -> document id of the originals and results that the ledger counts on."""
    with room.ledger.reading() as conn:
        return dict(named_results.promised(conn, room.tenant))


def still_there(room: Room, promised: Mapping[str, str]) -> tuple[set[str], set[str]]:
    """Those of the objects that the ledger counts on now, and those of their documents that it still has."""
    now = promised_objects(room)
    with room.ledger.reading() as conn:
        documents = document_rows.known(conn, room.tenant, set(promised.values()))
    return promised.keys() & now.keys(), documents


def missing_objects(room: Room) -> set[str]:
    """Originals and results that the ledger counts on and that are not in the store.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    prefixes = (f"{ORIGINALS}/{room.tenant}/", f"{PUBLIC}/{room.tenant}/results/")
    kept = {info.name for prefix in prefixes for info in room.store.list(prefix)}
    return promised_objects(room).keys() - kept


def counts(names: Collection[str]) -> tuple[int, int]:
    """How many of the names are of originals, and how many of results."""
    originals = sum(1 for name in names if name.startswith(f"{ORIGINALS}/"))
    return originals, len(names) - originals
