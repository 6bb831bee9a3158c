"""Extract documents: what the files below configured roots are and say, without a place in the search index."""

from collections.abc import Sequence

from prefect import flow

from docmill.values.options import MillOptions
from flows.artifacts import publish_outcomes
from flows.hooks import HOOKS
from flows.ingest_documents import RUNNER
from flows.milling import mill_batch, mill_rest
from flows.rooms import open_room
from tasks.register_files import register_files
from tasks.write_report import write_report

DEFAULT_OPTIONS = MillOptions(index=False)


@flow(flow_run_name="extract-sources", task_runner=RUNNER, persist_result=False, log_prints=False, **HOOKS)  # type: ignore[arg-type] # as in ingest_documents
def extract_documents(sources: Sequence[str], options: MillOptions = DEFAULT_OPTIONS) -> dict[str, int]:
    """Read and understand files; kind, fields and line items are in each one's results JSON. Returns how many documents there are of each kind.

    Args:
        sources: Folders or gs://bucket/prefix below DOCMILL_SOURCE_ROOTS.
        options: How to mill them; `index` is always off.
    """
    with open_room() as room:
        batch = register_files(room, sources, options.model_copy(update={"index": False}))
        mill_batch(room, batch)
        mill_rest(room, batch)
        report = write_report(room, batch)
        publish_outcomes(room, report)
        return dict(sorted(report.kinds.items()))
