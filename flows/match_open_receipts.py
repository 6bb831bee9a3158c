"""Every night: receipts that were never compared, orders that a crash left unmade, PDFs that failed."""

from collections import Counter

from prefect import flow

from docmill.services.purchasing.matching import match_open
from docmill.services.purchasing.ordering import finish_orders
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="match-open-receipts", persist_result=False, **HOOKS)
def match_open_receipts() -> dict[str, int]:
    """Counts of receipts by outcome, and of orders that were finished by the state of their papers."""
    with open_room() as room:
        orders = Counter(f"orders_{order.paper_state.value}" for order in finish_orders(room))
        return dict(Counter(match.outcome.value for match in match_open(room)) + orders)
