"""Every five minutes: do the parts do their work? A run that found something broken fails; an automation then starts `alarm`."""

from prefect import flow

from docmill.errors import ServiceUnavailable
from docmill.services.health import look
from docmill.services.incidents import all_is_well
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="health", persist_result=False, **HOOKS)
def health() -> dict[str, str]:
    """Look once. Returns what was found by part.

    Raises:
        ServiceUnavailable: names the parts that do not do their work.
    """
    with open_room() as room:
        found = look(room)
        if all(one.ok for one in found):
            all_is_well(room.settings)
    broken = [one.name for one in found if not one.ok]
    if broken:
        raise ServiceUnavailable(f"not well: {', '.join(broken)}")
    return {one.name: one.detail for one in found}
