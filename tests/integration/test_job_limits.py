"""A document that takes too long, really milled: past the soft limit its other pages are not begun, and those that are done become a result."""

from milled_papers import mill
from reading_pages import text_pdf

from docmill.services.batches import batch_jobs
from docmill.services.intake import take_in
from docmill.services.milling.job_time import JobTime
from docmill.services.milling.shard import MillLimits
from docmill.services.sources import files_of
from docmill.values.jobs import JobState
from docmill.values.options import MillOptions
from docmill.values.results import read_results


def test_past_the_soft_limit_finished_pages_become_a_partial_result(room, tmp_path, monkeypatch):
    real = JobTime.add
    monkeypatch.setattr(JobTime, "add", lambda self, item, seconds: real(self, item, seconds + 10.0))
    monkeypatch.setattr(MillLimits, "soft_limit_s", lambda *_: 15.0)
    batch, _ = take_in(room, files_of([str(text_pdf(tmp_path / "long.pdf", pages=4))], room.settings), MillOptions(index=False))
    mill(room, batch)
    (job,) = batch_jobs(room.ledger, room.tenant, batch)
    assert job.state is JobState.PARTIAL
    results = read_results(room.store.read(job.results_object))
    assert [page.number for page in results.pages] == [1, 2]
    assert "Page 72" in results.full_text
    late = [problem for problem in results.outcome.problems if problem.code == "timed_out"]
    assert [problem.page for problem in late] == [3, 4]
    assert all("job_soft_limit_s" in problem.message for problem in late)
