"""`make up-cluster`: PostgreSQL, Prefect, a Dask scheduler, two workers and the gateway as processes of this machine mill an upload."""

import shutil
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
from cli_process import ROOT, Up, docmill

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def cluster():
    folder = Path(
        tempfile.mkdtemp(prefix="docmill-cluster-")
    )  # PostgreSQL does not run as root, and its user may not enter pytest's folders
    folder.chmod(0o755)
    running = Up(folder / "home", command=(sys.executable, str(ROOT / "deployments" / "up_cluster.py")))
    yield running
    running.end()
    shutil.rmtree(folder)


def test_an_upload_is_milled_on_its_workers_and_nothing_is_left_running(cluster, tmp_path):
    places = cluster.wait_until_ready()
    paper = tmp_path / "letter.txt"
    paper.write_text("A letter for the cluster.\n")
    away = {"DOCMILL_GATEWAY_URL": places["Gateway"]}
    sent = docmill(cluster.home, "submit", str(paper), **away)
    assert sent.returncode == 0, sent.stderr
    ended = docmill(cluster.home, "wait", sent.stdout.strip(), timeout=400, **away)
    assert " completed " in ended.stdout, (ended.stdout, ended.stderr)
    family = psutil.Process(cluster.process.pid).children(recursive=True)
    named = {word for process in family for word in ("postgres", "dask_scheduler", "dask_worker") if word in " ".join(process.cmdline())}
    assert named == {"postgres", "dask_scheduler", "dask_worker"}
    assert (cluster.home / "postgres" / "data" / "PG_VERSION").stat().st_size > 0
    cluster.process.terminate()
    cluster.process.wait(timeout=120)
    psutil.wait_procs(family, timeout=20)
    assert [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []
