"""A file that comes again with one page changed: the others are not read again, and nothing is shared that erasing must take."""

import pikepdf
import pytest
from milled_papers import mill, read_only
from reading_pages import text_pdf

from docmill.services.batches import batch_jobs
from docmill.services.intake import take_in
from docmill.services.milling.bench import Bench
from docmill.services.milling.job_time import JobTime
from docmill.services.samples.bulk import write_long
from docmill.services.sources import files_of
from docmill.values.options import MillOptions
from docmill.values.results import read_results

PAGES = 7


@pytest.fixture
def reads(monkeypatch):
    """The numbers of the pages that the cell was asked to read."""
    asked, real = [], Bench.call

    def call(self, verb, *args):
        if verb.endswith(":read_page"):
            asked.append(args[2])
        return real(self, verb, *args)

    monkeypatch.setattr(Bench, "call", call)
    return asked


def rewritten(file, out, *, page=None):
    """The file written anew, with other object numbers and compression, with one page changed."""
    with pikepdf.open(file) as old, pikepdf.new() as fresh:
        fresh.pages.extend(old.pages)
        if page:
            fresh.pages[page - 1].contents_add(b"BT /F1 14 Tf 40 20 Td (changed) Tj ET")
        fresh.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out


def milled(room, file, **options):
    batch_id, registered = take_in(room, files_of([str(file)], room.settings), MillOptions(index=False, **options))
    return read_only(room, batch_id), registered[0].document_id, batch_id


def test_only_the_changed_page_is_read_again(tmp_path, room, reads):
    first = text_pdf(tmp_path / "a.pdf", pages=PAGES)
    assert milled(room, first)[0] == [PAGES]
    assert sorted(reads) == list(range(1, PAGES + 1))
    reads.clear()
    pages, changed, batch_id = milled(room, rewritten(first, tmp_path / "b.pdf", page=4))
    assert (pages, reads) == ([PAGES], [4])
    reads.clear()
    assert milled(room, rewritten(first, tmp_path / "c.pdf"), language="de")[0] == [PAGES]
    assert len(reads) == PAGES  # another option of reading
    assert [job.document_id for job in batch_jobs(room.ledger, room.tenant, batch_id)] == [changed]


def test_a_note_that_a_power_cut_left_empty_counts_as_none(tmp_path, room, reads):
    first = text_pdf(tmp_path / "a.pdf", pages=2)
    milled(room, first)
    for note in [info.name for info in room.store.list("private/default/read/") if info.name.endswith(".note")]:
        room.store.replace(note, b"")
    for name, changed, expected in (("b.pdf", None, [1, 2]), ("c.pdf", 2, [2])):
        reads.clear()
        assert milled(room, rewritten(first, tmp_path / name, page=changed))[0] == [2]
        assert sorted(reads) == expected


@pytest.mark.slow
def test_of_500_pages_the_changed_one_is_read_again(tmp_path, room, reads):
    first = write_long(tmp_path / "a.pdf", 500)
    assert milled(room, first)[0] == [500]
    reads.clear()
    assert milled(room, rewritten(first, tmp_path / "b.pdf", page=321))[0] == [500]
    assert reads == [321]


def test_an_erased_document_leaves_no_words_behind(tmp_path, room, reads):
    first = text_pdf(tmp_path / "a.pdf", pages=2)
    milled(room, first)
    before = {info.name for info in room.store.list("private/default/read/")}
    for name in [n for n in before if n.endswith(".json")]:
        room.store.delete(name)  # as erasing does; the job of this document is not over, so it is done by hand
    reads.clear()
    assert milled(room, rewritten(first, tmp_path / "b.pdf"))[0] == [2]
    assert sorted(reads) == [1, 2]
    assert all(b"Invoice" not in room.store.read(n) for n in before if n.endswith(".note"))


def test_when_time_runs_out_pages_done_stay(tmp_path, room, reads, monkeypatch):
    add = JobTime.add
    monkeypatch.setattr(JobTime, "add", lambda self, item, seconds: add(self, item, seconds + 1501.0))
    batch_id, _ = take_in(room, files_of([str(text_pdf(tmp_path / "a.pdf", pages=4))], room.settings), MillOptions(index=False))
    mill(room, batch_id)
    (job,) = batch_jobs(room.ledger, room.tenant, batch_id)
    assert (job.state, job.page_count, reads) == ("partial", 4, [1])
    results = read_results(room.store.read(job.results_object))
    assert [page.number for page in results.pages] == [1]
    assert {(p.code, p.page) for p in results.outcome.problems if p.code == "timed_out"} == {("timed_out", n) for n in (2, 3, 4)}
