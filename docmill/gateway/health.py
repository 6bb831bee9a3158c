"""`/livez` and `/readyz`."""

from collections.abc import Callable

from fastapi import APIRouter, Response

from docmill.errors import DocmillError
from docmill.gateway.contract import Health
from docmill.gateway.desk import Desk
from docmill.services.uploads import queue


def health_router(desk: Desk) -> APIRouter:
    """Whether the gateway lives and its parts answer."""
    router = APIRouter(tags=["health"])

    @router.get("/livez", summary="The process answers")
    def livez() -> dict[str, str]:
        """Always ok."""
        return {"status": "ok"}

    @router.get("/readyz", summary="The parts answer", responses={503: {"model": Health, "description": "Uploads cannot be accepted."}})
    def readyz(response: Response) -> Health:
        """ready; degraded while Prefect is away (uploads are accepted and wait); unready (503) when ledger or store do not answer."""
        ledger = _answers(lambda: queue(desk.room))
        store = _answers(lambda: desk.room.store.exists("public/readyz"))
        prefect = desk.prefect_answers()
        status = "unready" if not (ledger and store) else "ready" if prefect else "degraded"
        response.status_code = 503 if status == "unready" else 200
        words = {name: "ok" if fine else "away" for name, fine in (("ledger", ledger), ("store", store), ("prefect", prefect))}
        return Health.model_validate({"status": status, "checks": words})

    return router


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except DocmillError:
        return False
    return True
