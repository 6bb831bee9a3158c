"""Everything that one sweep does about ledger, store and index; flow and command line call it. What concerns Prefect's runs is the flow's."""

from dataclasses import asdict
from typing import Final

from docmill.services.erase import finish_erasures
from docmill.services.purchasing.ordering import finish_orders
from docmill.services.running.room import Room
from docmill.services.sweeping import sweep
from docmill.services.withdrawing import withdraw_in_vain, withdraw_promised

PAPER_TRIES: Final = 12
"""An hour of sweeps for an order whose PDF fails; then it waits for the night or a person."""


def keep_up(room: Room) -> dict[str, int]:
    """Sweep jobs, and finish erasures, withdrawals and orders that died; doing it again changes nothing.

    Returns:
        How many jobs were queued, failed, cancelled and batches closed; erasures and orders finished; objects withdrawn.

    Raises:
        LedgerUnavailable, StoreUnavailable: ledger, store or knowledge base did not answer; the next sweep goes on.
    """
    orders = finish_orders(room, most_tries=PAPER_TRIES)
    swept = {**asdict(sweep(room)), "erasures": finish_erasures(room)}
    return {**swept, "withdrawn": withdraw_promised(room) + withdraw_in_vain(room), "orders": len(orders)}
