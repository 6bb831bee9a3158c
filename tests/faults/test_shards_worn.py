"""A worker that has milled its share of items is replaced while the run goes on."""

import pytest
from dask_servers import DaskServers
from flow_runs import PUBLISHED, FlowThread, jobs_of, published_once, taken_in
from shard_documents import begun_by, write_text

from docmill.settings import settings

DOCUMENTS = 6


@pytest.mark.slow
def test_it_is_replaced_and_nothing_is_done_twice_for_good(room, tmp_path, prefect_server, monkeypatch):
    monkeypatch.setenv("DOCMILL_WORKER_LIFE_S", "0")
    monkeypatch.setenv("DOCMILL_CELL_ITEMS", str(4 * DOCUMENTS))  # four stages; three follow, so it happens once
    with DaskServers(tmp_path / "dask", workers=1) as servers:
        monkeypatch.setenv("DOCMILL_DASK_ADDRESS", servers.address)
        settings.cache_clear()
        batch_id = taken_in(room, [write_text(tmp_path / f"{n}.txt") for n in range(DOCUMENTS)])
        FlowThread(batch_id).end(120)
    assert {job.state for job in jobs_of(room, batch_id).values()} <= PUBLISHED
    assert published_once(room, batch_id)
    workers = {pid for stage in ("inspect", "publish") for pid, _ in begun_by(room, stage)}
    assert len(workers) == 2
