"""Enrichment of documents that were really milled: results, page, redaction, speech; and what files say of themselves."""

import json
import shutil
import wave
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from milled_papers import ingest
from PIL import Image

from docmill.errors import EngineMissing
from docmill.gateway.pages_enrichment import shown_enrichment
from docmill.services import documents
from docmill.services.samples.paper import pdf, prose
from docmill.stages.reading.file_properties import CREATED, MODIFIED, PRODUCER, file_properties, pdf_moment
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.plain_text import read_text_page
from docmill.stages.understanding.enrichment import speech
from docmill.values.options import MillOptions
from docmill.values.results import Results, read_results

LIMITS = Limits(max_pages=1000, max_pixels=10**8, max_bytes=10**8)
NAIVE = datetime(2026, 3, 4)  # noqa: DTZ001 - files may state no zone
TEXT = """Dear Mr. Walter Hopkins,

Weir Works Ltd. repaired the wheel of the river mill in Oxbow and we thank Walter Hopkins for the friendly help.
The wheel of the river mill turns again since 4 March 2026, and the invoice of EUR 12,400.00 was paid by Walter Hopkins.
Please write to walter.hopkins@example.org when the wheel of the river mill makes a noise that worries you.
"""


def results_of(room, document_id) -> Results:
    made = [a for a in documents.artefacts_of(room.ledger, room.tenant, document_id) if a.object_name.endswith("_results.json")]
    return read_results(room.store.read(made[-1].object_name))


@pytest.fixture
def letter(tmp_path):
    (tmp_path / "letter.txt").write_text(TEXT)
    return tmp_path / "letter.txt"


def test_results_carry_what_the_document_tells(room, letter):
    (document_id,) = ingest(room, letter)
    results = results_of(room, document_id)
    found = results.enrichment
    assert found is not None
    assert (found.page_count, [one.language for one in found.languages]) == (1, ["en"])
    assert [one.date.isoformat() for one in found.dates] == ["2026-03-04"]
    assert {"wheel", "river mill"} <= {one.text for one in found.keywords}
    named = {(one.type, one.text) for one in found.entities}
    assert {("person", "Walter Hopkins"), ("organisation", "Weir Works Ltd."), ("money", "EUR 12,400.00")} <= named
    assert 1 <= len(found.summary) <= 3
    assert found.sentiment is not None
    assert set(results.engines["enrich"]) == {"rules", "py3langid", "vadersentiment"}
    shown = shown_enrichment(results)
    for told in ("Walter Hopkins", "EUR 12,400.00", "en 100%", f"/documents/{document_id}/similar"):
        assert told in shown


def test_nothing_redacted_comes_back(room, letter):
    (document_id,) = ingest(room, letter, redact=True)
    results = results_of(room, document_id)
    assert results.enrichment is not None
    told = results.enrichment.model_dump_json().lower()
    assert not any(word in told for word in ("walter", "hopkins", "example.org"))
    assert "river mill" in told
    assert results.enrichment.file.producer is None
    assert not [one for one in results.enrichment.entities if one.type in {"person", "place"}]
    kept = [a for a in documents.artefacts_of(room.ledger, room.tenant, document_id) if a.name == "enrichment"]
    assert b"alter" not in room.store.read(kept[-1].object_name)


def test_a_pdf_says_who_wrote_it_and_when(room, tmp_path):
    file = pdf(
        tmp_path / "paper.pdf", "sample", [prose("The mill", ["The wheel of the river mill turns again since the fourth of March."])]
    )
    (document_id,) = ingest(room, file)
    found = results_of(room, document_id).enrichment
    assert found is not None
    assert "ReportLab" in (found.file.producer or "")
    assert found.file.created_at is not None
    (hidden,) = ingest(room, pdf(tmp_path / "other.pdf", "sample", [prose("The mill", ["Another wheel turns."])]), redact=True)
    redacted = results_of(room, hidden).enrichment
    assert redacted is not None
    assert redacted.file.producer is None
    assert redacted.file.created_at is not None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("D:20260304101500+01'00'", datetime(2026, 3, 4, 9, 15, tzinfo=UTC)),
        ("D:20260304101500Z", datetime(2026, 3, 4, 10, 15, tzinfo=UTC)),
        ("D:20260304101500", NAIVE.replace(hour=10, minute=15)),
        ("20260304", NAIVE),
        ("D:2026", NAIVE.replace(month=1, day=1)),
        ("D:20261399", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_of_pdf_files(text, moment):
    assert pdf_moment(text) == moment


def test_other_files_say_it_in_their_own_way(tmp_path):
    from docx import Document

    document = Document()
    document.core_properties.created = datetime(2026, 3, 4, 10, 15)  # noqa: DTZ001 - python-docx takes it as UTC
    document.save(str(tmp_path / "a.docx"))
    said = file_properties(tmp_path / "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", LIMITS)
    assert said[PRODUCER] == "Microsoft Macintosh Word"
    assert said[CREATED] == "2026-03-04T10:15:00+00:00"

    exif = Image.Exif()
    exif[0x0131], exif[0x0132] = "ScanStation 3", "2026:03:04 10:15:00"
    Image.new("L", (20, 20), 255).save(tmp_path / "a.jpg", exif=exif)
    said = file_properties(tmp_path / "a.jpg", "image/jpeg", LIMITS)
    assert said == {PRODUCER: "ScanStation 3", CREATED: None, MODIFIED: "2026-03-04T10:15:00"}


@pytest.mark.parametrize(
    "media_type", ["application/pdf", "image/png", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "text/plain"]
)
def test_what_says_nothing_or_is_broken_fails_nobody(tmp_path, media_type):
    (tmp_path / "x").write_bytes(b"nothing of the kind")
    assert set(file_properties(tmp_path / "x", media_type, LIMITS).values()) == {None}


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="the Debian package espeak-ng is not installed")
def test_a_document_is_spoken_when_asked_for(room, letter):
    (document_id,) = ingest(room, letter, speech=True, redact=True)
    results = results_of(room, document_id)
    (made,) = [one for one in results.artefacts if one.name == "speech"]
    assert made.media_type == "audio/wav"
    with wave.open(BytesIO(room.store.read(made.object))) as sound:
        assert 10 < sound.getnframes() / sound.getframerate() < 120
    assert "speak" in results.engines
    assert not [p for p in results.outcome.problems if p.stage == "speak"]


def test_without_the_program_the_document_goes_on_and_says_what_to_install(room, letter, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineMissing, match="Debian package is espeak-ng"):
        speech._run("words", "en-us", Path("out.wav"), 5.0)


def test_what_is_said_holds_no_masks(tmp_path):

    (tmp_path / "masked.txt").write_text("Dear [PERSON],\n-----\nthe total is EUR 5.\n")
    said = speech.spoken_text([read_text_page(tmp_path / "masked.txt", "text/plain", 1, "en", LIMITS)])
    assert said == "Dear removed,\nthe total is EUR 5."


def test_nobody_pays_for_speech_that_was_not_asked_for(room, letter):
    (document_id,) = ingest(room, letter)
    results = results_of(room, document_id)
    assert not results.options.speech
    assert "speak" not in results.engines
    assert json.loads(MillOptions().model_dump_json())["speech"] is False
