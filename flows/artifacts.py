"""What the Prefect UI shows of a run: a progress bar, a summary, a table of outcomes, a link to its tasks, log lines. Ids and codes, never names."""

import contextlib
import time
from uuid import UUID

import httpx
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.exceptions import PrefectException

from docmill.services.running.kept_report import BatchSummary
from docmill.services.running.room import Room
from docmill.services.running.run import BatchRun
from flows.summary import summary, tell

EVERY_S = 2.0


class Progress:
    """The progress artifact of one run, updated at most every two seconds. Prefect being away never hurts the run."""

    def __init__(self, run: BatchRun) -> None:
        self._run, self._total = run, max(1, run.total)
        self._shown_at = 0.0
        self._artifact: UUID | None = None

    def show(self) -> None:
        """Update the artifact if it is time, or all is done."""
        if self._run.total and time.monotonic() - self._shown_at < EVERY_S:
            return
        self._shown_at = time.monotonic()
        percent = round(100.0 * (self._total - self._run.total) / self._total, 1)
        with contextlib.suppress(PrefectException, httpx.HTTPError):
            if self._artifact is None:
                created = create_progress_artifact(progress=percent, key="documents-final", description="Documents in a final state")
                self._artifact = created if isinstance(created, UUID) else None
            else:
                update_progress_artifact(artifact_id=self._artifact, progress=percent)


def publish_outcomes(room: Room, report: BatchSummary) -> None:
    """A summary with what to do about failures, a table with a row for each document, a link to the tasks; the counts also as a log line."""
    tell(report)
    rows = [
        {"document": line.document_id, "task": line.task_id, "state": line.state, "kind": line.kind, "pages": line.pages, "code": line.code}
        for line in report.lines
    ]
    with contextlib.suppress(PrefectException, httpx.HTTPError):
        create_markdown_artifact(summary(report), key="summary", description=f"Batch {report.batch_id}")
        tasks = f"{room.store_spec.gateway_url.rstrip('/')}/api/v1/batches/{report.batch_id}"
        create_link_artifact(tasks, link_text="Tasks of this batch", key="tasks")
        if report.checks and report.checks.lines:
            create_link_artifact(f"{tasks}/checks", link_text="Checks of this batch", key="checks")
        create_table_artifact(table=rows, key="outcomes", description=f"Outcomes of batch {report.batch_id}")
