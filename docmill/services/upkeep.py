"""Everything that one sweep does about ledger, store and index; flow and command line call it. What concerns Prefect's runs is the flow's."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Final

from docmill.errors import DocmillError
from docmill.services.erase import finish_erasures
from docmill.services.purchasing.ordering import finish_orders
from docmill.services.running.room import Room
from docmill.services.sweeping import sweep
from docmill.services.withdrawing import withdraw_in_vain, withdraw_promised

PAPER_TRIES: Final = 12
"""An hour of sweeps for an order whose PDF fails; then it waits for the night or a person."""


_PARTS: Final[tuple[Callable[[Room], dict[str, int]], ...]] = (
    lambda room: {"orders": len(finish_orders(room, most_tries=PAPER_TRIES))},
    lambda room: asdict(sweep(room)),
    lambda room: {"erasures": finish_erasures(room)},
    lambda room: {"withdrawn": withdraw_promised(room)},
    lambda room: {"hidden": withdraw_in_vain(room)},
)


def keep_up(room: Room) -> dict[str, int]:
    """Sweep jobs, and finish erasures, withdrawals and orders that died; doing it again changes nothing. A part that fails keeps no other.

    Returns:
        How many jobs were queued, failed, cancelled and batches closed; orders and erasures finished; objects withdrawn because a run died, and
        hidden because an attempt without redaction came to nothing.

    Raises:
        DocmillError: the first that a part raised, as a rule LedgerUnavailable or StoreUnavailable; the next sweep goes on.
    """
    done: dict[str, int] = {}
    lost: list[DocmillError] = []
    for part in _PARTS:
        try:
            done |= part(room)
        except DocmillError as error:
            lost.append(error)
    if lost:
        raise lost[0]
    return done
