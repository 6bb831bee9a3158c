"""What every flow says when it begins and ends: name, id, state, seconds. On stderr, in docmill's own log; never parameters or results."""

import logging
from datetime import UTC, datetime
from typing import Any, Final

from prefect.client.orchestration import get_client

from docmill.logs import log_ids, start_logging
from docmill.settings import settings

log = logging.getLogger("docmill.flows")


def told(flow: Any, flow_run: Any, state: Any) -> None:
    """Log one change of a flow run. A run that ended in any other way than completed is a warning."""
    start_logging(settings())  # a worker's process has not gone through the command line
    began = flow_run.start_time or (_began(flow_run) if state.is_final() else None)
    seconds = round((datetime.now(UTC) - began).total_seconds(), 1) if began else 0.0
    level = logging.INFO if state.type.value in {"RUNNING", "COMPLETED"} else logging.WARNING
    with log_ids(run_id=str(flow_run.id)):
        log.log(level, "flow %s run %s %s after %s s", flow.name, flow_run.id, state.type.value.lower(), seconds)


def _began(flow_run: Any) -> datetime | None:
    """When the server says that the run began: a worker whose run died knows it as it was before, without a beginning."""
    try:
        with get_client(sync_client=True) as client:
            return client.read_flow_run(flow_run.id).start_time
    except Exception:  # noqa: BLE001 - the server may be what is gone, and a line without its seconds is better than none
        return None


HOOKS: Final[dict[str, Any]] = {name: [told] for name in ("on_running", "on_completion", "on_failure", "on_crashed", "on_cancellation")}
"""To be given to `@flow`."""
