"""What a person decides about a receipt that the rules did not approve, and why.

The reason lies in a private object beside the document's review decisions and goes with the document; ledger and audit trail hold its name and a
keyed digest.
"""

from typing import Final

from docmill.errors import Conflict, InvalidOptions, NotAllowed, NotFound, RequestError
from docmill.services.review.opening import close_task
from docmill.services.review.records import NOTE_LIMIT, DecisionRecord, keep_record, read_record, record_name, value_digest
from docmill.services.running.room import Room
from docmill.storage.ledger import Connection, purchase_orders, receipt_matches, users
from docmill.storage.ledger.audit import Fact, append_event
from docmill.storage.ledger.ids import new_id
from docmill.storage.ledger.outbox import Notice, put_notices
from docmill.values.purchase_records import MatchDecision, MatchView

DECIDERS: Final = ("reviewer", "approver", "admin")


def decide_match(room: Room, match_id: str, decision: MatchDecision, *, by: str, reason: str) -> MatchView:
    """Note what a person decided about a receipt that was not approved; accepted ones count from now on.

    Raises:
        InvalidOptions: no reason, or a very long one.
        NotFound: no such match.
        NotAllowed: the user may not decide.
        Conflict: it was decided already.
    """
    why = reason.strip()
    if not 0 < len(why) <= NOTE_LIMIT:
        raise InvalidOptions(f"a decision about a receipt needs a reason of at most {NOTE_LIMIT} characters")
    with room.ledger.reading() as conn:
        match = _undecided(conn, room.tenant, match_id, by)
    name = record_name(room.tenant, match.document_id, new_id(room.ledger.now()))
    # before the transaction: a row never names an object that is not there
    keep_record(room.store, name, DecisionRecord(task_id=match.task_id or "", field=None, old=None, new=None, note=why))
    digest = value_digest(room.settings.home.absolute(), match.document_id, "reason", why)
    try:
        with room.ledger.transaction() as conn:
            return _take_down(conn, room, match, decision, by=by, told={"reason_object": name, "reason_digest": digest})
    except RequestError:
        room.store.delete(name)  # refused for sure; after a lost connection nobody knows, and the row may name it
        raise


def reason_of(room: Room, match: MatchView) -> str | None:
    """Why a person decided so: private. None where no person did.

    Raises:
        NotFound: it went with the document.
    """
    return read_record(room.store, match.reason_object).note if match.reason_object else None


def _undecided(conn: Connection, tenant: str, match_id: str, by: str) -> MatchView:
    if users.role_of(conn, tenant, by) not in DECIDERS:
        raise NotAllowed("this needs a user with the role reviewer, approver or admin")
    match = receipt_matches.find(conn, tenant, match_id)
    if match is None:
        raise NotFound("no such match")
    if match.decision is not MatchDecision.OPEN or match.is_superseded:
        raise Conflict("this match was decided already, or a newer version of the document was matched")
    return match


def _take_down(conn: Connection, room: Room, match: MatchView, decision: MatchDecision, *, by: str, told: dict[str, Fact]) -> MatchView:
    at = room.ledger.now()
    if match.order_number:
        purchase_orders.count_match(conn, room.tenant, match.order_number)  # locks the order
    match = _undecided(conn, room.tenant, match.match_id, by)
    if not receipt_matches.decide(conn, room.tenant, match.match_id, decision, by=by, at=at, reason_object=str(told["reason_object"])):
        raise Conflict("this match was decided in the same moment")
    if match.task_id:
        close_task(conn, room.tenant, match.task_id, at=at)
    append_event(conn, room.tenant, match.document_id, f"receipt.{decision}", {"match_id": match.match_id, "by": by, **told}, at=at)
    notice = {"match_id": match.match_id, "document_id": match.document_id, "order_number": match.order_number, "decision": decision.value}
    put_notices(conn, room.tenant, [Notice("receipt.decided", notice)], at=at)
    return receipt_matches.find(conn, room.tenant, match.match_id) or match
