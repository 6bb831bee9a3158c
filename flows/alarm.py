"""Started by an automation when the flow `health` failed: people are told what is broken, and a sweep mends what can be mended."""

from prefect import flow
from prefect.runtime import flow_run

from docmill.services.health import look
from docmill.services.notifying import tell
from docmill.services.sweeping import sweep
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="alarm", persist_result=False, **HOOKS)
def alarm() -> dict[str, str]:
    """Look again, sweep, and tell the receivers of DOCMILL_NOTIFY_URLS. Returns what is broken by part; nothing when it has passed."""
    with open_room() as room:
        sweep(room)
        broken = {one.name: one.detail for one in look(room) if not one.ok}
        if broken:
            tell(room.settings, "health.failed", str(flow_run.id), broken)
        return broken
