"""Retraining over real decisions: consent, versions with their figures, a worse model refused, one command back; what is in use reaches milling."""

import json
from dataclasses import replace

import pytest
import review_papers
from ledger_fixtures import Work
from milled_papers import ingest, mill_anew  # text alone: quick enough for one lease
from review_papers import published
from review_tasks import VENDOR, add_users, tasks_of
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import Conflict, NotAllowed, NotFound
from docmill.services import audit, documents
from docmill.services.learning.field_lessons import ranker_lessons
from docmill.services.learning.in_use import in_use, limits_of_today
from docmill.services.learning.lessons import companies_of, joined, kind_lessons, say_consent
from docmill.services.learning.retraining import add_ranker, retrain
from docmill.services.learning.training import Trained
from docmill.services.learning.versions import all_versions, keep_version, promote, roll_back
from docmill.services.review.claiming import claim
from docmill.services.review.deciding import Answer, decide
from docmill.services.review.marking import say_kind
from docmill.stages.understanding.kind_model import kind_model
from docmill.stages.understanding.ranking.ranker import FieldRanker, Ranker
from docmill.values.evidence import Field
from docmill.values.geometry import Box
from docmill.values.learning import Learner
from docmill.values.page import Line, Page, Word
from docmill.values.review import Verdict

PHRASE = "rainfall gauge of the station beside the weir"


def printed(texts):
    """A page of lines."""
    lines = tuple(
        Line(words=tuple(Word(text=word, box=Box(10 + 60 * at, 20 * row, 60 + 60 * at, 20 * row + 15), confidence=0.9) for at, word in enumerate(text.split())))
        for row, text in enumerate(texts, 1)
    )  # fmt: skip
    return Page(number=1, width_px=600, height_px=800, dpi=72, lines=lines, source="text_layer", language="en")


def paper(room, work, n, company, words, kind, monkeypatch, tax_id=None):
    """A document of a company, whose kind a person says."""
    page = printed([company, *words])
    vendor = Field(name="vendor_name", value=company, text=company, evidence=review_papers.seen(0.9))
    number = (Field(name="vendor_tax_id", value=tax_id, text=tax_id, evidence=review_papers.seen(0.9)),) if tax_id else ()
    understood = review_papers.UNDERSTOOD.model_copy(update={"fields": (vendor, *number), "problems": ()})
    monkeypatch.setattr(review_papers, "PAGE", page)
    monkeypatch.setattr(review_papers, "UNDERSTOOD", understood)
    job = published(room, work, n=n)
    say_kind(room, job.document_id, "local", kind)
    return job.document_id


def papers(room, monkeypatch, count):
    """Documents of up to 30 companies that print rainfall reports, and tenancy papers."""
    work, found = Work(room.ledger), []
    for n in range(count):
        company, is_report = f"Company{n % 30}", n % 2
        words = [PHRASE, f"monthly sheet {n}"] if is_report else ["tenancy of the landlord", f"deposit and keys {n}"]
        found.append(paper(room, work, n, company, words, "report" if is_report else "contract", monkeypatch))
    return found


@pytest.fixture
def decided(room, monkeypatch):
    return papers(room, monkeypatch, 60)


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


def consented(room, document_ids, may_teach=True):
    for one in document_ids:
        say_consent(room, one, may_teach=may_teach, by="local")


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


def test_what_was_rolled_back_does_not_come_back_with_the_next_training(room, decided):
    consented(room, decided)
    first, *_ = retrain(room, by="local")
    roll_back(room, Learner.KINDS, by="local")
    again, *_ = retrain(room, by="local")
    assert (again.version.is_better, again.version.sha256) == (True, first.version.sha256)
    assert "the last one was rolled back" in again.reason
    assert limits_of_today(room).kind_model == ""
    assert promote(room, again.version.model_id, by="local").is_in_use


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


def test_a_stack_of_versions_is_taken_back_one_by_one(room):
    add_users(room.ledger, anna="reviewer")
    made = [keep_version(room, Learner.THRESHOLDS, f"field=0.{n}".encode(), {"accepted": n}, is_better=True) for n in (7, 8, 9)]
    for one in made:
        promote(room, one.model_id, by="local")
    with pytest.raises(Conflict, match="in use already"):
        promote(room, made[2].model_id, by="local")
    with pytest.raises(NotAllowed):
        roll_back(room, Learner.THRESHOLDS, by="anna")
    assert roll_back(room, Learner.THRESHOLDS, by="local").number == 2
    assert roll_back(room, Learner.THRESHOLDS, by="local").number == 1
    promote(room, made[2].model_id, by="local")
    assert roll_back(room, Learner.THRESHOLDS, by="local").number == 1
    assert in_use(room, Learner.THRESHOLDS).number == 1
    assert limits_of_today(room).review_thresholds == room.limits.review_thresholds  # the settings don't ask for learned ones


def test_only_approvers_say_which_version_is_in_use(room):
    add_users(room.ledger, anna="reviewer", vera="viewer", carla="approver")
    made = keep_version(room, Learner.THRESHOLDS, b"field=0.7", {}, is_better=True)
    for user in ("anna", "vera", "nobody"):
        with pytest.raises(NotAllowed):
            promote(room, made.model_id, by=user)
        with pytest.raises(NotAllowed):
            retrain(room, by=user)
    assert in_use(room, Learner.THRESHOLDS) is None
    assert promote(room, made.model_id, by="carla").is_in_use


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


def test_learned_thresholds_come_before_what_the_settings_name(room):
    made = keep_version(room, Learner.THRESHOLDS, b"field=1,field.total=0.6", {}, is_better=True)
    promote(room, made.model_id, by="local")
    asked = replace(room, limits=replace(room.limits, review_thresholds="learned, span=0.7"))
    assert limits_of_today(asked).review_thresholds == "field=1,field.total=0.6,span=0.7"


def test_milling_uses_the_model_in_use(room, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("\n".join([PHRASE] * 6))
    (document,) = ingest(room, path)

    def kind():
        found = documents.current_result(room.ledger, room.tenant, document)
        return json.loads(room.store.read(found.results_object))["kind"]["name"]

    before = kind()
    base = kind_model()
    wanted = next(one for one in ("payslip", "quote") if one != before)
    strong = tuple(40.0 if one == wanted else 0.0 for one in base.kinds)
    model = type(base)(base.kinds, base.temperature, base.bias, {**base.weights, "word:rainfall": strong})
    promote(room, keep_version(room, Learner.KINDS, model.as_json(), {"right": 1.0}, is_better=True).model_id, by="local")
    mill_anew(room, document)
    assert kind() == wanted
    roll_back(room, Learner.KINDS, by="local")
    mill_anew(room, document)
    assert kind() == before


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
