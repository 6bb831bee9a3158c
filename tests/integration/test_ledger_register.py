"""Registering files: same bytes, reuse, force, retry, refused files, all or nothing; on both databases."""

import threading
from typing import TYPE_CHECKING, Any

import pytest

from docmill.errors import Conflict, InvalidOptions, NotFound, TooLarge
from docmill.services import batches, jobs
from docmill.services.batches import Registration
from docmill.values.jobs import JobState
from docmill.values.options import MillOptions

if TYPE_CHECKING:
    from ledger_fixtures import Work

pytest_plugins = ("ledger_fixtures",)

OTHER_PLAN = "b" * 64
KEPT_OPTIONS = MillOptions.model_validate(MillOptions().model_dump())


def test_a_registered_file_is_an_accepted_job(work: "Work") -> None:
    batch_id = work.batch(total_files=2)
    first, second = work.register(batch_id, work.file(1), work.file(2), tags=("a", "b"), collection="c", metadata={"order": 7})
    view = work.view(first.job_id)
    assert (view.state, view.name, view.batch_id, view.parent_job_id) == (JobState.ACCEPTED, "file-1.pdf", batch_id, None)
    assert (view.tags, view.collection, view.size_bytes, view.options) == (("a", "b"), "c", 101, KEPT_OPTIONS)
    assert view.accepted_at == work.ledger.now()
    assert first.job_id < second.job_id, "jobs sort in the order of the files"
    assert not first.reused
    assert [j.job_id for j in batches.batch_jobs(work.ledger, work.tenant, batch_id)] == [first.job_id, second.job_id]


def test_same_bytes_twice_in_a_batch_are_one_job_under_two_names(work: "Work") -> None:
    batch_id = work.batch(total_files=3)
    one, two = work.register(batch_id, work.file(1, name="a.pdf"), work.file(1, name="b.pdf"), force=True)
    (three,) = work.register(batch_id, work.file(1, name="c.pdf"), force=True)
    assert one.job_id == two.job_id == three.job_id
    assert [j.name for j in batches.batch_jobs(work.ledger, work.tenant, batch_id)] == ["a.pdf", "b.pdf", "c.pdf"]
    assert batches.batch_view(work.ledger, work.tenant, batch_id).by_state == {"accepted": 3}
    assert len(work.claim(batch_id)) == 1


@pytest.mark.parametrize(
    ("ended", "force", "plan", "is_reused", "has_parent"),
    [
        ("completed", False, None, True, False),
        ("partial", False, None, True, False),
        ("needs_review", False, None, True, False),
        ("failed", False, None, False, True),
        ("cancelled", False, None, False, True),
        ("completed", True, None, False, True),
        ("failed", True, None, False, True),
        ("completed", False, OTHER_PLAN, False, False),
    ],
)
def test_which_job_serves_a_document_seen_before(
    work: "Work", ended: str, force: bool, plan: str | None, is_reused: bool, has_parent: bool
) -> None:
    before = work.mill(1, JobState(ended))
    batch_id, again = work.one(1, force=force, plan=plan or work.plan)
    assert again.document_id == before.document_id
    assert again.reused is is_reused
    assert (again.job_id == before.job_id) is is_reused
    assert work.view(again.job_id).parent_job_id == (before.job_id if has_parent else None)
    assert batches.batch_view(work.ledger, work.tenant, batch_id).by_state == {ended if is_reused else "accepted": 1}
    claimed = work.claim(batch_id)
    assert [job.count for job in claimed] == ([] if is_reused else [before.count + has_parent])


def test_the_newest_job_under_the_plan_decides(work: "Work") -> None:
    failed = work.mill(1, JobState.FAILED)
    retried = work.mill(1, JobState.COMPLETED)
    assert work.view(retried.job_id).parent_job_id == failed.job_id
    assert work.one(1)[1] == Registration(retried.document_id, retried.job_id, reused=True)


@pytest.mark.parametrize("is_running", [False, True])
def test_an_unfinished_job_joins_the_second_batch(work: "Work", is_running: bool) -> None:
    first_batch, first = work.one(1)
    if is_running:
        work.claim(first_batch)
    second_batch, second = work.one(1)
    assert (second.job_id, second.reused) == (first.job_id, True)
    assert [j.job_id for j in work.claim(second_batch)] == ([] if is_running else [first.job_id])


def test_a_job_being_cancelled_serves_nobody(work: "Work") -> None:
    batch_id, first = work.one(1)
    work.claim(batch_id)
    jobs.request_cancel(work.ledger, work.tenant, first.job_id)
    assert not work.one(1)[1].reused


