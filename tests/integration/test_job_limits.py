"""A document that takes too long, really milled: past the soft limit its other pages are not begun, and those that are done become a result."""

from milled_papers import mill
from PIL import Image, ImageDraw, ImageFont
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


def milled_late(room, path, monkeypatch, **options):
    """A job of which two pages were read when both of its limits had passed."""
    add, of = JobTime.add, JobTime._of
    monkeypatch.setattr(JobTime, "add", lambda self, item, seconds: add(self, item, seconds + 10.0))
    # what was added here is in no outcome: stages after reading are told of it by themselves
    monkeypatch.setattr(JobTime, "_of", lambda self, item: of(self, item) + (40.0 if "seconds_read" in item.facts else 0.0))
    monkeypatch.setattr(MillLimits, "soft_limit_s", lambda *_: 15.0)
    monkeypatch.setattr(MillLimits, "hard_limit_s", lambda *_: 30.0)
    batch, _ = take_in(room, files_of([str(text_pdf(path, pages=4))], room.settings), MillOptions(**options))
    mill(room, batch)
    (job,) = batch_jobs(room.ledger, room.tenant, batch)
    return job


def test_past_the_hard_limit_finished_pages_become_a_partial_result_too(room, tmp_path, monkeypatch):
    job = milled_late(room, tmp_path / "long.pdf", monkeypatch)
    assert job.state is JobState.PARTIAL
    results = read_results(room.store.read(job.results_object))
    assert [page.number for page in results.pages] == [1, 2]
    assert "Page 72" in results.full_text
    assert results.kind.name == "invoice", "what is known of the pages done is told"
    left_out = {
        problem.stage: problem.message for problem in results.outcome.problems if problem.page is None and problem.code == "timed_out"
    }
    assert set(left_out) == {"find_pii", "enrich", "index"}
    assert all(f"job_hard_limit_s), so {stage} was left out" in message for stage, message in left_out.items())
    assert results.personal_data.searched == (), "nobody is told that personal data was looked for"


def test_past_the_hard_limit_nothing_is_published_where_redaction_was_asked_for(room, tmp_path, monkeypatch):
    job = milled_late(room, tmp_path / "long.pdf", monkeypatch, redact=True, index=False)
    assert (job.state, job.results_object, job.error_code) == (JobState.FAILED, None, "timed_out")
    assert "redaction was asked for, and nothing unredacted is published" in job.error_message
    assert list(room.store.list("public/")) == []


def test_past_the_hard_limit_the_page_in_hand_is_cut(room, tmp_path, monkeypatch):
    """Each page has 15 s by itself; the job has a second left for each page, and a page of dense print takes longer."""
    monkeypatch.setattr(MillLimits, "hard_limit_s", lambda *_: 0.5)
    batch, _ = take_in(
        room, files_of([str(dense_scan(tmp_path / "dense.png"))], room.settings), MillOptions(index=False, engine="tesseract")
    )
    mill(room, batch)
    (job,) = batch_jobs(room.ledger, room.tenant, batch)
    assert job.state is JobState.FAILED
    assert (job.error_code, "job_hard_limit_s" in job.error_message) == ("timed_out", True)


def dense_scan(path):
    """A page that Tesseract reads for some seconds."""
    image = Image.new("L", (2480, 3500), 255)
    for row in range(20, 3480, 30):
        ImageDraw.Draw(image).text(
            (20, row), f"{row} the quick brown fox jumps over the lazy dog " * 4, fill=0, font=ImageFont.load_default(24)
        )
    image.save(path, dpi=(300, 300))
    return path
