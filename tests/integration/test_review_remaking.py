"""Decisions on personal data and passages, on documents that are really milled: new boxes with a certificate, corrected words in result and search."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from api_milling import mill
from ledger_fixtures import Work
from reportlab.pdfgen.canvas import Canvas
from review_papers import published
from review_tasks import add_users

from docmill.errors import Conflict, InvalidOptions, NotAllowed, NotFound
from docmill.services import audit, documents
from docmill.services.certificates import read_certificate
from docmill.services.intake import take_in
from docmill.services.review import claiming
from docmill.services.review.applying import apply_decision, apply_waiting
from docmill.services.review.deciding import Answer, decide
from docmill.services.review.marking import Mark, mark, say_kind
from docmill.services.review.opening import open_review_task
from docmill.services.review.seeing import show
from docmill.services.search import search_documents
from docmill.services.sources import files_of
from docmill.settings import child_environment
from docmill.storage.knowledge.ports import Query, SearchMode
from docmill.storage.ledger import artefacts, versions, views
from docmill.storage.ledger.review_tasks import TaskFilter
from docmill.values.jobs import JobState
from docmill.values.options import MillOptions
from docmill.values.page import Page
from docmill.values.review import Doubt, Subject, Verdict

LETTER = (
    "Dear Uwe Sommer,",
    "we write to uwe.sommer@posteo.example now.",
    "The mill Quernwheel grinds c0rn on Mondays.",
    "Ask Tobermory about it.",
)


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.pdf"
    canvas = Canvas(str(path), pagesize=(400, 300), invariant=1)
    canvas.setFont("Helvetica", 12)
    for row, line in enumerate(LETTER):
        canvas.drawString(40, 240 - 30 * row, line)
    canvas.save()
    return path


def ingest(room, path, **options):
    batch_id, registered = take_in(room, files_of([str(path)], room.settings), MillOptions(index=True, **options))
    mill(room, batch_id)  # renews the run's lease as it goes: other tests' machines are busy
    return [one.document_id for one in registered]


class Paper:
    """A milled document, as the tests look at it."""

    def __init__(self, room, document_id):
        self.room, self.document_id = room, document_id

    @property
    def job_id(self):
        with self.room.ledger.reading() as conn:
            return versions.current_job(conn, self.room.tenant, self.document_id)

    def made(self, name, job_id=None):
        with self.room.ledger.reading() as conn:
            found = artefacts.of_job(conn, self.room.tenant, job_id or self.job_id)
        return [one for one in found if one.name == name]

    def read(self, name):
        return self.room.store.read(self.made(name)[-1].object_name)

    @property
    def results(self):
        found = documents.current_result(self.room.ledger, self.room.tenant, self.document_id)
        return json.loads(self.room.store.read(found.results_object))

    @property
    def spans(self):
        text = {p.number: p.text for p in (Page.model_validate_json(self.room.store.read(a.object_name)) for a in self.made("page_words"))}
        return {(text[s["page"]][s["start"] : s["end"]], s["type"]): s for s in json.loads(self.read("spans"))["spans"]}

    def task(self, subject, page_text, passage, name=""):
        start = page_text.index(passage)
        doubt = Doubt(subject=subject, name=name, reason="low confidence", page=1, start=start, end=start + len(passage), confidence=0.5)
        with self.room.ledger.transaction() as conn:
            return open_review_task(conn, self.room.tenant, self.document_id, self.job_id, doubt, at=self.room.ledger.now())

    def decide(self, task_id, answer, user="local"):
        held = claiming.claim(self.room.ledger, self.room.tenant, task_id, user, lease_s=60)
        return decide(self.room, task_id, user, answer, version=held.version)

    def copy_holds(self, text):
        import pypdfium2

        document = pypdfium2.PdfDocument(self.read("redacted"))
        words = "".join(page.get_textpage().get_text_range() for page in document)
        document.close()
        return text in words


def found_by(room, query):
    return [hit.document_id for hit in search_documents(room, Query(query, SearchMode.TEXT)).results]


def text_of(paper):
    return Page.model_validate_json(paper.read("page_words")).text


def test_a_missed_name_is_hidden_in_a_new_proven_copy_and_earlier_copies_go(room, letter):
    paper = Paper(room, ingest(room, letter, redact=True)[0])
    first = paper.job_id
    assert "Tobermory" in paper.results["full_text"]
    assert paper.copy_holds("Tobermory")
    shown_before = [a.object_name for a in paper.made("redacted") + paper.made("text")]
    (made,) = mark(room, paper.document_id, "local", Mark("PERSON", text="tobermory"), note="a cat")
    done = apply_decision(room, made.decision_id, run_id="r1")
    assert (done.is_new, paper.job_id) == (True, done.job_id)
    results = paper.results
    assert "Tobermory" not in json.dumps(results)
    assert "Ask [PERSON] about it" in results["full_text"]
    assert not paper.copy_holds("Tobermory")
    assert paper.spans["Tobermory", "PERSON"]["source"] == "review"
    assert results["personal_data"]["by_type"]["PERSON"] == 2
    certificate = read_certificate(paper.read("certificate"))
    assert certificate.file.sha256 == paper.made("redacted")[0].sha256
    assert json.loads(paper.read("pii_report"))["by_type"]["PERSON"] == 2
    # what was shown before goes, and the ledger keeps the version
    assert not any(room.store.exists(name) for name in shown_before)
    with room.ledger.reading() as conn:
        assert views.job(conn, room.tenant, first).state is JobState.COMPLETED
    assert not list(room.store.list(f"private/{room.tenant}/withdrawals/"))
    assert apply_decision(room, made.decision_id, run_id="r2").is_new is False
    with pytest.raises(Conflict, match="is over"):
        claiming.claim(room.ledger, room.tenant, made.task_id, "local", lease_s=1)
    assert audit.verify_streams(room.ledger, room.tenant) == {}


@pytest.mark.slow
def test_what_is_no_personal_data_is_shown_again(room, letter):
    paper = Paper(room, ingest(room, letter, redact=True)[0])
    text, read_before = text_of(paper), paper.made("page_words")
    assert ("Uwe Sommer", "PERSON") in paper.spans
    task = paper.task(Subject.SPAN, text, "uwe.sommer@posteo.example", "EMAIL_ADDRESS")
    made = paper.decide(task, Answer(Verdict.REJECTED, note="ours"))
    apply_decision(room, made.decision_id, run_id="r")
    assert ("uwe.sommer@posteo.example", "EMAIL_ADDRESS") not in paper.spans
    # the name inside it is personal: what is hidden anywhere stays hidden everywhere
    assert "uwe.sommer" not in paper.results["full_text"].casefold()
    task = paper.task(Subject.SPAN, text, "Uwe Sommer", "PERSON")
    made = paper.decide(task, Answer(Verdict.REJECTED, note="a street"))
    apply_decision(room, made.decision_id, run_id="r")
    assert "uwe.sommer@posteo.example" in paper.results["full_text"]
    assert paper.copy_holds("Uwe Sommer")
    assert paper.made("page_words") == read_before  # nothing was read again


@pytest.mark.slow
def test_a_corrected_passage_reaches_result_and_search_and_a_rejected_one_leaves_search(room, letter):
    paper = Paper(room, ingest(room, letter)[0])
    say_kind(room, paper.document_id, "local", "letter")
    text = text_of(paper)
    fixed = paper.task(Subject.CHUNK, text, LETTER[2])
    assert show(room, claiming.task_view(room.ledger, room.tenant, fixed)).text == LETTER[2]
    with pytest.raises(InvalidOptions, match="reject it"):
        paper.decide(fixed, Answer(Verdict.CORRECTED, " \n "))
    paper.decide(fixed, Answer(Verdict.CORRECTED, "The mill Quernwheel grinds\ncorn and Kamutgrain on Mondays."))
    assert apply_waiting(room, run_id="r").applied == 1
    results = paper.results
    assert "Quernwheel grinds corn and Kamutgrain on Mondays." in results["full_text"]
    assert b"Kamutgrain" in paper.read("text")
    assert found_by(room, "Kamutgrain") == [paper.document_id]
    assert (results["kind"]["name"], results["kind"]["confidence"]) == ("letter", 1.0)
    again = text_of(paper)
    gone = paper.task(Subject.CHUNK, again, again)
    paper.decide(gone, Answer(Verdict.REJECTED))
    assert apply_waiting(room, run_id="r").applied == 1
    assert found_by(room, "Kamutgrain") == []
    assert paper.results["full_text"] == results["full_text"]


@pytest.mark.slow
def test_a_corrected_passage_of_a_redacted_document_is_searched_for_personal_data_again(room, letter):
    paper = Paper(room, ingest(room, letter, redact=True)[0])
    masked = paper.results["full_text"]
    task = paper.task(Subject.CHUNK, masked, masked)
    shown = show(room, claiming.task_view(room.ledger, room.tenant, task)).text
    assert "Uwe Sommer" in shown
    corrected = shown.replace("c0rn", "corn").replace("Tobermory", "Max Tobermory at max@tobermory.example")
    paper.decide(task, Answer(Verdict.CORRECTED, corrected))
    assert apply_waiting(room, run_id="r").left == 0
    assert "grinds corn" in paper.results["full_text"]
    assert "max@tobermory.example" not in json.dumps(paper.results)
    assert not paper.copy_holds("Tobermory about")


def test_who_may_mark_and_what_is_refused(room):
    add_users(room.ledger, vera="viewer", anna="reviewer")
    document_id = published(room, Work(room.ledger)).document_id
    with pytest.raises(NotAllowed):
        mark(room, document_id, "vera", Mark("PERSON", text="123.45"))
    with pytest.raises(NotFound, match="does not stand"):
        mark(room, document_id, "anna", Mark("PERSON", text="Nobody There"))
    with pytest.raises(NotFound, match="nothing is published"):
        mark(room, "0" * 32, "anna", Mark("PERSON", text="123.45"))
    for wrong in (Mark("NAME", text="123.45"), Mark("PERSON"), Mark("PERSON", page=1, start=5, end=5), Mark("PERSON", text=" ")):
        with pytest.raises(InvalidOptions):
            mark(room, document_id, "anna", wrong)
    with pytest.raises(InvalidOptions, match="kind is one of"):
        say_kind(room, document_id, "anna", "poem")
    assert claiming.find_tasks(room.ledger, room.tenant, TaskFilter()) == []
    assert len(mark(room, document_id, "anna", Mark("PERSON", page=1, start=1, end=5))) == 1


KILLED = """
import os, signal, sys
from docmill.cli.rooms import room
from docmill.services.review import applying
setattr(applying, sys.argv[1], lambda *given, **more: os.kill(os.getpid(), signal.SIGKILL))
with room() as opened:
    applying.apply_decision(opened, sys.argv[2], run_id="killed", lease_s=2)
