"""`/livez` and `/readyz`."""

import socket
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Response

from docmill.errors import DocmillError
from docmill.gateway.contract import Health
from docmill.gateway.desk import Desk
from docmill.services.uploads import queue

DASK_PORT: Final = 8786
DASK_ANSWER_S: Final = 2.0


def health_router(desk: Desk) -> APIRouter:
    """Whether the gateway lives and its parts answer."""
    router = APIRouter(tags=["health"])

    @router.get("/livez", summary="The process answers")
    def livez() -> dict[str, str]:
        """Always ok."""
        return {"status": "ok"}

    @router.get("/readyz", summary="The parts answer", responses={503: {"model": Health, "description": "Uploads cannot be accepted."}})
    def readyz(response: Response) -> Health:
        """ready; degraded while Prefect or Dask is away (uploads are accepted and wait); unready (503) when ledger or store do not answer.

        `dask` is there where DOCMILL_DASK_ADDRESS names a scheduler; otherwise runs have workers of their own.
        """
        ledger = _answers(lambda: queue(desk.room))
        store = _answers(lambda: desk.room.store.exists("public/readyz"))
        prefect = desk.prefect_answers()
        dask = _dask_answers(desk.room.settings.dask_address)
        status = "unready" if not (ledger and store) else "ready" if prefect and dask is not False else "degraded"
        response.status_code = 503 if status == "unready" else 200
        parts = (("ledger", ledger), ("store", store), ("prefect", prefect), ("dask", dask))
        words = {name: "ok" if fine else "away" for name, fine in parts if fine is not None}
        return Health.model_validate({"status": status, "checks": words})

    return router


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except DocmillError:
        return False
    return True


def _dask_answers(address: str | None) -> bool | None:
    """Whether the scheduler takes connections; None where runs start their own."""
    if address is None:
        return None
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    try:
        with socket.create_connection((parts.hostname or "", parts.port or DASK_PORT), timeout=DASK_ANSWER_S):
            return True
    except (OSError, ValueError):
        return False
