"""Why a flow process was told to end: somebody cancelled its run, or its worker stops and the run is to go on elsewhere.

Prefect sends the same signal for both. What it says of the run's state differs: cancelling comes before the signal, and a shutdown changes nothing.
"""

from contextvars import copy_context
from threading import Thread
from typing import Final
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException

ANSWER_S: Final = 5.0
"""How long Prefect is waited for. A worker kills what has not ended half a minute after the signal, and the server may be going down, too."""


def is_cancelled(run_id: str) -> bool:
    """Whether Prefect says that the run is being cancelled, or is; False where it does not answer, for jobs that go on can still be cancelled."""
    answers: list[bool] = []
    # in a thread of its own: Prefect tries again and waits for as long as the server asks it to, whatever the time limit of a request
    asking = Thread(target=copy_context().run, args=(_ask, run_id, answers), name="docmill-told-to-end", daemon=True)
    asking.start()
    asking.join(ANSWER_S)
    return answers == [True]


def _ask(run_id: str, answers: list[bool]) -> None:
    try:
        with get_client(sync_client=True) as client:
            state = client.read_flow_run(UUID(run_id)).state
    except (httpx.HTTPError, PrefectException, RuntimeError, ValueError):
        return
    answers.append(state is not None and (state.is_cancelling() or state.is_cancelled()))
