"""Why a flow process was told to end: somebody cancelled its run, or its worker stops and the run is to go on elsewhere.

Prefect sends the same signal for both. What it says of the run's state differs: cancelling comes before the signal, and a shutdown changes nothing.
"""

from typing import Final
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

ANSWER_S: Final = 3.0
"""How long Prefect is waited for. A worker kills what has not ended half a minute after the signal, and the server may be going down, too."""


def is_cancelled(run_id: str) -> bool:
    """Whether Prefect says that the run is being cancelled, or is; False where it does not answer, for jobs that go on can still be cancelled."""
    try:
        # Prefect asks a server that hangs again and again, each time for longer
        with (
            temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}),
            get_client(sync_client=True, httpx_settings={"timeout": ANSWER_S}) as client,
        ):
            state = client.read_flow_run(UUID(run_id)).state
    except (httpx.HTTPError, PrefectException, RuntimeError, ValueError):
        return False
    return state is not None and (state.is_cancelling() or state.is_cancelled())
