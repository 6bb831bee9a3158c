"""The keeper: nothing of a part stays behind, whoever ends and however. Real processes, no Prefect."""

import contextlib
import subprocess
import sys
import time

import psutil
import pytest

TREE = """
import os, subprocess, sys, time
lone = "import time; time.sleep(120)"
left = subprocess.Popen([sys.executable, "-c", lone], start_new_session=True)
middle = subprocess.Popen([sys.executable, "-c",
    "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', %r], start_new_session=True).pid, flush=True)" % lone])
middle.wait()  # its child is an orphan now
print(os.getpid(), left.pid, "ready", flush=True)
"""
"""A part with a child in a session of its own and an orphaned grandchild."""


def start(code: str) -> tuple["subprocess.Popen[bytes]", list[psutil.Process]]:
    keeper = subprocess.Popen(
        [sys.executable, "-m", "docmill.cli.keeper", sys.executable, "-c", TREE + code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    lines = [keeper.stdout.readline() for _ in range(2)]
    return keeper, [psutil.Process(int(word)) for line in lines for word in line.split() if word.isdigit()]


def alive(processes):
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def family():
    """Started trees, ended by their pids whatever the test finds."""
    started = []
    yield started
    for process in started:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def test_the_end_of_the_parent_ends_everything(family):
    keeper, tree = start("time.sleep(120)")
    family.extend(tree)
    assert len(alive(tree)) == 3
    keeper.stdin.close()  # what kill -9 of the parent does
    assert keeper.wait(timeout=10) == 128 + 15
    assert not alive(tree)


def test_sigterm_ends_everything(family):
    keeper, tree = start("time.sleep(120)")
    family.extend(tree)
    keeper.terminate()
    keeper.wait(timeout=10)
    assert not alive(tree)


def test_a_part_that_ends_by_itself_leaves_nothing_and_its_exit_code(family):
    keeper, tree = start("sys.exit(7)")
    family.extend(tree)
    assert keeper.wait(timeout=10) == 7
    assert not alive(tree)


@pytest.mark.slow
def test_what_ignores_sigterm_is_killed(family):
    keeper, tree = start("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(120)")
    family.extend(tree)
    keeper.stdout.readline()
    begun = time.monotonic()
    keeper.terminate()
    keeper.wait(timeout=30)
    assert not alive(tree)
    assert time.monotonic() - begun > 5, "it was not asked politely first"
