"""Every night: ended idempotency keys and delivered messages leave the ledger."""

from dataclasses import asdict

from prefect import flow

from docmill.services.cleaning_ledger import clean_up_ledger as clean
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="clean-up-ledger", persist_result=False, **HOOKS)
def clean_up_ledger() -> dict[str, int]:
    """Clean up once. Returns how many rows went."""
    with open_room() as room:
        return asdict(clean(room))
