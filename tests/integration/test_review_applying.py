"""Applying decisions: a new version with who decided and when, the old one kept; what it settles, masks and makes findable.

That it happens exactly once stands in test_review_applied_once.py.
"""

import json

import pytest
import review_papers
from review_decisions import NO_DATE, by_name, decided, opened, versions
from review_papers import FRAUD_MESSAGE, published, results_now
from review_tasks import FRAUD, TOTAL, VENDOR, tasks_of

from docmill.errors import Conflict
from docmill.services import audit
from docmill.services.review.applying import Applied, apply_decision, waiting_decisions
from docmill.services.review.deciding import Answer
from docmill.storage.ledger import artefacts
from docmill.values.evidence import DocumentPart, Field, Understanding
from docmill.values.jobs import JobState
from docmill.values.options import MillOptions
from docmill.values.outcome import CHECK_FAILED, Problem
from docmill.values.review import Doubt, Subject, TaskState, Verdict

__all__ = ["opened"]

pytest_plugins = ("ledger_fixtures",)


def test_a_correction_is_a_new_version_and_the_old_one_is_kept(work, opened, clock):
    job = published(opened, work, TOTAL, VENDOR)
    old = results_now(opened, work, job.document_id)
    total, _ = tasks_of(work)
    made = decided(opened, total, Answer(Verdict.CORRECTED, "123.54"))
    clock.pass_seconds(30)
    assert waiting_decisions(opened) == [made.decision_id]
    applied = apply_decision(opened, made.decision_id, run_id="run-1")
    assert (applied.state, applied.is_new) == (JobState.NEEDS_REVIEW, True)
    new = results_now(opened, work, job.document_id)
    field = by_name(new)["total"]
    assert (field["value"], field["confidence"], field["source"], field["decided_by"]) == ("123.54", 1.0, "review", "anna")
    assert field["decided_at"] == "2026-03-01T12:00:00Z"
    assert field["box"] == [10, 20, 60, 40]
    assert by_name(new)["vendor_name"] == by_name(old)["vendor_name"]
    assert [one.number for one in versions(work)] == [1, 2]
    assert json.loads(opened.store.read(work.view(job.job_id).results_object)) == old
    assert work.view(applied.job_id).parent_job_id == job.job_id
    assert waiting_decisions(opened) == []
    with work.ledger.reading() as conn:
        names = sorted(one.name for one in artefacts.of_job(conn, "default", applied.job_id))
        (understood,) = [one for one in artefacts.of_job(conn, "default", applied.job_id) if one.name == "understanding"]
    assert names == ["page_words", "results", "text", "understanding"]
    assert "123.54" in opened.store.read(understood.object_name).decode()
    before = work.everything()
    assert apply_decision(opened, made.decision_id, run_id="run-2") == Applied(applied.job_id, applied.state, is_new=False)
    assert work.everything() == before
    assert audit.verify_streams(work.ledger, work.tenant) == {}


def test_all_waiting_decisions_of_a_document_are_one_version_and_the_tasks_left_stay_open(work, opened):
    job = published(opened, work, TOTAL, VENDOR, NO_DATE)
    total, vendor, date = (next(t for t in tasks_of(work) if t.name == n) for n in ("total", "vendor_name", "date_present"))
    first = decided(opened, total, Answer(Verdict.ACCEPTED))
    second = decided(opened, vendor, Answer(Verdict.REJECTED))
    a, b = apply_decision(opened, first.decision_id, run_id="a"), apply_decision(opened, second.decision_id, run_id="b")
    assert a.job_id == b.job_id
    assert len(versions(work)) == 2
    fields = by_name(results_now(opened, work, job.document_id))
    assert set(fields) == {"total", "issue_date"}
    assert (fields["total"]["value"], fields["total"]["confidence"], fields["total"]["decided_by"]) == ("123.45", 1.0, "anna")
    third = decided(opened, date, Answer(Verdict.CORRECTED, "2026-03-05"))
    apply_decision(opened, third.decision_id, run_id="c")
    fields = by_name(results_now(opened, work, job.document_id))
    assert fields["issue_date"]["value"] == "2026-03-05"
    assert fields["total"]["decided_by"] == "anna"  # of the version before


