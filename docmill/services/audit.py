"""Checking the audit chain. Events are appended by the services that change states, in the transaction of the change."""

from docmill.storage.ledger import Ledger, audit


def verify_stream(ledger: Ledger, tenant: str, stream: str) -> int | None:
    """The number of the first event of a stream (a document or batch id) that is missing, changed or out of place; None when all holds."""
    with ledger.reading() as conn:
        return audit.first_broken(conn, tenant, stream)


def verify_streams(ledger: Ledger, tenant: str) -> dict[str, int]:
    """Every broken stream of the tenant with its first broken event; empty when all holds."""
    with ledger.reading() as conn:
        found = {stream: audit.first_broken(conn, tenant, stream) for stream in audit.streams(conn, tenant)}
    return {stream: broken for stream, broken in found.items() if broken is not None}
