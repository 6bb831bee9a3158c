"""mill_shard on a real store with real documents, without Prefect and Dask: what is skipped, what is judged, whole shards, what is left.

Errors and tries stand in test_milling_tries.py, stopping and second workers in test_milling_stopping.py.
"""

import dataclasses
import json

import pytest
from milling_shards import at_stage, codes, inspected, left_begun, statuses
from shard_documents import begin, journal, write_damaged, write_pages, write_text

from docmill.errors import VersionMismatch
from docmill.services.batches import batch_jobs
from docmill.services.milling.receipts import marker_name
from docmill.services.milling.work import mill_shard
from docmill.values.jobs import ItemStatus

# --- what is there is skipped


def test_done_items_are_not_begun_again(room, tmp_path):
    scan = write_pages(tmp_path / "a.tif", 3)
    first = begin(room, [scan])
    (shard,) = inspected(first)
    report = mill_shard(shard)
    assert set(statuses(report).values()) == {ItemStatus.DONE}
    marks = journal(room)
    assert marks == ["inspect-document/0-1.begun", *(f"read-page-{n}/0-1.begun" for n in (1, 2, 3))]

    again = mill_shard(shard)
    assert again.outcomes == report.outcomes  # the markers count: not even the seconds differ
    assert journal(room) == marks


def test_another_job_finds_the_pages_that_a_first_one_read(room, tmp_path):
    scan = write_pages(tmp_path / "a.tif", 2)
    (shard,) = inspected(begin(room, [scan]))
    mill_shard(shard)
    other = begin(room, [scan], extract_format="markdown")
    assert not set(other.tracked) & {i.job_id for i in shard.items}
    (second,) = inspected(other)
    report = mill_shard(second)
    assert set(statuses(report).values()) == {ItemStatus.PRESENT}
    assert {(o.tries, o.seconds) for o in report.outcomes} == {(0, 0.0)}
    (job_id,) = other.tracked
    assert journal(room, job_id) == []


@pytest.mark.parametrize("torn", [b"", b"\0" * 300, b'{"artefacts": ['])
def test_a_receipt_that_a_power_cut_tore_counts_as_none(room, tmp_path, torn):
    scan = write_pages(tmp_path / "a.tif", 2)
    (shard,) = inspected(begin(room, [scan]))
    mill_shard(shard)
    (first, _) = [info.name for info in room.store.list("private/default/receipts/") if ".read-" in info.name]
    whole = room.store.read(first)
    room.store.replace(first, torn)
    for expected in ([ItemStatus.DONE, ItemStatus.PRESENT], [ItemStatus.PRESENT, ItemStatus.PRESENT]):
        (again,) = inspected(begin(room, [scan], extract_format=("markdown" if ItemStatus.DONE in expected else "json")))
        assert sorted(statuses(mill_shard(again)).values()) == expected
    assert json.loads(room.store.read(first))["artefacts"] == json.loads(whole)["artefacts"]


def test_a_verdict_is_kept_beside_the_artefacts_and_found_by_a_second_job(room, tmp_path):
    bad = write_damaged(tmp_path / "bad.pdf")
    first, second = begin(room, [bad]), begin(room, [bad], extract_format="markdown")
    (shard,) = first.first_shards()
    report = mill_shard(shard)
    assert codes(report) == {"document": "damaged"}
    assert report.retryable == ()
    assert journal(room) == ["inspect-document/0-1.begun"]  # the receipt is its end

    (shard,) = second.first_shards()
    found = mill_shard(shard)
    assert codes(found) == {"document": "damaged"}
    assert found.outcomes[0].error_message == report.outcomes[0].error_message
    (job_id,) = second.tracked
    assert journal(room, job_id) == []


def test_a_verdict_is_found_when_the_bytes_arrive_again(room, tmp_path):
    bad = write_damaged(tmp_path / "bad.pdf")
    assert inspected(begin(room, [bad])) == []
    again = begin(room, [bad])
    assert not again.tracked, "nothing is left to run"
    (job,) = batch_jobs(room.ledger, room.tenant, again.batch_id)
    assert (job.state, job.error_code) == ("failed", "damaged")
    assert len(begin(room, [bad], force=True).tracked) == 1, "force asks again"


