"""Runs as forks of the warm process: they are what Prefect's worker started in every way that it can see. And the mill: it does what mill_shard does."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from cli_environment import clean_environment

from docmill.services.intake import take_in
from docmill.services.milling import warm_mill
from docmill.services.milling.warm_mill import listen, nearest_mill, serve_mill
from docmill.services.milling.warm_places import mill_socket
from docmill.services.milling.work import mill_shard
from docmill.services.running.heart import Heart
from docmill.services.running.run import BatchRun
from docmill.services.sources import files_of
from docmill.values.options import MillOptions


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    # deeper than a socket's name may be long
    folder = tmp_path_factory.mktemp("warm") / ("deep" * 25)
    folder.mkdir()
    words = [sys.executable, str(Path(__file__).with_name("forking.py")), str(folder)]
    process = subprocess.Popen(words, env=clean_environment())
    yield process, folder
    process.kill()
    process.wait()


def started(folder, tmp_path, do):
    words = [sys.executable, "-m", "docmill.cli.warm_run", str(folder / "runs.sock")]
    return subprocess.Popen(words, env=clean_environment(DO=do), cwd=tmp_path, stdout=subprocess.PIPE, text=True)


def said(process):
    """What the run says of itself: DO, folder, pid."""
    return process.stdout.readline().split()


def wait_for(seen, limit_s=10.0):
    end = time.monotonic() + limit_s
    while not (found := seen()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def test_a_run_has_the_environment_the_folder_the_streams_and_the_exit_code(warm, tmp_path):
    process, folder = warm
    wait_for(lambda: (folder / "runs.sock").exists() and any(folder.glob("mill-*")))
    for code in ("0", "7"):
        run = started(folder, tmp_path, code)
        do, where, pid = said(run)
        assert (do, where) == (code, tmp_path.name)
        assert int(pid) != run.pid
        assert run.wait(timeout=10) == int(code)
    assert process.poll() is None


def test_a_signal_reaches_the_run_and_is_how_both_end(warm, tmp_path):
    _, folder = warm
    run = started(folder, tmp_path, "sleep")
    pid = int(said(run)[2])
    run.send_signal(signal.SIGTERM)
    assert run.wait(timeout=10) == -signal.SIGTERM
    wait_for(lambda: not psutil.pid_exists(pid))  # the warm process reaps it a moment later


def test_a_killed_starter_takes_its_run_along(warm, tmp_path):
    _, folder = warm
    run = started(folder, tmp_path, "sleep")
    pid = int(said(run)[2])
    run.kill()
    run.wait()
    wait_for(lambda: not psutil.pid_exists(pid))


def test_a_killed_run_is_told(warm, tmp_path):
    _, folder = warm
    run = started(folder, tmp_path, "sleep")
    os.kill(int(said(run)[2]), signal.SIGKILL)
    assert run.wait(timeout=10) == -signal.SIGKILL


def test_a_killed_mill_comes_back(warm, monkeypatch):
    _, folder = warm
    (old,) = folder.glob("mill-*")
    os.kill(int(old.name.removeprefix("mill-")), signal.SIGKILL)
    wait_for(lambda: len(list(folder.glob("mill-*"))) == 2, limit_s=20)


def test_the_death_of_the_warm_process_ends_its_runs(tmp_path):
    words = [sys.executable, str(Path(__file__).with_name("forking.py")), str(tmp_path)]
    with subprocess.Popen(words, env=clean_environment()) as process:
        wait_for(lambda: (tmp_path / "runs.sock").exists() and any(tmp_path.glob("mill-*")))
        run = started(tmp_path, tmp_path, "sleep")
        pid = int(said(run)[2])
        process.kill()
        assert run.wait(timeout=10) == 137
        wait_for(lambda: not psutil.pid_exists(pid))


def test_without_a_warm_process_prefect_starts_the_run_itself(tmp_path):
    words = [sys.executable, "-m", "docmill.cli.warm_run", str(tmp_path / "nobody.sock")]
    done = subprocess.run(words, env=clean_environment(PREFECT_HOME=str(tmp_path)), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Invalid flow run id" in done.stderr, "that is prefect.engine's own word"


@contextlib.contextmanager
def inspecting(room, tmp_path):
    """A run over one text file, and its first shard."""
    note = tmp_path / "note.txt"
    note.write_text("Dear reader,\nthis is a note.\n")
    batch_id = take_in(room, files_of([str(note)], room.settings), MillOptions())[0]
    run = BatchRun(room, batch_id, "warm", workers=1, lease_s=60)
    with Heart(run, lease_s=60):
        yield run.first_shards()[0]


def test_the_mill_answers_as_mill_shard_would(room, tmp_path, monkeypatch):
    listener = listen(mill_socket(room.settings.home))
    monkeypatch.setattr(warm_mill, "THREADS", 1)
    threading.Thread(target=serve_mill, args=(listener, lambda: None), daemon=True).start()
    assert mill_socket(room.settings.home).stat().st_mode & 0o077 == 0
    with inspecting(room, tmp_path) as shard:
        here = []
        monkeypatch.setattr(warm_mill, "mill_shard", lambda *given: here.append(threading.current_thread().name) or mill_shard(*given))
        report = nearest_mill(room.settings.home)(shard, True)
        assert here
        assert here[0].startswith("docmill-mill")
        assert report.outcomes[0].facts["page_count"] == 1
        again = mill_shard(shard, last_try=True)
        assert [o.model_dump(exclude={"seconds"}) for o in again.outcomes] == [o.model_dump(exclude={"seconds"}) for o in report.outcomes]


@pytest.mark.parametrize("mill", ["none", "dies", "babbles"])
def test_without_the_mill_the_flow_process_mills(room, tmp_path, mill):
    if mill != "none":
        listener = listen(mill_socket(room.settings.home))

        def break_off():
            connection, _ = listener.accept()
            connection.recv(100)
            if mill == "babbles":
                connection.sendall(b"\x00\x00\x00\x02{}")
            connection.close()

        threading.Thread(target=break_off, daemon=True).start()
    with inspecting(room, tmp_path) as shard:
        assert nearest_mill(room.settings.home)(shard, True).outcomes[0].facts["page_count"] == 1
