"""An approved request's order waits until its attachments are read, for a bounded time. Approval and jobs say it all: nothing is kept, nothing lost."""

from collections.abc import Sequence
from datetime import timedelta

from docmill.services.purchasing.requests import list_requests, request_view
from docmill.services.running.room import Room
from docmill.storage.ledger import jobs
from docmill.values.purchase_records import ProformaWait, RequestState, RequestView


def look(room: Room, request_id: str) -> RequestView:
    """One request, with what its order waits for.

    Raises:
        NotFound: no such request.
    """
    return with_wait(room, request_view(room.ledger, room.tenant, request_id))


def look_at_all(room: Room, states: Sequence[RequestState] = (), *, limit: int = 100, before: str | None = None) -> list[RequestView]:
    """Requests as list_requests gives them, with what their orders wait for."""
    return [with_wait(room, one) for one in list_requests(room.ledger, room.tenant, states, limit=limit, before=before)]


def with_wait(room: Room, request: RequestView) -> RequestView:
    """The request, with what its order waits for."""
    return request.model_copy(update={"proforma_wait": proforma_wait(room, request)})


def proforma_wait(room: Room, request: RequestView) -> ProformaWait | None:
    """What the order of an approved request waits for; None when it is to be made now, or is there, or is not approved.

    Whoever ends a reading looks for the requests that wait for it after its job is final, and who approves looks at the jobs after the approval
    is written: so at least one of the two finds nothing to wait for.
    """
    if request.state is not RequestState.APPROVED or request.approved_at is None or not request.content.attachments:
        return None
    until = request.approved_at + timedelta(seconds=room.settings.proforma_wait_s)
    if room.ledger.now() >= until:
        return None
    with room.ledger.reading() as conn:
        unread = jobs.being_read(conn, room.tenant, request.content.attachments)
    waited = tuple(one for one in request.content.attachments if one in unread)
    return ProformaWait(document_ids=waited, until=until) if waited else None
