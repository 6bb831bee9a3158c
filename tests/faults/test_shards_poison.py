"""A document that kills its worker each time: the flow ends, exactly that item is quarantined, nothing stays Running."""

import hashlib
import json

import pytest
from dask_servers import PRELOAD, DaskServers
from flow_runs import PUBLISHED, FlowThread, jobs_of, published_once, query, taken_in, task_runs
from shard_documents import begun, descendants, gone, journal, write_text

from docmill.settings import settings
from docmill.values.jobs import JobState
from docmill.values.keys import document_id


def documents(folder, count=5):
    """Text documents, which all fall into one shard; the one in the middle is the deadly one."""
    folder.mkdir()
    paths = [write_text(folder / f"{n}.txt") for n in range(count)]
    deadly = paths[count // 2]
    return paths, deadly.name, document_id("default", hashlib.sha256(deadly.read_bytes()).hexdigest())


def milled(room, paths, deadly, stage):
    batch_id = taken_in(room, paths)
    counts = FlowThread(batch_id).end(180)
    jobs = jobs_of(room, batch_id)
    bad = jobs.pop(deadly)
    item = f"{stage}-{'page-1' if stage == 'read' else 'document'}"
    assert begun(room)[bad.job_id, item] == 2, "it was run twice and not a third time"
    assert counts["unfinished"] == 0
    assert {job.state for job in jobs.values()} <= PUBLISHED
    assert [m for job in jobs.values() for m in journal(room, job.job_id) if m.endswith(".cut")] == []
    assert {state for _, state, _ in task_runs(batch_id)} == {"Completed"}
    return bad, jobs, batch_id


def test_on_an_address(room, tmp_path, prefect_server, monkeypatch):
    paths, deadly, deadly_id = documents(tmp_path / "in")
    with DaskServers(tmp_path / "dask", faults={"deadly": ["read", deadly_id]}) as servers:
        monkeypatch.setenv("DOCMILL_DASK_ADDRESS", servers.address)
        settings.cache_clear()
        bad, others, _ = milled(room, paths, deadly, "read")
    assert bad.state is JobState.FAILED
    assert bad.error_code == "quarantined"
    assert bad.error_message == "begun 2 times without an end"
    assert query(room, "SELECT job_id FROM pages WHERE status = 'failed'") == [(bad.job_id,)]
    assert query(room, "SELECT count(*) FROM result_versions WHERE job_id = ?", bad.job_id) == [(0,)]
    tries = {job_id: n for (job_id, _), n in begun(room, "read").items()}
    in_order = sorted(tries)
    kept = in_order[in_order.index(bad.job_id) - 1]  # it may have been on its way to the store when the worker died
    assert tries[kept] <= 2
    assert {n for job_id, n in tries.items() if job_id not in {bad.job_id, kept}} == {1}, "other neighbours were done once"
    assert all(job.results_object for job in others.values())


@pytest.mark.slow
def test_a_stage_that_takes_its_whole_shard_at_once_still_names_the_one(room, tmp_path, prefect_server, monkeypatch):
    """After the first death every document of the shard is under suspicion; after the second only one."""
    paths, deadly, deadly_id = documents(tmp_path / "in")
    with DaskServers(tmp_path / "dask", faults={"deadly": ["validate", deadly_id]}) as servers:
        monkeypatch.setenv("DOCMILL_DASK_ADDRESS", servers.address)
        settings.cache_clear()
        bad, _, batch_id = milled(room, paths, deadly, "validate")
    assert bad.state is JobState.PARTIAL
    assert published_once(room, batch_id)
    quarantined = [job_id for job_id, text in _problems(room).items() if "quarantined" in text]
    assert quarantined == [bad.job_id]


def _problems(room):
    rows = query(room, "SELECT job_id, results_object FROM result_versions")
    return {job_id: json.dumps(json.loads(room.store.read(name))["outcome"]) for job_id, name in rows}


@pytest.mark.slow
def test_on_a_local_cluster(room, tmp_path, prefect_server, monkeypatch):
    import dask

    paths, deadly, deadly_id = documents(tmp_path / "in")
    monkeypatch.setenv("DOCMILL_INLINE_SECONDS", "0")
    monkeypatch.setenv("DOCMILL_DASK_WORKERS", "1")  # the hard case: nobody else is there
    monkeypatch.setenv("DOCMILL_TEST_FAULTS", json.dumps({"deadly": ["read", deadly_id]}))
    settings.cache_clear()
    before = set(descendants())
    with dask.config.set({"distributed.worker.preload": [str(PRELOAD)]}):
        bad, _, _ = milled(room, paths, deadly, "read")
    assert bad.error_code == "quarantined"
    assert gone(set(descendants()) - before, 10) == []
