"""Redact documents: what the ingest flow does, with redaction on whatever the options say, and a report on the personal data of the batch."""

from collections.abc import Sequence

from prefect import flow
from prefect.runtime import flow_run

from docmill.errors import InvalidOptions
from docmill.services.privacy_report import batch_privacy, privacy_page
from docmill.values.keys import PUBLIC
from docmill.values.options import MillOptions
from flows.artifacts import publish_outcomes
from flows.hooks import HOOKS
from flows.ingest_documents import DEFAULT_OPTIONS, RUNNER
from flows.milling import mill_batch, mill_rest
from flows.rooms import open_room
from tasks.register_files import register_files
from tasks.write_report import write_report


def _run_name() -> str:
    return f"redact-{flow_run.id}"


@flow(flow_run_name=_run_name, task_runner=RUNNER, persist_result=False, log_prints=False, **HOOKS)  # type: ignore[arg-type] # Prefect's own runner, its type parameter is invariant
def redact_documents(sources: Sequence[str] = (), options: MillOptions = DEFAULT_OPTIONS) -> dict[str, int]:
    """Mill every new file below the sources with redaction; returns counts by state. A bad document never fails the batch.

    Args:
        sources: Folders or gs://bucket/prefix below DOCMILL_SOURCE_ROOTS.
        options: How to mill them; redact is always on.
    """
    if not sources:
        raise InvalidOptions("redact-documents needs sources: folders or gs:// prefixes below DOCMILL_SOURCE_ROOTS")
    with open_room() as room:
        batch = register_files(room, sources, options.model_copy(update={"redact": True}))
        mill_batch(room, batch)
        mill_rest(room, batch)
        report = write_report(room, batch)
        publish_outcomes(room, report)
        found = batch_privacy(room, batch)
        place = f"{PUBLIC}/{room.tenant}/reports/{batch}/privacy-{flow_run.id}"
        room.store.create(f"{place}.json", found.model_dump_json().encode(), media_type="application/json")
        room.store.create(f"{place}.html", privacy_page(found), media_type="text/html")
        return report.model_dump(
            include={"total_files", "completed", "partial", "needs_review", "failed", "cancelled", "unfinished", "unreadable"}
        )
