"""Ends of `docmill up` that cost a start each: down, Ctrl-C, kill -9, a part that dies, an end while it starts.

The end by SIGTERM is the last step of the set in test_up.py.
"""

import time

import psutil
import pytest
from cli_process import Up, docmill

pytestmark = pytest.mark.timeout(600)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["down", "interrupt", "kill", "kill a keeper", "kill the gateway"])
def test_every_other_end_leaves_no_process(tmp_path, how):
    running = Up(tmp_path / "home")
    try:
        running.wait_until_ready()
        family = psutil.Process(running.process.pid).children(recursive=True)
        if how == "down":
            assert "ended" in docmill(running.home, "down").stdout
        elif how == "interrupt":
            running.process.send_signal(2)
        elif how == "kill":
            running.process.kill()
        elif how == "kill a keeper":
            next(p for p in family if "docmill.cli.keeper" in p.cmdline() and "server" in p.cmdline()).kill()
        else:
            next(p for p in family if p.cmdline()[-1:] == ["serve"] and "docmill.cli.keeper" not in p.cmdline()).kill()
        code = running.process.wait(timeout=60)
        psutil.wait_procs(family, timeout=20)
        assert [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []
        assert code == {"down": 0, "interrupt": 0, "kill": -9}.get(how, 43)
        assert code != 43 or "ended by itself" in running.said
    finally:
        running.end()


@pytest.mark.slow
def test_it_can_be_ended_while_it_starts(tmp_path):
    running = Up(tmp_path / "home")
    try:
        time.sleep(8)
        family = psutil.Process(running.process.pid).children(recursive=True)
        assert family
        assert docmill(running.home, "down").returncode == 0
        running.process.wait(timeout=5)
        assert [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []
    finally:
        running.end()
