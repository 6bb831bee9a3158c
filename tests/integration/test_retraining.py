"""Retraining over real decisions: consent, lessons, versions with their figures, a worse model refused, one command back.

What becomes of versions stands in test_learned_versions.py.
"""

import json
from dataclasses import replace

import pytest
import review_papers
from ledger_fixtures import Work
from milled_papers import ingest, mill_anew  # text alone: quick enough for one lease
from review_papers import published
from review_tasks import VENDOR, add_users, tasks_of
from taught_papers import consented, decided, paper, papers, printed
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import Conflict, NotAllowed, NotFound
from docmill.services import audit, documents
from docmill.services.learning.field_lessons import ranker_lessons
from docmill.services.learning.in_use import limits_of_today
from docmill.services.learning.lessons import companies_of, joined, kind_lessons, say_consent
from docmill.services.learning.retraining import add_ranker, retrain
from docmill.services.learning.training import Trained
from docmill.services.learning.versions import all_versions, promote, roll_back
from docmill.services.review.claiming import claim
from docmill.services.review.deciding import Answer, decide
from docmill.stages.understanding.ranking.ranker import FieldRanker, Ranker
from docmill.values.evidence import Field
from docmill.values.learning import Learner
from docmill.values.review import Verdict

__all__ = ["decided"]

WRONG = "Fresh Every Morning"


def receipt_decided(room, work, n, monkeypatch, verdict="accepted"):
    """A receipt whose shop stands in the second line, where the rules do not look, and what a person said of its name."""
    company = f"{chr(65 + n % 26)}lder{n:02} Lantern"
    page = printed([WRONG, company, f"{n} Mill Road", "Date: 2026-03-04", f"TOTAL {n}.20", f"CASH {n}.20"])
    said = company if verdict == "accepted" else f"misread {n}"
    number = Field(name="vendor_tax_id", value=f"GB{company}", text="GB", evidence=review_papers.seen(0.9))
    name = Field(name="vendor_name", value=said, text=said, evidence=review_papers.seen(0.6))
    kind = review_papers.UNDERSTOOD.kind.model_copy(update={"name": "receipt"})
    understood = review_papers.UNDERSTOOD.model_copy(update={"kind": kind, "fields": (name, number), "problems": ()})
    monkeypatch.setattr(review_papers, "PAGE", page)
    monkeypatch.setattr(review_papers, "UNDERSTOOD", understood)
    job = published(room, work, VENDOR, n=n)
    (task,) = tasks_of(work, document_id=job.document_id)
    held = claim(room.ledger, room.tenant, task.task_id, "local", lease_s=60)
    answer = Answer(Verdict(verdict), company if verdict == "corrected" else None, note="seen")
    decide(room, task.task_id, "local", answer, version=held.version)
    return job.document_id


def name_milled(room, document):
    found = documents.current_result(room.ledger, room.tenant, document)
    fields = json.loads(room.store.read(found.results_object))["fields"]
    return next(one for one in fields if one["name"] == "vendor_name")


def test_decided_fields_teach_a_ranker_that_mills_until_it_is_taken_back(room, monkeypatch, tmp_path):
    monkeypatch.setattr("docmill.services.learning.training.LEAST_TESTS", 8)  # 20 take long to decide
    work = Work(room.ledger)
    decided = [receipt_decided(room, work, n, monkeypatch, ("accepted", "corrected")[n % 2]) for n in range(1, 25)]
    assert ranker_lessons(room) == []  # nobody agreed
    consented(room, decided)
    rejected = receipt_decided(room, work, 25, monkeypatch, "rejected")
    consented(room, [rejected])
    lessons = ranker_lessons(room)
    assert {one.key for one in lessons} == {"receipt.vendor_name"}
    assert [len(one.right) for one in lessons] == [1] * 25
    made = retrain(room, by="local")[2]
    assert (made.learner, made.reason) == (Learner.RANKER, "better: in use now")
    assert made.version.metrics["right"] > made.version.metrics["right_before"]
    path = tmp_path / "a.txt"
    path.write_text(f"{WRONG}\nQuartz Umbrella\n7 Mill Road\nReceipt\nDate: 2026-03-04\nTOTAL 8.20\nCASH 8.20\n")
    (document,) = ingest(room, path)
    assert (name_milled(room, document)["value"], name_milled(room, document)["source"]) == ("Quartz Umbrella", "ranker")
    again = retrain(room, by="local")[2]
    assert (again.version.number, again.version.is_better, again.reason) == (2, False, "refused: no better than the one in use")
    with pytest.raises(Conflict, match="no better"):
        promote(room, again.version.model_id, by="local")
    assert roll_back(room, Learner.RANKER, by="local") is None
    mill_anew(room, document)
    assert name_milled(room, document)["value"] == WRONG
    assert [(one.learner, one.number, one.is_in_use) for one in all_versions(room)] == [("ranker", 2, False), ("ranker", 1, False)]
    assert audit.verify_streams(room.ledger, room.tenant) == {}


