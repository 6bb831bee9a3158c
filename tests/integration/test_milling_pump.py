"""The pump on a real Prefect server: documents leave before new ones are begun, however many shards there are."""

import pytest
from flow_runs import PUBLISHED, jobs_of, mill, query, taken_in
from shard_documents import write_pages

from docmill.settings import settings


@pytest.fixture
def many_waves(monkeypatch):
    """Every page a wave of its own, in the flow process, one task at a time."""
    monkeypatch.setenv("DOCMILL_SHARD_SECONDS", "2")
    monkeypatch.setenv("DOCMILL_INLINE_SECONDS", "10000")
    monkeypatch.setattr("flows.pump.TASK_THREADS", 1)
    settings.cache_clear()


def begun_at(room, stage):
    """When each job's item of a stage was begun."""
    names = [i.name for i in room.store.list(f"private/{room.tenant}/journal/") if f"/{stage}-" in i.name and i.name.endswith(".begun")]
    return {name.split("/")[3]: float(room.store.read(name).split()[0]) for name in names}


def test_documents_leave_before_new_ones_are_begun(many_waves, room, tmp_path, prefect_server):
    batch_id = taken_in(room, [write_pages(tmp_path / f"{n}.tif", 1) for n in range(4)])
    mill(batch_id)
    assert {job.state for job in jobs_of(room, batch_id).values()} <= PUBLISHED
    read, published = sorted(begun_at(room, "read").values()), sorted(begun_at(room, "publish").values())
    assert len(read) == len(published) == 4
    assert all(leaves < begins for leaves, begins in zip(published, read[1:], strict=False))
    ended = query(room, "SELECT count(DISTINCT finished_at) FROM jobs")
    assert ended == [(4,)], "each job ends with its own wave"
