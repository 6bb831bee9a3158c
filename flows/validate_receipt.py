"""Compare one receipt with its order; it was compared already when its milling ended, then the same answer comes again."""

from prefect import flow
from prefect.runtime import flow_run

from docmill.services.purchasing.matching import match_document
from flows.hooks import HOOKS
from flows.rooms import open_room


def _run_name() -> str:
    return f"validate-{str(flow_run.parameters.get('document_id'))[:12]}"


@flow(flow_run_name=_run_name, persist_result=False, **HOOKS)
def validate_receipt(document_id: str) -> dict[str, str | float | None]:
    """Outcome, score, order and decision of the document's current version.

    Args:
        document_id: An invoice, receipt or delivery note.
    """
    with open_room() as room:
        match = match_document(room, document_id)
        return {"outcome": match.outcome.value, "score": match.score, "order_number": match.order_number, "decision": match.decision.value}
