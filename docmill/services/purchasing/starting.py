"""Asking Prefect for the run that finishes an order whose making was disturbed. Without Prefect the nightly flow finishes it."""

import logging
from contextlib import closing
from typing import Final

from docmill.services.dispatch_prefect import PrefectAway, PrefectCalls
from docmill.services.stack_note import prefect_address
from docmill.settings import Settings

log = logging.getLogger(__name__)

DEPLOYMENT: Final = "generate-purchase-order/generate-purchase-order"


def start_order(settings: Settings, request_id: str) -> bool:
    """Start the run that makes an order and its papers; the request's id is its idempotency key. False when no Prefect server answers."""
    api_url = prefect_address(settings)
    if api_url is None:
        log.warning("no Prefect server is known: the order of request %s is finished by the nightly flow", request_id)
        return False
    with closing(PrefectCalls(api_url)) as calls:
        try:
            calls.start_deployment(DEPLOYMENT, {"request_id": request_id}, f"order-{request_id}")
        except PrefectAway as error:
            log.warning("no run finishes the order of request %s: %s; the nightly flow will", request_id, error)
            return False
    return True
