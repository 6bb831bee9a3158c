"""Running the ingest flow in this process: the Prefect server of `docmill up` when it is there, else an ephemeral one; a progress bar meanwhile."""

import logging
import threading
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from docmill.cli.prefect_settings import prepare_for_prefect
from docmill.errors import ClusterLost
from docmill.services.batches import batch_view
from docmill.services.jobs import list_jobs
from docmill.services.running.kept_report import store_report, stored_checks
from docmill.services.running.report import BatchReport, batch_report
from docmill.services.running.room import Room
from docmill.services.stack_note import prefect_address
from docmill.values.jobs import FINAL_STATES, BatchView, JobState
from flows import FLOWS_TAG

LOOK_EVERY_S = 0.5


def mill(room: Room, batch_id: str, *, quiet: bool) -> BatchReport:
    """Carry the open jobs of a batch to their ends and report. Nothing is started when nothing is open."""
    view = batch_view(room.ledger, room.tenant, batch_id)
    if _final(view) < view.total_files:
        run = _flow(room)
        # only now: a thread that queries while Prefect is being imported meets half a SQLAlchemy
        with _Bar(room, batch_id, view.total_files, quiet=quiet):
            run(batch_id)
        return batch_report(room, batch_id).model_copy(update={"checks": stored_checks(room, batch_id)})
    store_report(room, batch_id)  # no run will
    return batch_report(room, batch_id)


def _final(view: BatchView) -> int:
    return sum(view.by_state.get(state, 0) for state in FINAL_STATES)


def _flow(room: Room) -> Callable[[str], None]:
    address = prefect_address(room.settings)
    prepare_for_prefect(room.settings, address)
    from prefect import tags  # noqa: PLC0415 - loads Prefect (3 s), only where used

    from flows.ingest_documents import ingest_documents  # noqa: PLC0415 - as above

    logging.getLogger("distributed").setLevel(logging.CRITICAL)

    def run(batch_id: str) -> None:
        try:
            with tags(FLOWS_TAG):
                ingest_documents(batch_id=batch_id)
        except RuntimeError as error:
            # Prefect's own, for a server that does not answer or did not start; what breaks inside the flow leaves it as a DocmillError
            whose = f"at {address} does not answer" if address else "that this command starts for itself did not start"
            raise ClusterLost(f"the Prefect server {whose}") from error

    return run


class _Bar:
    """A progress bar on stderr that reads the ledger from a thread of its own; the flow needs the main thread for signals."""

    def __init__(self, room: Room, batch_id: str, total: int, *, quiet: bool) -> None:
        self._room, self._batch_id, self._total, self._quiet = room, batch_id, total, quiet
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show, name="docmill-progress", daemon=True)

    def __enter__(self) -> None:
        if not self._quiet:
            self._thread.start()

    def __exit__(self, *ignored: object) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _show(self) -> None:
        columns = (TextColumn("milling"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("starting", total=self._total)
            while not self._over.wait(LOOK_EVERY_S):
                try:
                    done = _final(batch_view(self._room.ledger, self._room.tenant, self._batch_id))
                    running = list_jobs(self._room.ledger, self._room.tenant, state=JobState.RUNNING, limit=1)
                except Exception:  # noqa: BLE001, S112 - a busy ledger, or a module half imported by the main thread: the bar must not end
                    continue
                progress.update(task, completed=done, description=running[0].message if running else "")
