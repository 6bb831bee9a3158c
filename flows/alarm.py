"""Started by an automation when the flow `health` failed: people are told what is broken, and a sweep mends what can be mended."""

from prefect import flow
from prefect.runtime import flow_run

from docmill.errors import DocmillError
from docmill.services.health import look
from docmill.services.incidents import NOT_LOOKED, tell_once
from docmill.services.running.room import Room
from docmill.services.sweeping import sweep
from docmill.settings import settings
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="alarm", persist_result=False, **HOOKS)
def alarm() -> dict[str, str]:
    """Sweep, look again, and tell the receivers of DOCMILL_NOTIFY_URLS of what they have not been told yet. Returns what is broken by part.

    Whatever breaks on the way (a ledger that cannot be opened, a sweep that fails) is told too, and then the run fails by it.
    """
    broken: dict[str, str] = {}
    failed: Exception | None = None
    try:
        with open_room() as room:
            failed = _swept(room, broken)
            broken |= {one.name: one.detail for one in look(room) if not one.ok}
    except Exception as error:  # noqa: BLE001 - people must hear of what nobody foresaw
        failed = error
        broken[NOT_LOOKED] = _said(error)
    if broken:
        tell_once(settings(), str(flow_run.id), broken)
    if failed:
        raise failed
    return broken


def _swept(room: Room, broken: dict[str, str]) -> Exception | None:
    """What kept the sweep from its work, noted in `broken`."""
    try:
        sweep(room)
    except Exception as error:  # noqa: BLE001 - what is broken is looked at and told nevertheless
        broken["sweep"] = _said(error)
        return error
    return None


def _said(error: Exception) -> str:
    """A docmill error's message names no file, secret or text; of others only the type may be told."""
    return f"{error.code}: {error.message}" if isinstance(error, DocmillError) else type(error).__name__
