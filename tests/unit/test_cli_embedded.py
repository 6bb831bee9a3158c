"""Who holds a home's embedded set, and free ports. What `docmill up` does with them is tests/e2e/test_up.py."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from docmill.cli import stack
from docmill.cli.embedded import holder, noted, sole_set
from docmill.cli.main import app
from docmill.cli.parts import free_port
from docmill.errors import Conflict
from docmill.services.stack_note import running_stack
from docmill.settings import settings

ROOT = Path(__file__).parents[2]
HOLD = """
import time
from docmill.cli.embedded import sole_set
from docmill.settings import settings
with sole_set(settings()):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def found(home):
    home.mkdir(mode=0o700)
    return settings()


@pytest.fixture
def other(found):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "DOCMILL_HOME": str(found.home)}
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()


def test_one_set_per_home(found, other):
    assert holder(found).pid == other.pid
    with pytest.raises(Conflict, match="docmill down"), sole_set(found):
        pass


def test_down_does_not_wait_for_a_process_that_its_parent_never_collects(found, other):
    began = time.monotonic()
    told = CliRunner().invoke(app, ["down"])  # this process is the parent, and collects it at the end of the test
    assert (told.exit_code, told.stdout) == (0, "ended\n")
    assert time.monotonic() - began < stack.DOWN_WAIT_S
    until = time.monotonic() + stack.DOWN_WAIT_S  # the home is free a moment before its holder is gone
    while psutil.Process(other.pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
        time.sleep(0.05)
    assert psutil.Process(other.pid).status() == psutil.STATUS_ZOMBIE
    assert CliRunner().invoke(app, ["down"]).stdout == "No embedded set runs for this home.\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_home_is_free_when_its_holder_is_gone_however_that_came(found, other, number):
    other.send_signal(number)
    other.wait()
    assert holder(found) is None
    with sole_set(found):
        pass
    assert holder(found) is None


def test_the_refusal_says_where_the_other_one_is(found, other):
    with noted(found, "http://127.0.0.1:4711/api", "http://127.0.0.1:8011"):
        with pytest.raises(Conflict, match=r"http://127\.0\.0\.1:4711 and http://127\.0\.0\.1:8011"), sole_set(found):
            pass
        assert running_stack(found).gateway_url == "http://127.0.0.1:8011"
    assert running_stack(found) is None


def test_a_note_of_a_dead_process_is_none(found):
    with noted(found, "http://127.0.0.1:4711/api", "http://127.0.0.1:8011"):
        note = found.home / "up.json"
        note.write_text(note.read_text().replace(f'"pid":{os.getpid()}', '"pid":1'))
        assert running_stack(found) is None


def test_a_taken_port_is_passed_over_and_one_just_left_is_not():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        first = taken.getsockname()[1]
        assert free_port(first) > first
        with socket.create_connection(("127.0.0.1", first)):
            accepted, _ = taken.accept()
            accepted.close()  # the side that closes first keeps the port in TIME_WAIT
    time.sleep(0.05)
    assert free_port(first) == first
    assert free_port(0) > 0