def test_a_ranker_trained_elsewhere_is_kept_and_is_better_only_than_the_rules(room, tmp_path):
    add_users(room.ledger, anna="reviewer")
    used, unused = (
        Ranker({"receipt.total": FieldRanker({"size:most": 1.0}, is_used=one)}).as_json({"right": 0.9}) for one in (True, False)
    )
    file = tmp_path / "ranker.json"
    file.write_bytes(used)
    with pytest.raises(NotAllowed):
        add_ranker(room, used, by="anna")
    assert not add_ranker(room, unused, by="local").is_better
    first = add_ranker(room, used, by="local")
    assert (first.is_better, first.metrics) == (True, {"right": 0.9})
    promote(room, first.model_id, by="local")
    assert limits_of_today(room).ranker == first.object_name
    assert not add_ranker(room, used, by="local").is_better  # it was not measured against the one in use
    shown = CliRunner().invoke(app, ["models", "add", str(file)]).stdout
    assert shown.startswith("ranker version 4 (")
    assert "no better than what is in use; kept (right 0.9)" in shown
    assert CliRunner().invoke(app, ["models", "rollback", "ranker"]).stdout == "ranker: what comes with docmill is in use again\n"


def test_decided_documents_teach_and_what_is_better_is_in_use_until_it_is_taken_back(room, decided, tmp_path):
    consented(room, decided)
    kinds, thresholds, _ = retrain(room, by="local")
    assert (kinds.learner, kinds.reason) == (Learner.KINDS, "better: in use now")
    assert kinds.version.metrics["right"] > kinds.version.metrics["right_before"]
    assert thresholds.version is None
    assert limits_of_today(room).kind_model == kinds.version.object_name
    again, *_ = retrain(room, by="local")
    assert (again.version.number, again.version.is_better, again.reason) == (2, False, "refused: no better than the one in use")
    with pytest.raises(Conflict, match="no better"):
        promote(room, again.version.model_id, by="local")
    assert roll_back(room, Learner.KINDS, by="local") is None
    assert limits_of_today(room).kind_model == ""
    with pytest.raises(Conflict, match="nothing learned is in use"):
        roll_back(room, Learner.KINDS, by="local")
    assert promote(room, kinds.version.model_id, by="local").is_in_use
    assert [(one.number, one.is_in_use) for one in all_versions(room)] == [(2, False), (1, True)]
    assert audit.verify_streams(room.ledger, room.tenant) == {}


def test_learned_thresholds_that_the_setting_does_not_ask_for_are_not_said_to_be_in_use(room, monkeypatch):
    made = Trained(b"field=0.7", {"accepted": 1.0}, is_better=True)
    monkeypatch.setattr("docmill.services.learning.retraining.train_thresholds", lambda *_given, **_more: made)
    assert retrain(room, by="local")[1].reason == "better: in use once DOCMILL_REVIEW_THRESHOLDS says learned"
    asked = replace(room, limits=replace(room.limits, review_thresholds="learned,sample=0.05"))
    assert retrain(asked, by="local")[1].reason == "better: in use now"


def test_only_documents_that_may_teach_are_lessons(room, monkeypatch):
    decided = papers(room, monkeypatch, 6)
    assert kind_lessons(room) == []
    consented(room, decided[:5])
    consented(room, decided[:2], may_teach=False)
    found = kind_lessons(room)
    assert sorted(one.company for one in found) == ["company2", "company3", "company4"]
    assert {one.kind for one in found} == {"contract", "report"}
    assert all("word:rainfall" in one.features for one in found if one.kind == "report")
    assert "too few" not in retrain(room, by="local")[0].reason
    assert retrain(room, by="local")[0].version is None
    with pytest.raises(NotFound):
        say_consent(room, "0" * 32, may_teach=True, by="local")
    add_users(room.ledger, vera="viewer")
    with pytest.raises(NotAllowed):
        say_consent(room, decided[0], may_teach=True, by="vera")


def test_papers_of_a_company_are_its_own_with_and_without_its_tax_number(room, monkeypatch):
    work = Work(room.ledger)
    plain = paper(room, work, 1, "Jute Twine", ["a"], "report", monkeypatch)
    both = [
        paper(room, work, n, name, ["a"], "report", monkeypatch, tax_id="GB123") for n, name in ((2, "Jute Twine"), (3, "Jute & Twine Ltd"))
    ]
    other = paper(room, work, 4, "Hemp Rope", ["a"], "report", monkeypatch)
    consented(room, [plain, *both, other])
    companies = companies_of(room, [plain, *both, other])
    assert len({companies[one] for one in (plain, *both)}) == 1
    assert companies[other] != companies[plain]


def test_what_a_third_paper_joins_is_one_company_in_any_order():
    marks = {"a": ["x"], "b": ["y"], "c": ["z"], "d": ["y", "x"], "e": ["w", "y"]}
    for order in (list(marks), list(reversed(marks)), ["d", "a", "e", "c", "b"]):
        assert joined({one: marks[one] for one in order}) == {"a": "w", "b": "w", "c": "z", "d": "w", "e": "w"}


@pytest.mark.slow
def test_the_commands(room, decided):
    run = CliRunner().invoke
    assert "Nothing was learned yet" in run(app, ["models", "list"]).stdout
    assert run(app, ["models", "consent", *decided]).stdout == "60 documents may teach\n"
    trained = run(app, ["models", "train", "--no-use"]).stdout
    assert "kinds version 1: better; waits to be put to use (taught" in trained
    assert "thresholds: 0 decisions to learn from" in trained
    (made,) = all_versions(room)
    assert run(app, ["models", "promote", made.model_id]).stdout == "kinds version 1 is in use\n"
    assert "yes" in run(app, ["models", "list"]).stdout
    assert json.loads(run(app, ["models", "list", "--json"]).stdout)[0]["is_in_use"] is True
    assert run(app, ["models", "rollback", "kinds"]).stdout == "kinds: what comes with docmill is in use again\n"
    assert run(app, ["models", "rollback", "nothing"]).exit_code != 0
