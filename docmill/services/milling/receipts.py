"""Receipts and outcome markers, the two kinds of small JSON that a worker leaves beside artefacts.

A *receipt* belongs to an artefact key of a document and says what that key holds (artefacts, facts) or which verdict the bytes earned (damaged, encrypted ...).
It is written last and create-only, so whoever finds it need not run the stage again: for any job, run or tenant worker. A *marker* lies under
the run and says how one item of one job ended; the flow process folds markers into the ledger.
"""

from pydantic import Field, ValidationError

from docmill.error_table import ERROR_TABLE
from docmill.errors import NotFound
from docmill.services.milling.shard import Item, Shard, type_fact
from docmill.values.jobs import Artefact, ItemOutcome, ItemStatus
from docmill.values.keys import receipt_name
from docmill.values.model import Value
from docmill.values.ports import ObjectStore
from docmill.values.usage import Calls


class Receipt(Value):
    """What an artefact key holds.

    Attributes:
        job_id: of the job that made it, which has paid for it; empty in receipts of older versions.
        cpu_s, calls: of all tries that the job needed.
    """

    job_id: str = ""
    artefacts: tuple[Artefact, ...] = ()
    facts: dict[str, type_fact] = Field(default_factory=dict)
    seconds: float = 0.0
    cpu_s: float = 0.0
    calls: dict[str, Calls] = Field(default_factory=dict)
    error_code: str | None = None
    error_message: str | None = None


def read_receipt(store: ObjectStore, tenant: str, document_id: str, stage: str, key: str) -> Receipt:
    """The receipt of an artefact key of a document.

    Raises:
        NotFound: none was kept, or a power cut left an empty one.
        StoreUnavailable: the store did not answer.
    """
    try:
        return Receipt.model_validate_json(store.read(receipt_name(tenant, document_id, stage, key)))
    except ValidationError:
        raise NotFound("a receipt is torn; its stage is run again") from None


def find_receipt(store: ObjectStore, shard: Shard, item: Item, key: str) -> Receipt | None:
    """The receipt of an item's key, or None."""
    try:
        return read_receipt(store, shard.tenant, item.document_id, shard.stage, key)
    except NotFound:
        return None


def keep_receipt(store: ObjectStore, shard: Shard, item: Item, key: str, receipt: Receipt) -> None:
    """Write a receipt unless one is there. Only results and verdicts are kept, never errors that another try may not meet."""
    if receipt.error_code is None or ERROR_TABLE[receipt.error_code].is_verdict:
        name, data = receipt_name(shard.tenant, item.document_id, shard.stage, key), receipt.model_dump_json().encode()
        if not store.create(name, data, media_type="application/json") and find_receipt(store, shard, item, key) is None:
            store.replace(name, data)


def outcome_of(item: Item, stage: str, receipt: Receipt, *, status: ItemStatus, tries: int = 0) -> ItemOutcome:
    """The outcome of an item whose receipt is known.

    What was present used nothing, unless this job had made it, in a try or run of which nothing was told any more: then that is told now.
    """
    is_own = status is not ItemStatus.PRESENT or receipt.job_id == item.job_id
    return ItemOutcome(
        job_id=item.job_id,
        document_id=item.document_id,
        stage=stage,
        item=item.name,
        status=ItemStatus.FAILED if receipt.error_code else status,
        artefacts=receipt.artefacts,
        error_code=receipt.error_code,
        error_message=receipt.error_message,
        facts=receipt.facts,
        seconds=0.0 if status is ItemStatus.PRESENT else receipt.seconds,
        cpu_s=receipt.cpu_s if is_own else 0.0,
        calls=receipt.calls if is_own else {},
        tries=tries,
    )


def marker_name(shard: Shard, item: Item) -> str:
    """Where the outcome marker of an item lies."""
    return f"{shard.markers}/{item.job_id}.{item.name}.json"


def keep_marker(store: ObjectStore, shard: Shard, item: Item, outcome: ItemOutcome) -> ItemOutcome:
    """Write the outcome marker; when one is there already, that one counts (a late writer changes nothing)."""
    name = marker_name(shard, item)
    if store.create(name, outcome.model_dump_json().encode(), media_type="application/json"):
        return outcome
    return ItemOutcome.model_validate_json(store.read(name))


def read_markers(store: ObjectStore, shard: Shard) -> dict[tuple[str, str], ItemOutcome]:
    """The outcomes already noted for this shard, by (job id, item)."""
    found = [ItemOutcome.model_validate_json(store.read(info.name)) for info in store.list(f"{shard.markers}/")]
    return {(o.job_id, o.item): o for o in found}
