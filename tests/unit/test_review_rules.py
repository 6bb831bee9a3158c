"""Which findings become doubts, in which order, with which priority; and the setting of thresholds."""

import pytest

from docmill.errors import SettingsInvalid
from docmill.services.review.rules import MOST, ChunkFact, find_doubts
from docmill.services.review.thresholds import parse_thresholds
from docmill.values.evidence import Evidence, Field, Kind, Span, Understanding
from docmill.values.geometry import Box
from docmill.values.outcome import CHECK_FAILED, Problem
from docmill.values.review import Priority, Subject


def field(name, confidence, page=1):
    seen = Evidence(page=page, box=Box(1, 2, 30, 40), start=3, end=8, confidence=confidence, source="rule")
    return Field(name=name, value="SECRET VALUE", text="SECRET TEXT", evidence=seen)


def span(kind, confidence):
    return Span(page=2, start=5, end=9, type=kind, confidence=confidence, source="s", boxes=(Box(0, 0, 5, 5), Box(6, 0, 9, 7)))


def understood(*fields, messages=()):
    problems = tuple(Problem(code=CHECK_FAILED, stage="understand", message=m) for m in messages)
    return Understanding(kind=Kind(name="invoice", confidence=0.9, reason="r"), fields=fields, problems=problems)


def doubts(one=None, thresholds="", **more):
    return find_doubts(one or understood(), thresholds=parse_thresholds(thresholds), **more)


CASES = [
    ({"one": understood(field("vendor_name", 0.79))}, [(Subject.FIELD, "vendor_name", Priority.MEDIUM)]),
    ({"one": understood(field("vendor_name", 0.8))}, []),
    ({"one": understood(field("total", 0.79))}, [(Subject.FIELD, "total", Priority.HIGH)]),
    ({"one": understood(field("total", 0.85)), "thresholds": "field.total=0.9"}, [(Subject.FIELD, "total", Priority.HIGH)]),
    ({"one": understood(field("vendor_name", 0.5)), "thresholds": "field=0.4"}, []),
    ({"thresholds": "kind=0.95"}, [(Subject.FIELD, "kind", Priority.MEDIUM)]),
    ({"thresholds": "learned,kind=0.9"}, []),
    ({"one": understood(messages=["net_total + tax_total is not total"])}, [(Subject.CONTRADICTION, "", Priority.HIGH)]),
    ({"one": understood(messages=["XML and page differ: vendor_iban"])}, [(Subject.FRAUD, "", Priority.URGENT)]),
    ({"failed_checks": ["total_present", "date_present"]}, [(Subject.CHECK, "total_present", Priority.HIGH), (Subject.CHECK, "date_present", Priority.MEDIUM)]),
    ({"failed_checks": ["fields_sure"]}, []),  # severity info is no doubt
    ({"spans": [span("PERSON", 0.6)]}, [(Subject.SPAN, "PERSON", Priority.LOW)]),
    ({"spans": [span("PERSON", 0.6)], "is_redacted": True}, [(Subject.SPAN, "PERSON", Priority.MEDIUM)]),
    ({"spans": [span("PERSON", 0.6)], "thresholds": "span.PERSON=0.5"}, []),
    ({"chunks": [ChunkFact(1, 0, 9, 0.79), ChunkFact(1, 9, 19, 0.81)]}, [(Subject.CHUNK, "", Priority.LOW)]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "wanted"), CASES)
def test_what_is_doubted(given, wanted):
    assert [(d.subject, d.name, d.priority) for d in doubts(**given)] == wanted


def test_doubts_name_the_place_and_never_the_value():
    (found,) = doubts(understood(field("total", 0.5, page=3)))
    assert (found.page, found.box, found.start, found.end, found.confidence) == (3, (1, 2, 30, 40), 3, 8, 0.5)
    assert "SECRET" not in found.model_dump_json()
    (seen,) = doubts(spans=[span("PERSON", 0.1)])
    assert seen.box == (0, 0, 9, 7)


def test_the_urgent_and_the_least_sure_come_first():
    found = doubts(understood(field("a", 0.7), field("b", 0.2), field("total", 0.7), messages=["XML and page differ: total"]))
    assert [d.name or d.subject for d in found] == [Subject.FRAUD, "total", "b", "a"]


def test_a_document_of_doubts_has_a_hundred_tasks_and_the_last_says_how_many_more():
    found = doubts(chunks=[ChunkFact(1, n, n + 1, 0.1) for n in range(MOST + 11)])
    assert len(found) == MOST
    assert found[-1].reason.startswith("12 further doubts")


def test_of_a_sampled_document_every_field_is_shown_and_sure_ones_can_wait():
    found = doubts(understood(field("total", 0.99), field("vendor_name", 0.3)), is_sampled=True)
    assert [(d.name, d.priority, d.reason) for d in found] == [
        ("vendor_name", Priority.MEDIUM, "sample"),
        ("kind", Priority.LOW, "sample"),
        ("total", Priority.LOW, "sample"),
    ]


def test_the_sample_is_a_share_of_documents_and_always_the_same():
    some, none = parse_thresholds("sample=0.2"), parse_thresholds("")
    chosen = [n for n in range(2000) if some.is_sampled(f"document {n}")]
    assert 340 < len(chosen) < 460
    assert all(some.is_sampled(f"document {n}") for n in chosen)
    assert not any(none.is_sampled(f"document {n}") for n in range(100))


@pytest.mark.parametrize("text", ["field", "field=2", "page=0.8", "field=0.8;span=0.7", "field.total=", "field=1.5"])
def test_a_threshold_that_cannot_be_read_is_refused(text):
    with pytest.raises(SettingsInvalid, match="DOCMILL_REVIEW_THRESHOLDS"):
        parse_thresholds(text)