def test_a_refused_file_fails_at_once_with_its_reason(work: "Work") -> None:
    batch_id = work.batch(total_files=2)
    bad, good = work.register(batch_id, work.file(1, error=TooLarge("101 bytes; 100 are allowed")), work.file(2))
    view = work.view(bad.job_id)
    assert (view.state, view.error_code, view.error_message) == (JobState.FAILED, "too_large", "101 bytes; 100 are allowed")
    assert view.finished_at is not None
    assert [j.job_id for j in work.claim(batch_id)] == [good.job_id]
    rows = work.everything()
    assert [row[2] for row in rows["outbox"]] == ["job.failed"]
    assert [row[3] for row in rows["audit_events"] if row[1] == bad.document_id] == ["job.accepted", "job.failed"]


def test_tenants_share_nothing(work: "Work") -> None:
    _, mine = work.one(1)
    with pytest.raises(NotFound):
        batches.create_batch(work.ledger, "stranger", total_files=1, submitted_by="x")
    with pytest.raises(NotFound):
        jobs.job_view(work.ledger, "stranger", mine.job_id)
    assert jobs.list_jobs(work.ledger, "stranger") == []


def test_a_failure_in_the_middle_leaves_nothing(work: "Work") -> None:
    batch_id = work.batch()
    before = work.everything()
    broken = work.file(2)
    object.__setattr__(broken, "size_bytes", None)  # NOT NULL refuses it after the first file's row
    with pytest.raises(Conflict):
        work.register(batch_id, work.file(1), broken)
    assert work.everything() == before


@pytest.mark.parametrize(
    "more",
    [
        {"metadata": {"text": "x" * 4096}},
        {"metadata": {"text": "ä" * 2048}},
        {"metadata": {"number": float("nan")}},
        {"metadata": {"thing": object()}},
        {"tags": ("x" * 256,)},
        {"collection": "x" * 256},
    ],
    ids=["metadata", "metadata-bytes", "nan", "not-json", "tag", "collection"],
)
def test_what_is_too_long_or_not_json_is_refused(work: "Work", more: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptions):
        work.register(work.batch(), work.file(1), **more)


def test_names_that_a_database_would_refuse(work: "Work") -> None:
    batch_id = work.batch()
    odd = {"a\0b": ["\udce4", {"deep": "\0"}]}
    (made,) = work.register(batch_id, work.file(1, name="\udce4\0.pdf"), tags=("\ud800",), metadata=odd)
    view = work.view(made.job_id)
    assert (view.name, view.tags) == ("?.pdf", ("?",))


def test_unknown_batch(work: "Work") -> None:
    for act in (
        lambda: work.register("nothing", work.file(1)),
        lambda: work.claim("nothing"),
        lambda: batches.batch_view(work.ledger, work.tenant, "nothing"),
        lambda: batches.finish_batch(work.ledger, work.tenant, "nothing", report_object="x"),
    ):
        with pytest.raises(NotFound):
            act()


def test_two_that_register_the_same_bytes_at_once_share_the_job(work: "Work") -> None:
    batch_ids = [work.batch() for _ in range(4)]
    gate, found, failures = threading.Barrier(4), [], []

    def register(batch_id: str) -> None:
        try:
            gate.wait()
            found.append([r.job_id for r in work.register(batch_id, *(work.file(n) for n in range(20)))])
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            failures.append(error)

    threads = [threading.Thread(target=register, args=(batch_id,)) for batch_id in batch_ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(found) == 4
    assert all(ids == found[0] for ids in found)


def test_a_batch_is_finished_with_its_report(work: "Work") -> None:
    job = work.mill(1)
    (batch_id,) = {work.view(job.job_id).batch_id}
    assert batch_id is not None
    batches.finish_batch(work.ledger, work.tenant, batch_id, report_object="public/default/reports/x.json")
    view = batches.batch_view(work.ledger, work.tenant, batch_id)
    assert (view.report_object, view.by_state, view.total_files) == ("public/default/reports/x.json", {"completed": 1}, 1)
    assert view.finished_at == work.ledger.now()


def test_listing_goes_page_by_page(work: "Work") -> None:
    batch_id = work.batch(total_files=5)
    made = [r.job_id for r in work.register(batch_id, *(work.file(n) for n in range(5)))]
    first = jobs.list_jobs(work.ledger, work.tenant, limit=3)
    rest = jobs.list_jobs(work.ledger, work.tenant, limit=3, before=first[-1].job_id)
    assert [j.job_id for j in (*first, *rest)] == made[::-1]
    jobs.request_cancel(work.ledger, work.tenant, made[1])
    assert [j.job_id for j in jobs.list_jobs(work.ledger, work.tenant, state=JobState.CANCELLED)] == [made[1]]