"""


@pytest.mark.slow
@pytest.mark.parametrize("where", ["finish_jobs", "withdraw_promised"])
def test_killed_while_a_copy_is_made_anew_or_before_earlier_ones_go(room, letter, where):
    paper = Paper(room, ingest(room, letter, redact=True)[0])
    shown_before = [a.object_name for a in paper.made("redacted") + paper.made("text")]
    (made,) = mark(room, paper.document_id, "local", Mark("PERSON", text="Tobermory"))
    environment = child_environment(PYTHONPATH=str(Path(__file__).parents[2]))
    ended = subprocess.run([sys.executable, "-c", KILLED, where, made.decision_id], env=environment, timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert all(room.store.exists(name) for name in shown_before)
    for _ in range(60):  # until the dead run's lease is over
        if apply_waiting(room, run_id="after").left == 0:
            break
        time.sleep(0.5)
    assert not any(room.store.exists(name) for name in shown_before)
    assert not paper.copy_holds("Tobermory")
    with room.ledger.reading() as conn:
        jobs = conn.execute(sa.text("SELECT count(*) FROM jobs")).scalar()
        numbers = conn.execute(sa.text("SELECT number FROM result_versions ORDER BY number")).scalars().all()
    assert (jobs, numbers) == (2, [1, 2])
    assert apply_decision(room, made.decision_id, run_id="again").is_new is False
    assert audit.verify_streams(room.ledger, room.tenant) == {}