def test_a_surprise_fails_its_item_only_and_says_nothing_of_the_document(room, tmp_path):
    """A page whose artefact is no page: pydantic would quote it."""
    (tmp_path / "secret.txt").write_text("Mr Miller owes 12 euros\n")
    run = begin(room, [write_text(tmp_path / "a.txt"), tmp_path / "secret.txt", write_text(tmp_path / "b.txt")])
    shard = at_stage(run, "publish")
    victim = shard.items[1]
    page = next(a for a in victim.inputs if a.stage == "read")
    (room.settings.home / "store" / page.object_name).write_text('{"number": "Mr Miller owes"}')
    report = mill_shard(shard)
    by_job = {o.job_id: o for o in report.outcomes}
    assert len(by_job) == 3
    assert by_job[victim.job_id].error_code == "stage_failed"
    assert "Miller" not in (by_job[victim.job_id].error_message or "")
    assert [o.status for o in report.outcomes].count(ItemStatus.DONE) == 2


def test_a_worker_of_another_version_refuses(room, tmp_path):
    (shard,) = inspected(begin(room, [write_text(tmp_path / "a.txt")]))
    marks = journal(room)
    with pytest.raises(VersionMismatch) as caught:
        mill_shard(dataclasses.replace(shard, version="0.0.1"))
    assert not caught.value.retryable
    assert "0.0.1" in caught.value.message
    assert journal(room) == marks


# --- a stage that looks at a whole shard


def test_validate_answers_for_every_document_of_its_shard(room, tmp_path):
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(3)])
    shard = at_stage(run, "validate")
    report = mill_shard(shard)
    assert [o.status for o in report.outcomes] == [ItemStatus.DONE] * 3
    assert all("failed_checks" in o.facts for o in report.outcomes)
    assert mill_shard(shard).outcomes == report.outcomes


def test_after_a_death_a_whole_shard_stage_takes_its_items_one_by_one(room, tmp_path):
    """Whoever kills the worker a second time is then the only one under suspicion."""
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(3)])
    shard = at_stage(run, "validate")
    for item in shard.items:
        left_begun(room, item, "validate", (1,))
    report = mill_shard(shard)
    assert [(o.status, o.tries) for o in report.outcomes] == [(ItemStatus.DONE, 2)] * 3
    store = room.settings.home / "store"
    second = store / f"private/{room.tenant}/journal/{shard.items[1].job_id}/validate-document/0-2.begun"
    first_end = store / marker_name(shard, shard.items[0])
    assert second.stat().st_mtime_ns > first_end.stat().st_mtime_ns


def test_quarantined_ones_are_left_out_and_the_rest_is_validated(room, tmp_path):
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(3)])
    shard = at_stage(run, "validate")
    left_begun(room, shard.items[1], "validate", (1, 2))
    by_job = {o.job_id: o.error_code for o in mill_shard(shard).outcomes}
    assert by_job == {shard.items[0].job_id: None, shard.items[1].job_id: "quarantined", shard.items[2].job_id: None}


def test_nothing_is_left_in_the_scratch_folder(room, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    for shard in inspected(begin(room, [write_pages(tmp_path / "a.tif", 2), write_damaged(tmp_path / "b.pdf")])):
        mill_shard(shard)
    assert list(scratch.iterdir()) == []


def test_what_a_killed_worker_left_in_scratch_is_removed_by_the_next_one(tmp_path, monkeypatch):
    """Documents lie there. What a living process uses stays, whoever looks."""
    import subprocess
    import sys

    from docmill import scratch

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = (
        "import sys, time, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from docmill.scratch import scratch_folder\n"
        "with scratch_folder('shard') as f:\n (f / 'letter.pdf').write_text('Dear'); print(f, flush=True); time.sleep(60)"
    )
    workers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        killed, living = (worker.stdout.readline().strip() for worker in workers)
        workers[0].kill()
        workers[0].wait(10)
        assert {str(p) for p in tmp_path.iterdir()} == {killed, living}
        scratch._sweep_once.cache_clear()
        with scratch.scratch_folder("shard") as mine:
            assert {str(p) for p in tmp_path.iterdir()} == {living, str(mine)}
        assert {str(p) for p in tmp_path.iterdir()} == {living}
    finally:
        for worker in workers:
            worker.kill()
            worker.wait(10)
            worker.stdout.close()
