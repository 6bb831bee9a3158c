"""The order of one approved request, with its papers."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from docmill.errors import error_from_code
from docmill.services.purchasing.ordering import generate_order
from docmill.services.running.room import Room
from docmill.values.purchase_records import PaperState


@task(cache_policy=NO_CACHE, persist_result=False, retries=3, retry_delay_seconds=[60, 120, 240])
def make_order(room: Room, request_id: str) -> str:
    """The order's number; tried again while its PDF cannot be stored.

    Raises:
        DocmillError: why the PDF could not be made; the order is there all the same.
    """
    order = generate_order(room, request_id)
    if order.paper_state is PaperState.FAILED:
        raise error_from_code(order.paper_error or "", "the order's PDF could not be made")
    return order.order_number
