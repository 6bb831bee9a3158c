"""Who looked at what redaction hides: an event in the document's audit stream, written before anything is shown.

Belongs here: the event. Does not belong here: whether somebody may look (gateway.access), and milling openly again (batches_registering).
"""

from docmill.services.running.room import Room
from docmill.storage.ledger import versions
from docmill.storage.ledger.audit import Fact, append_event
from docmill.values.jobs import JobView

LOOKED = "originals.read"
"""Kind of the event."""


def note_look(room: Room, job: JobView, what: str, *, by: str, **facts: Fact) -> None:
    """Say that somebody is shown the unredacted side of a document; nothing is said of documents that redact nothing.

    Args:
        room: the opened parts.
        job: whose original, page or value it is.
        what: that is shown, such as `page`.
        by: id of the user or key.
        facts: more of it: numbers and ids.

    Raises:
        LedgerUnavailable: it could not be written down, so nothing may be shown.
    """
    with room.ledger.reading() as conn:
        is_redacted = job.options.redact or bool(versions.redacted_now(conn, room.tenant, [job.document_id]))
    if is_redacted:
        said: dict[str, Fact] = {"what": what, "job_id": job.job_id, "by": by, **facts}
        with room.ledger.transaction() as conn:
            append_event(conn, room.tenant, job.document_id, LOOKED, said, at=room.ledger.now())
