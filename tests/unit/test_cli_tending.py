"""Parts of the embedded set that end by themselves: which are started again, how often, and what ends the set."""

import threading
import time
from contextlib import ExitStack

import pytest

from docmill.cli import tending
from docmill.cli.parts import running_part
from docmill.cli.tending import tend
from docmill.errors import ClusterLost

SLEEP = ["-c", "import time; time.sleep(60)"]


@pytest.fixture
def parts(tmp_path):
    with ExitStack() as held:
        yield lambda name, words=SLEEP, **more: held.enter_context(running_part(name, words, {}, tmp_path, **more))


def tended(running, again, stop):
    """The watching thread and what it raised."""
    raised = []

    def watch():
        try:
            tend(running, again, stop)
        except ClusterLost as error:
            raised.append(error)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread, raised


def test_a_part_that_ends_is_started_again_and_its_log_goes_on(parts, tmp_path):
    running = {"worker": parts("worker", ["-c", "print('the first')"]), "gateway": parts("gateway")}
    stop, again = threading.Event(), []

    def start():
        again.append(time.monotonic())
        return parts("worker", ["-c", "print('the second'); import time; time.sleep(60)"], again=True)

    thread, raised = tended(running, {"worker": start}, stop)
    until = time.monotonic() + 20
    while "the first" not in (log := (tmp_path / "worker.log").read_text()) or not again:
        assert time.monotonic() < until, log
        time.sleep(0.1)
    time.sleep(0.5)
    stop.set()
    thread.join(timeout=10)
    assert (len(again), raised) == (1, [])
    assert running["worker"].process.poll() is None


@pytest.mark.parametrize("how", ["not one that is mended", "its keeper was killed"])
def test_what_cannot_be_mended_ends_the_set(parts, how):
    stop, started = threading.Event(), []
    if how == "its keeper was killed":
        running = {"server": parts("server")}
        running["server"].process.kill()
        again = {"server": lambda: started.append(1)}
    else:
        running, again = {"gateway": parts("gateway", ["-c", ""])}, {}
    with pytest.raises(ClusterLost, match="ended by itself"):
        tend(running, again, stop)
    assert started == []


def test_one_that_ends_again_and_again_ends_the_set(parts, monkeypatch):
    monkeypatch.setattr(tending, "MOST_RESTARTS", 2)
    started = []

    def start():
        started.append(1)
        return parts("worker", ["-c", ""], again=True)

    with pytest.raises(ClusterLost, match=r"worker\.log"):
        tend({"worker": parts("worker", ["-c", ""])}, {"worker": start}, threading.Event())
    assert len(started) == 2
