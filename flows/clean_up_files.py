"""Every hour: markers, journals, dangling notes, scratch folders and dead uploads go, and originals of redacted documents whose time is over."""

from prefect import flow

from docmill.services.cleaning import clean_up
from docmill.services.purging import Purged, expired, purge_expired
from docmill.values.keys import PRIVATE
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="clean-up-files", persist_result=False, **HOOKS)
def clean_up_files(*, dry_run: bool = False) -> dict[str, int]:
    """Clean up once. Returns how many objects went and failed, the bytes that were freed, and how many documents lost their originals.

    The whole report, with every name, is kept below private/<tenant>/reports, in place of the last one.

    Args:
        dry_run: Only count what would go.
    """
    with open_room() as room:
        report = clean_up(room, dry_run=dry_run)
        if not dry_run:
            room.store.replace(f"{PRIVATE}/{room.tenant}/reports/clean-up.json", report.model_dump_json(indent=1).encode())
        cleaned, failed = len(report.cleaned_files), len(report.failed_cleanups)
        purged = Purged(len(expired(room)), 0, 0) if dry_run else purge_expired(room)
        counts = {"cleaned_files": cleaned, "failed_cleanups": failed, "total_space_freed": report.total_space_freed}
        return counts | {"purged_documents": purged.documents, "purged_objects": purged.objects}
