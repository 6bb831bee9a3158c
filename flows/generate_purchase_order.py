"""Make the order of a fully approved request, and its PDF; an order that is there already is left as it is."""

from prefect import flow
from prefect.runtime import flow_run

from flows.hooks import HOOKS
from flows.rooms import open_room
from tasks.make_order import make_order


def _run_name() -> str:
    return f"order-{flow_run.parameters.get('request_id')}"


@flow(flow_run_name=_run_name, persist_result=False, **HOOKS)
def generate_purchase_order(request_id: str) -> str:
    """The order's number.

    Args:
        request_id: A fully approved request.
    """
    with open_room() as room:
        return make_order(room, request_id)
