"""Every hour: markers, journals, dangling notes, scratch folders and dead uploads that nobody needs any more go."""

from prefect import flow

from docmill.services.cleaning import clean_up
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(persist_result=False, **HOOKS)
def clean_up_files(*, dry_run: bool = False) -> dict[str, int]:
    """Clean up once. Returns how many objects went and failed, and the bytes that were freed.

    Args:
        dry_run: Only count what would go.
    """
    with open_room() as room:
        report = clean_up(room, dry_run=dry_run)
        cleaned, failed = len(report.cleaned_files), len(report.failed_cleanups)
        return {"cleaned_files": cleaned, "failed_cleanups": failed, "total_space_freed": report.total_space_freed}
