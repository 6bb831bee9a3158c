"""`/livez` and `/readyz`."""

from collections.abc import Callable

from fastapi import APIRouter, Response

from docmill.errors import DocmillError
from docmill.gateway.contract import Health, RecoveryAnswer
from docmill.gateway.desk import Desk
from docmill.services.health import check_ledger, dask_answers
from docmill.services.recovery import last_proof
from docmill.services.running.room import Room


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
        `recovery` tells the age of the last backup that was proven by restoring it, what would be lost now, and how long restoring took.
        """
        ledger = _answers(lambda: check_ledger(desk.room))
        store = _answers(lambda: desk.room.store.exists("public/readyz"))
        prefect = desk.prefect_answers()
        dask = dask_answers(desk.room.settings.dask_address)
        status = "unready" if not (ledger and store) else "ready" if prefect and dask is not False else "degraded"
        response.status_code = 503 if status == "unready" else 200
        parts = (("ledger", ledger), ("store", store), ("prefect", prefect), ("dask", dask))
        words = {name: "ok" if fine else "away" for name, fine in parts if fine is not None}
        return Health.model_validate({"status": status, "checks": words, "recovery": _recovery(desk.room) if store else None})

    return router


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except DocmillError:
        return False
    return True


def _recovery(room: Room) -> RecoveryAnswer | None:
    try:
        proof = last_proof(room)
    except DocmillError:
        return None
    if proof is None:
        return None
    now = room.ledger.now()
    return RecoveryAnswer(
        proven_at=proof.proven_at,
        proof_age_s=round((now - proof.proven_at).total_seconds(), 1),
        rpo_s=round((now - proof.taken_at).total_seconds(), 1),
        rto_s=proof.restore_s,
        restored=proof.restored,
    )
