"""Sign the heads of all audit streams. Runs where DOCMILL_HOME has the key; hourly, so that at most an hour of history is unsigned."""

from prefect import flow

from docmill.services.audit_signing import sign_heads
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="sign-audit", persist_result=False, **HOOKS)
def sign_audit() -> dict[str, int]:
    """Sign what changed since the last signature. Returns its number and how many streams it names; zeros when nothing changed."""
    with open_room() as room:
        made = sign_heads(room.ledger, room.tenant, room.settings.home.absolute())
        return {"number": made.number if made else 0, "streams": made.streams if made else 0}
