"""Names by the real model, off the network, and the verb as the cell calls it."""

import json
import socket
from pathlib import Path

import pytest

from docmill.stages.privacy import names, verbs
from docmill.stages.privacy.finding import find_in_text, find_spans
from docmill.values.geometry import Box
from docmill.values.options import DEFAULT_ENTITIES, KNOWN_ENTITIES
from docmill.values.page import Line, Page, Word


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("something reached for the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def page_of(text: str) -> Page:
    lines = tuple(Line(words=tuple(Word(text=w, box=Box(0, 0, 1, 1), confidence=1) for w in row.split())) for row in text.split("\n"))
    return Page(number=1, width_px=100, height_px=100, dpi=72, lines=lines, source="text_layer", language="en")


def values(text: str, entity: str, *, entities: tuple[str, ...] = DEFAULT_ENTITIES) -> set[str]:
    return {text[h.start : h.end] for h in find_in_text(text, language="en", entities=entities).hits if h.type == entity}


def test_names_in_a_sentence_in_capitals_and_over_a_line() -> None:
    assert "Margaret Thatcher" in values("Yesterday Margaret Thatcher met the board in London.", "PERSON")
    assert "MARGARET THATCHER" in values("YESTERDAY MARGARET THATCHER MET THE BOARD.", "PERSON")
    assert "Margaret\nThatcher" in values("The contract was signed by Margaret\nThatcher on behalf of the board.", "PERSON")
    assert "London" in values("Yesterday Margaret Thatcher met the board in London.", "LOCATION")


def test_organizations_and_dates_only_when_asked() -> None:
    text = "Microsoft Corporation hired Margaret Thatcher on Friday, January 5, 2018."
    assert {h.type for h in find_in_text(text, language="en", entities=DEFAULT_ENTITIES).hits} == {"PERSON"}
    assert {"ORGANIZATION", "DATE_TIME"} <= {h.type for h in find_in_text(text, language="en", entities=KNOWN_ENTITIES).hits}


def test_wallets_are_checked_by_presidio() -> None:
    assert values("pay to 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2 now", "CRYPTO") == {"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"}
    assert not values("pay to 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3 now", "CRYPTO")


def test_names_far_down_a_long_page_keep_their_offsets() -> None:
    text = "The quick brown fox jumps over the lazy dog.\n" * 400 + "Yesterday Margaret Thatcher met the board.\n"
    assert len(text) > 4 * names.CHUNK_CHARS
    (hit,) = (h for h in find_in_text(text, language="en", entities=["PERSON"]).hits if "Thatcher" in text[h.start : h.end])
    assert text[hit.start : hit.end] == "Margaret Thatcher"


def test_the_verb_writes_spans_with_boxes_and_engines(tmp_path: Path) -> None:
    page = page_of("Dear Margaret Thatcher,\nwrite to m.t@example.org")
    (tmp_path / "1.json").write_text(page.model_dump_json())
    answer = verbs.find_pii([str(tmp_path / "1.json")], "en", list(DEFAULT_ENTITIES), str(tmp_path / "spans.json"))
    assert answer == {"spans": 2, "by_type": {"EMAIL_ADDRESS": 1, "PERSON": 1}}
    body = json.loads((tmp_path / "spans.json").read_text())
    assert [len(s["boxes"]) for s in body["spans"]] == [2, 1]
    assert body["engines"]["names"] == names.MODEL


def test_an_empty_document_has_none() -> None:
    assert find_spans([page_of("")], language="en", entities=DEFAULT_ENTITIES)[0] == []


def test_headings_of_documents_are_nobody() -> None:
    text = "DISCHARGE SUMMARY\nBill to\nMARK STONE\nCurriculum Vitae\nof Mark Stone"
    hits = find_in_text(text, language="en", entities=("PERSON",)).hits
    assert {text[hit.start : hit.end].casefold() for hit in hits} == {"mark stone"}