@pytest.mark.parametrize(("verdict", "state"), [(Verdict.ACCEPTED, JobState.COMPLETED), (Verdict.REJECTED, JobState.NEEDS_REVIEW)])
def test_a_settled_contradiction_makes_the_document_complete_and_a_confirmed_one_does_not(work, opened, verdict, state):
    job = published(opened, work, FRAUD)
    (task,) = tasks_of(work)
    first = decided(opened, task, Answer(verdict))
    with pytest.raises(Conflict, match="first of two opinions"):
        apply_decision(opened, first.decision_id, run_id="x")
    made = decided(opened, task, Answer(verdict), "ben")
    assert apply_decision(opened, made.decision_id, run_id="y").state is state
    problems = results_now(opened, work, job.document_id)["outcome"]["problems"]
    assert [one["message"] for one in problems] == ([] if state is JobState.COMPLETED else [FRAUD_MESSAGE])


SUMS = "the page contradicts itself: net_total + tax_total is not total"
SUMS_DOUBT = Doubt(subject=Subject.CONTRADICTION, reason=SUMS)


@pytest.fixture
def misread_total(work, opened, monkeypatch):
    """A document whose total was misread: 100.00 and 23.54 are not 123.45."""
    sums = [("net_total", "100.00"), ("tax_total", "23.54")]
    more = tuple(Field(name=name, value=value, text=value, evidence=review_papers.seen(0.9)) for name, value in sums)
    said = review_papers.UNDERSTOOD
    problem = Problem(code=CHECK_FAILED, stage="understand", message=SUMS)
    monkeypatch.setattr(review_papers, "UNDERSTOOD", said.model_copy(update={"fields": (*said.fields, *more), "problems": (problem,)}))
    return published(opened, work, TOTAL, SUMS_DOUBT)


@pytest.mark.parametrize(("value", "is_resolved"), [("123.54", True), ("123.64", False)])
def test_a_corrected_value_resolves_the_contradiction_that_it_was_in(work, opened, misread_total, value, is_resolved):
    total, contradiction = (next(t for t in tasks_of(work) if t.name == n) for n in ("total", ""))
    made = decided(opened, total, Answer(Verdict.CORRECTED, value))
    state = apply_decision(opened, made.decision_id, run_id="r").state
    problems = [one["message"] for one in results_now(opened, work, misread_total.document_id)["outcome"]["problems"]]
    now = next(t for t in tasks_of(work) if t.task_id == contradiction.task_id)
    if is_resolved:
        assert (state, problems, now.state) == (JobState.COMPLETED, [], TaskState.CANCELLED)
    else:
        assert (state, problems, now.state) == (JobState.NEEDS_REVIEW, [SUMS], TaskState.PENDING)
    assert audit.verify_streams(work.ledger, work.tenant) == {}


def test_a_contradiction_that_a_person_confirmed_stays_although_the_values_fit(work, opened, misread_total):
    total, contradiction = (next(t for t in tasks_of(work) if t.name == n) for n in ("total", ""))
    decided(opened, contradiction, Answer(Verdict.REJECTED))
    made = decided(opened, total, Answer(Verdict.CORRECTED, "123.54"))
    assert apply_decision(opened, made.decision_id, run_id="r").state is JobState.NEEDS_REVIEW
    assert [one["message"] for one in results_now(opened, work, misread_total.document_id)["outcome"]["problems"]] == [SUMS]


