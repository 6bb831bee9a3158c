"""Erase one document from every store and index, on demand; what `docmill delete --receipt` does, for whoever works in the Prefect UI."""

from typing import Annotated

from prefect import flow
from prefect.runtime import flow_run
from pydantic import Field

from docmill.services.erase import erase
from docmill.services.erasure_receipts import erasure_receipt
from docmill.values.keys import PRIVATE
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="erase-{document_id}", persist_result=False, **HOOKS)
def erase_document(document_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]) -> dict[str, str | int]:
    """Erase a document, everything made from it, and its key in backups. Returns the signed receipt's object name and how many objects went.

    Args:
        document_id: All 32 characters.

    Raises:
        NotFound: no such document.
        Conflict: a job of it is not over.
    """
    with open_room() as room:
        receipt = erasure_receipt(room, document_id, erase(room, document_id, by="flow"))
        name = f"{PRIVATE}/{room.tenant}/erasure-receipts/{document_id}-{flow_run.id}.json"
        room.store.create(name, receipt.model_dump_json(indent=1).encode(), media_type="application/json")
        return {"receipt": name, "objects": receipt.objects}
