"""Running the real flow in tests (here, in a thread, in a process of its own) and asking Prefect what became of its task runs."""

import contextvars
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from docmill.services.batches import batch_jobs
from docmill.services.intake import take_in
from docmill.services.sources import files_of
from docmill.values.jobs import JobState
from docmill.values.options import MillOptions

PUBLISHED = {JobState.COMPLETED, JobState.PARTIAL, JobState.NEEDS_REVIEW}
ROOT = Path(__file__).parents[2]


def taken_in(room, paths, **options):
    """A batch of files. No index, to keep tests quick, unless asked for."""
    batch_id, _ = take_in(room, files_of([str(p) for p in paths], room.settings), MillOptions(**{"index": False, **options}))
    return batch_id


def jobs_of(room, batch_id):
    """The jobs of a batch by file name."""
    return {job.name: job for job in batch_jobs(room.ledger, room.tenant, batch_id)}


def query(room, sql, *values):
    """Rows straight from the ledger's tables."""
    with sqlite3.connect(room.settings.resolved_ledger_url.removeprefix("sqlite:///"), timeout=30) as db:
        return db.execute(sql, values).fetchall()


def mill(batch_id):
    """Run the flow in this thread."""
    from flows.ingest_documents import ingest_documents

    return ingest_documents(batch_id=batch_id)


class FlowThread(threading.Thread):
    """The flow in a thread of this process. `end` waits for it and raises what it raised."""

    def __init__(self, batch_id):
        super().__init__(name="flow", daemon=True)
        self._batch_id, self._context = batch_id, contextvars.copy_context()  # Prefect's test settings are context variables
        self.counts, self.error = None, None
        self.start()

    def run(self):
        try:
            self.counts = self._context.run(mill, self._batch_id)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            self.error = error

    def end(self, within_s):
        self.join(within_s)
        assert not self.is_alive(), f"the flow did not end within {within_s} s"
        if self.error:
            raise self.error
        return self.counts


FLOW = """
import sys
from docmill.cli.prefect_settings import prepare_for_prefect
from docmill.settings import settings
prepare_for_prefect(settings(), None)
from flows.ingest_documents import ingest_documents
if __name__ == "__main__":
    ingest_documents(batch_id=sys.argv[1])
"""


class FlowProcess:
    """The flow in a process of its own, as Prefect's process worker and the command line run it: in the main thread. Ended at the latest on leaving."""

    def __init__(self, batch_id, folder, api_url, **environment):
        script = folder / "run_flow.py"
        script.write_text(FLOW)
        self.log = (folder / f"flow-{time.time_ns()}.log").open("wb")
        path = os.pathsep.join([str(ROOT), *sys.path])
        prefect = {"PREFECT_API_URL": api_url, "PREFECT_LOGGING_TO_API_ENABLED": "false"}
        env = {**os.environ, **prefect, "PYTHONPATH": path, "PYTHONFAULTHANDLER": "1", **environment}
        self.process = subprocess.Popen([sys.executable, str(script), batch_id], env=env, stdout=self.log, stderr=self.log, cwd=folder)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self.log.close()

    def send(self, signum):
        self.process.send_signal(signum)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def end(self, within_s):
        """Its exit code. One that does not end says where its threads stand."""
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # faulthandler writes every thread's stack
            self.process.wait(10)
            raise AssertionError(f"the flow process did not end within {within_s} s\n{self.output[-12000:]}") from None

    @property
    def output(self):
        return Path(self.log.name).read_text(errors="replace")


def task_runs(batch_id, within_s=20):
    """(stage, state, run count) of every task run of the batch's flow runs that carried a shard, when none is under way any more."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter
    from prefect.client.schemas.sorting import TaskRunSort

    end = time.monotonic() + within_s
    with get_client(sync_client=True) as client:
        while True:
            found = client.read_task_runs(
                flow_run_filter=FlowRunFilter(name={"any_": [f"ingest-{batch_id}"]}), limit=200, sort=TaskRunSort.END_TIME_DESC
            )
            rows = [(t.name.rsplit("-", 1)[0], t.state_name, t.run_count) for t in found if re.search(r"-\d{5}$", t.name)]
            is_settled = rows and all(t.state and t.state.is_final() for t in found)
            if is_settled or time.monotonic() > end:  # the server learns of states from events, a moment later
                return rows
            time.sleep(0.2)


def published_once(room, batch_id):
    """Checks that every job of the batch has exactly one result version, and that it is its document's current one."""
    rows = query(
        room,
        "SELECT j.job_id, count(v.version_id), max(d.current_version_id = v.version_id) FROM jobs j JOIN batch_files b USING (tenant_id, job_id)"
        " LEFT JOIN result_versions v USING (tenant_id, job_id) JOIN documents d ON d.document_id = j.document_id"
        " WHERE b.batch_id = ? GROUP BY j.job_id",
        batch_id,
    )
    return bool(rows) and all(count == 1 and is_current == 1 for _, count, is_current in rows)