def test_a_masked_field_stays_masked_and_typed_names_are_not_shown_beside_a_redacted_copy(work, opened, monkeypatch):
    def masked(fields, _hidden):
        return tuple(f.model_copy(update={"value": None, "text": "[PERSON]"}) if f.name == "vendor_name" else f for f in fields)

    monkeypatch.setattr("docmill.services.publishing.mask_fields", masked)
    missing = Doubt(subject=Subject.CONTRADICTION, reason="a name is missing")
    job = published(opened, work, TOTAL, VENDOR, missing, options=MillOptions(redact=True))
    total, vendor, name = (next(t for t in tasks_of(work) if t.name == n) for n in ("total", "vendor_name", ""))
    decided(opened, total, Answer(Verdict.CORRECTED, "9.99"))
    decided(opened, vendor, Answer(Verdict.CORRECTED, "Anna Maier"))
    made = decided(opened, name, Answer(Verdict.CORRECTED, "Ben Maier", field="customer_name"))
    apply_decision(opened, made.decision_id, run_id="r")
    results = results_now(opened, work, job.document_id)
    fields = by_name(results)
    assert (fields["total"]["value"], fields["vendor_name"]["value"], fields["vendor_name"]["text"]) == ("9.99", None, "[PERSON]")
    assert (fields["customer_name"]["value"], fields["customer_name"]["text"]) == (None, "[NOT_SEARCHED]")
    assert "Maier" not in json.dumps(results)


def test_decisions_about_a_package_stand_in_its_main_part_and_settle_the_doubts_of_the_others(work, opened, monkeypatch):
    said = review_papers.UNDERSTOOD
    doubt = Problem(
        code=CHECK_FAILED, stage="understand", message="the page contradicts itself: due_date lies before issue_date (invoice on page 2)"
    )
    main = DocumentPart(first_page=1, last_page=1, is_main=True, kind=said.kind, fields=said.fields)
    other = DocumentPart(first_page=2, last_page=2, is_main=False, kind=said.kind, fields=said.fields, problems=(doubt,))
    monkeypatch.setattr(review_papers, "UNDERSTOOD", said.model_copy(update={"problems": (doubt,), "parts": (main, other)}))
    job = published(opened, work, TOTAL, Doubt(subject=Subject.CONTRADICTION, reason=doubt.message))
    before = results_now(opened, work, job.document_id)
    total, contradiction = (next(t for t in tasks_of(work) if t.name == n) for n in ("total", ""))
    decided(opened, contradiction, Answer(Verdict.ACCEPTED))
    made = decided(opened, total, Answer(Verdict.CORRECTED, "123.54"))
    applied = apply_decision(opened, made.decision_id, run_id="r")
    after = results_now(opened, work, job.document_id)
    assert (applied.state, after["outcome"]["problems"]) == (JobState.COMPLETED, [])
    assert by_name(after["parts"][0])["total"] == by_name(after)["total"]
    assert by_name(after)["total"]["value"] == "123.54"
    assert before["parts"][1]["problems"]
    assert after["parts"][1] == {**before["parts"][1], "problems": []}
    with work.ledger.reading() as conn:
        (kept,) = [one for one in artefacts.of_job(conn, "default", applied.job_id) if one.name == "understanding"]
    understood = Understanding.model_validate_json(opened.store.read(kept.object_name))
    assert understood.parts[0].fields == understood.fields
    assert understood.parts[1] == other.model_copy(update={"problems": ()})


def test_an_indexed_document_is_found_by_its_decided_date(work, opened, monkeypatch):
    put = []
    monkeypatch.setattr("docmill.services.review.indexing.replace", lambda _room, sources: put.extend(sources))
    job = published(opened, work, NO_DATE)
    made = decided(opened, tasks_of(work)[0], Answer(Verdict.CORRECTED, "2026-03-05"))
    from docmill.services.review import standing

    real = standing.artefacts.of_job

    def with_chunks(conn, tenant, job_id):
        found = real(conn, tenant, job_id)
        return [*found, found[0].model_copy(update={"name": "chunks", "stage": "index"})]

    monkeypatch.setattr(standing.artefacts, "of_job", with_chunks)
    apply_decision(opened, made.decision_id, run_id="i")
    (source,) = put
    assert (source.document_id, source.facts.document_date.isoformat(), source.facts.kind) == (job.document_id, "2026-03-05", "invoice")
