"""The dispatcher against a real Prefect server: how jobs become flow runs, what happens when one breaks, and the whole way of an upload."""

import subprocess
import sys
import time
from contextlib import closing, contextmanager
from datetime import timedelta

import httpx
import psutil
import pytest
from gateway_process import ROOT, gateway_process, multipart_file, settings_of
from shard_documents import write_slow_page, write_text

from docmill.services.batches import finish_batch
from docmill.services.dispatch import Dispatcher
from docmill.services.dispatch_prefect import PrefectCalls
from docmill.services.jobs import claim_jobs, job_view, request_cancel
from docmill.services.running.room import Room
from docmill.services.stack_note import Stack, stack_note_file
from docmill.services.uploads import Received, Said, submit
from docmill.settings import child_environment
from docmill.storage.ledger.tables_jobs import BATCHES
from docmill.values.jobs import JobState
from docmill.values.options import MillOptions

UPLOAD = "/api/v1/upload/async/"
TIMES_OUT = 90.0


def until(found, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while not (answer := found()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)
    return answer


@pytest.fixture(scope="module")
def prefect(prefect_server):
    """REST of a real server with the deployment and nobody who works on it."""
    with httpx.Client(base_url=prefect_server, timeout=30) as client:
        flow = client.post("/flows/", json={"name": "ingest-documents"}).json()["id"]
        client.post("/deployments/", json={"name": "ad-hoc", "flow_id": flow, "enforce_parameter_schema": False}).raise_for_status()
        yield client


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def dispatcher(room, prefect, clock):
    calls = PrefectCalls(str(prefect.base_url))
    yield Dispatcher(room, lambda: calls, clock)
    calls.close()


def waiting(room, tmp_path, count):
    """So many uploads, each a request of its own."""
    return [submit(room, [Received(write_text(tmp_path / f"{n}.txt"), f"{n}.txt")], MillOptions(), Said()).job_ids[0] for n in range(count)]


def dispatched(room):
    with room.ledger.reading() as conn:
        return {row.batch_id for row in conn.execute(BATCHES.select().where(BATCHES.c.submitted_by == "dispatcher"))}


def own_batches(home):
    with closing(Room.open(settings_of(home))) as room:
        return dispatched(room)


def runs_of(prefect, room):
    """This ledger's flow runs, oldest first: (batch id, flow run)."""
    batches = dispatched(room)
    found = prefect.post("/flow_runs/filter", json={"sort": "START_TIME_ASC"}).json()
    return [(run["parameters"]["batch_id"], run) for run in found if run["parameters"]["batch_id"] in batches]


def end_run(prefect, run, state):
    prefect.post(f"/flow_runs/{run['id']}/set_state", json={"state": {"type": state}, "force": True}).raise_for_status()


def batch_of(prefect, room, jobs):
    ((batch_id, run),) = runs_of(prefect, room)
    claimed = claim_jobs(room.ledger, room.tenant, batch_id, run_id=run["id"], lease_s=60)
    assert {job.job_id for job in claimed} == set(jobs)
    return batch_id, run


def test_many_jobs_share_a_run_and_two_runs_go_at_once(room, prefect, dispatcher, tmp_path):
    first = waiting(room, tmp_path, 1)
    assert dispatcher.step() == 1
    more = waiting(room, tmp_path, 130)
    assert dispatcher.step() == 2
    assert dispatcher.step() == 2  # the rest waits until a run is over
    runs = runs_of(prefect, room)
    claimed = {batch: {j.job_id for j in claim_jobs(room.ledger, room.tenant, batch, run_id="r", lease_s=60)} for batch, _ in runs}
    assert sorted(len(jobs) for jobs in claimed.values()) == [1, 100]
    assert set().union(*claimed.values()) == {*first, *more[:100]}  # oldest first
    for batch_id, _ in runs:
        finish_batch(room.ledger, room.tenant, batch_id, report_object="public/default/reports/x.json")
    assert dispatcher.step() == 1
    assert len(runs_of(prefect, room)) == 3


def test_a_new_dispatcher_finds_the_runs_of_the_one_before(room, prefect, dispatcher, tmp_path):
    waiting(room, tmp_path, 2)
    dispatcher.step()
    with closing(PrefectCalls(str(prefect.base_url))) as calls:
        assert Dispatcher(room, lambda: calls).step() == 1
    assert len(runs_of(prefect, room)) == 1


def test_while_prefect_is_away_jobs_wait_and_then_share_one_run(room, prefect, tmp_path):
    found = []
    dispatcher = Dispatcher(room, lambda: found[0] if found else None)
    for n in range(3):
        waiting(room, tmp_path / "..", 1)
        assert dispatcher.step() == 0, n
    with closing(PrefectCalls(str(prefect.base_url))) as calls:
        found.append(calls)
        assert dispatcher.step() == 1
    assert len(runs_of(prefect, room)) == 1


def test_a_run_that_crashed_is_tried_again_with_patience(room, prefect, dispatcher, clock, tmp_path):
    waiting(room, tmp_path, 1)
    dispatcher.step()
    ((_, run),) = runs_of(prefect, room)
    end_run(prefect, run, "CRASHED")
    for seconds, runs in ((2.1, 1), (2.1, 1), (2.1, 2)):  # seen, looked at once more, five seconds after it began
        clock.now_s += seconds
        dispatcher.step()
        assert len(runs_of(prefect, room)) == runs
    # one that begins now finds the second try by its key and makes no third
    with closing(PrefectCalls(str(prefect.base_url))) as calls:
        late = Dispatcher(room, lambda: calls, clock)
        for _ in range(4):
            late.step()
            clock.now_s += 2.1
    assert len(runs_of(prefect, room)) == 2


def test_a_run_that_is_gone_without_a_word_is_replaced(room, prefect, dispatcher, clock, tmp_path, monkeypatch):
    jobs = waiting(room, tmp_path, 1)
    dispatcher.step()
    _, run = batch_of(prefect, room, jobs)
    end_run(prefect, run, "RUNNING")
    real = room.ledger.now
    for minutes, runs in ((0, 1), (1.5, 1), (3, 2)):  # its lease of a minute expires, then a minute passes
        monkeypatch.setattr(room.ledger, "now", lambda m=minutes: real() + timedelta(minutes=m))
        for _ in range(2):
            clock.now_s += 10
            dispatcher.step()
        assert len(runs_of(prefect, room)) == runs, minutes


def test_a_run_that_died_before_it_claimed_anything_is_replaced(room, prefect, dispatcher, clock, tmp_path):
    """Its process and Prefect's server went together: the server comes back and calls it running for ever."""
    waiting(room, tmp_path, 1)
    dispatcher.step()
    ((_, run),) = runs_of(prefect, room)
    end_run(prefect, run, "RUNNING")
    for seconds, runs in ((3, 1), (200, 1), (200, 2)):
        clock.now_s += seconds
        dispatcher.step()
        assert len(runs_of(prefect, room)) == runs, seconds


def test_a_cancelled_waiting_job_is_never_sent(room, prefect, dispatcher, tmp_path):
    (job,) = waiting(room, tmp_path, 1)
    request_cancel(room.ledger, room.tenant, job)
    assert dispatcher.step() == 0
    assert runs_of(prefect, room) == []


def test_a_run_of_which_nothing_is_wanted_any_more_is_cancelled(room, prefect, dispatcher, clock, tmp_path):
    jobs = waiting(room, tmp_path, 2)
    dispatcher.step()
    _, run = batch_of(prefect, room, jobs)
    end_run(prefect, run, "RUNNING")
    for job, state in zip(jobs, ("RUNNING", "CANCELLING"), strict=True):
        request_cancel(room.ledger, room.tenant, job)
        clock.now_s += 3
        dispatcher.step()
        assert prefect.get(f"/flow_runs/{run['id']}").json()["state_type"] == state


def test_a_job_being_cancelled_whose_run_is_gone_becomes_cancelled(room, prefect, dispatcher, clock, tmp_path, monkeypatch):
    jobs = waiting(room, tmp_path, 1)
    dispatcher.step()
    batch_of(prefect, room, jobs)
    request_cancel(room.ledger, room.tenant, jobs[0])
    real = room.ledger.now
    monkeypatch.setattr(room.ledger, "now", lambda: real() + timedelta(minutes=5))
    clock.now_s += 3
    dispatcher.step()
    assert job_view(room.ledger, room.tenant, jobs[0]).state is JobState.CANCELLED


def test_jobs_of_the_command_line_are_its_own(room, prefect, dispatcher, tmp_path):
    from docmill.services.intake import take_in
    from docmill.services.sources import files_of

    take_in(room, files_of([str(write_text(tmp_path / "cli.txt"))], room.settings), MillOptions())
    assert dispatcher.step() == 0


# --- the whole way

_RUNNER = """
from flows.ingest_documents import ingest_documents
ingest_documents.serve(name="ad-hoc", print_starting_message=False, limit=2)
"""


@contextmanager
def runner(home, api_url):
    """Serves the deployment in a process of its own, as a worker would."""
    environment = child_environment(
        DOCMILL_HOME=str(home),
        PREFECT_API_URL=api_url,
        PREFECT_LOGGING_LEVEL="WARNING",
        PREFECT_RUNNER_POLL_FREQUENCY="2",
        PYTHONPATH=str(ROOT),
    )
    process = subprocess.Popen([sys.executable, "-c", _RUNNER], cwd=home, env=environment)
    try:
        yield process
    finally:
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
        for one in family:
            one.terminate()
        for one in psutil.wait_procs(family, timeout=10)[1]:
            one.kill()
        process.wait()


def note_prefect(home, api_url):
    me = psutil.Process()
    note = Stack(pid=me.pid, started=me.create_time(), prefect_api_url=api_url, gateway_url="http://127.0.0.1:1")
    stack_note_file(settings_of(home)).write_text(note.model_dump_json())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_uploads_made_while_prefect_is_away_complete_when_it_is_back(prefect, tmp_path, capsys):
    api_url = str(prefect.base_url).rstrip("/")

    def send(client, path, media_type="text/plain"):
        return client.post(UPLOAD, files=multipart_file(path.name, path.read_bytes(), media_type)).json()["task_id"]

    def status(client, task):
        return client.get(f"/api/v1/upload/status/{task}/").json()

    def all_over(client, tasks):
        return all(status(client, t)["status"] in {"completed", "failed"} for t in tasks)

    home = tmp_path / "home"
    with gateway_process(home) as (client, process):
        told = client.get("/readyz").json()
        assert (told["status"], told["checks"]) == ("degraded", {"ledger": "ok", "store": "ok", "prefect": "away"})
        tasks = [send(client, write_text(tmp_path / f"{n}.txt")) for n in range(3)]
        time.sleep(2)
        assert {status(client, t)["status"] for t in tasks} == {"pending"}
        note_prefect(home, api_url)
        until(lambda: client.get("/readyz").json()["status"] == "ready")
        for run in prefect.post("/flow_runs/filter", json={}).json():  # what other tests left
            if run["parameters"]["batch_id"] not in own_batches(home):
                prefect.delete(f"/flow_runs/{run['id']}")
        with runner(home, api_url) as served:
            until(lambda: served.poll() is not None or status(client, tasks[0])["status"] != "pending", TIMES_OUT)
            assert served.poll() is None
            process.kill()  # the gateway dies with a run under way
            with gateway_process(home) as (again, _):
                until(lambda: all_over(again, tasks), TIMES_OUT)
                assert {status(again, t)["status"] for t in tasks} == {"completed"}
                begun = time.monotonic()
                task = send(again, write_text(tmp_path / "warm.txt"))
                until(lambda: all_over(again, [task]), TIMES_OUT)
                with capsys.disabled():
                    sys.stdout.write(f"\none text file, POST to completed, served runner: {time.monotonic() - begun:.1f} s\n")
                slow = send(again, write_slow_page(tmp_path / "slow.tif"), "image/tiff")
                until(lambda: status(again, slow)["status"] == "processing", TIMES_OUT)
                begun = time.monotonic()
                assert again.post(f"/api/v1/upload/{slow}/cancel/").status_code == 202
                until(lambda: status(again, slow)["outcome"] == "cancelled", 60)
                with capsys.disabled():
                    sys.stdout.write(f"cancel to cancelled: {time.monotonic() - begun:.1f} s\n")
    with closing(Room.open(settings_of(home))) as room:
        assert len(runs_of(prefect, room)) == 3  # three jobs in one, and neither killing the gateway nor its restart made another
