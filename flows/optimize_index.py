"""Keep the search index quick: merge its small files, take new rows into its indexes, drop old versions. One process, minutes at most."""

from dataclasses import asdict

from prefect import flow

from docmill.services.erase import finish_erasures
from docmill.services.lookups import current_documents
from docmill.services.running.indexing import forget_unindexed
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="optimize-index", persist_result=False, **HOOKS)
def optimize_index() -> dict[str, int]:
    """Finish erasures that died, forget what is not to be indexed, bring the tenant's index up to date; searches go on. Returns how the index stands."""
    with open_room() as room:
        finish_erasures(room)
        forget_unindexed(room, current_documents(room.ledger, room.tenant))
        return {name: int(value) for name, value in asdict(room.knowledge.optimize(room.tenant)).items()}
