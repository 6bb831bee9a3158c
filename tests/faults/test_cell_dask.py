"""The cell inside a Dask worker under a nanny: a daemonic process, which may have no multiprocessing children."""

from pathlib import Path

import psutil
import pytest
from test_cell_orphans import is_there, left_over

from docmill.cell import CellLimits, thread_cell

LIMITS = CellLimits(memory_bytes=512 << 20, items=100, modules=("cell_verbs",))


def in_worker(verb: str, *args: str | int | bool) -> dict[str, object]:
    import multiprocessing
    import os

    result = thread_cell(LIMITS).call(f"cell_verbs:{verb}", *args, deadline_s=60)
    return {"result": result, "worker": os.getpid(), "is_daemon": multiprocessing.current_process().daemon}


@pytest.fixture
def quiet_dask() -> None:
    import logging

    logging.getLogger("distributed").setLevel(logging.CRITICAL)


def test_a_cell_works_in_a_nanny_worker_and_dies_with_it(tmp_path: Path, quiet_dask: None) -> None:
    import dask
    from distributed import Client, LocalCluster

    file = tmp_path / "pids"
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1h"}),
        LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1") as cluster,  # type: ignore[no-untyped-call]  # it has no types
        Client(cluster) as client,  # type: ignore[no-untyped-call]  # as above
    ):
        first = client.submit(in_worker, "echo", 1, pure=False).result(timeout=60)
        assert first["result"] == [1]
        assert first["is_daemon"], "the hard case is a daemonic worker"
        program = client.submit(in_worker, "spawn", 50, str(file), True, "return", pure=False).result(timeout=60)["result"]
        processes = [psutil.Process(int(pid)) for pid in file.read_text().split()]
        assert program == processes[-1].pid
        assert all(map(is_there, processes))
        psutil.Process(first["worker"]).kill()
        assert left_over(processes) == []
        again = client.submit(in_worker, "echo", 2, pure=False).result(timeout=60)
        assert again["result"] == [2]
        assert again["worker"] != first["worker"]
