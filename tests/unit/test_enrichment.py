"""Enrichment on texts whose answers are known, read the product's own way; and that nothing masked comes back."""

import json
from pathlib import Path

import pytest

from docmill.stages.reading.limits import Limits
from docmill.stages.reading.plain_text import read_text_page
from docmill.stages.understanding.enrichment.entities import entities_of
from docmill.stages.understanding.enrichment.keywords import keywords_of
from docmill.stages.understanding.enrichment.languages import languages_of
from docmill.stages.understanding.enrichment.sentiment import sentiment_of
from docmill.stages.understanding.enrichment.summary import summary_of
from docmill.stages.understanding.enrichment.texts import sentences_of
from docmill.stages.understanding.enrichment.verbs import enrich
from docmill.values.enrichment import Enrichment
from docmill.values.evidence import Span
from docmill.values.page import Page

LIMITS = Limits(max_pages=1000, max_pixels=10**8, max_bytes=10**8)
ENGLISH = """Report on the river mill

The river mill at Oxbow was closed in March because the wheel of the river mill had broken.
The engineers of Weir Works Ltd. inspected the wheel on 4 March 2026 and found two cracked spokes.
They repaired the wheel within nine days, which was faster than the contract had asked for.
The repair of the wheel cost EUR 12,400.00, and the insurance paid EUR 9,000.00 of it.
Visitors liked the new wheel. The town thanks the engineers for their excellent and careful work!
"""
GERMAN = """Sehr geehrte Damen und Herren,

hiermit kündigen wir den Mietvertrag über die Lagerhalle zum nächstmöglichen Zeitpunkt.
Bitte bestätigen Sie uns den Eingang dieser Kündigung und das Ende des Mietvertrages schriftlich.
Die Schlüssel der Lagerhalle übergeben wir Ihnen bei einem gemeinsamen Termin im Juni.
"""
FRENCH = """Nous vous prions de bien vouloir trouver ci-joint la facture correspondant aux travaux de peinture réalisés dans vos locaux.
Le règlement doit être effectué dans un délai de trente jours à compter de la date de réception de cette facture.
"""
TABLE = "Item            Qty   Price\nJute twine 2 mm   10   123.45\nTotal due: 1,234.50 EUR\n"


def page_of(text: str, folder: Path, number: int = 1) -> Page:
    file = folder / f"{number}.txt"
    file.write_text(text)
    return read_text_page(file, "text/plain", 1, "en", LIMITS).model_copy(update={"number": number})


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (GERMAN, "de"), (FRENCH, "fr")])
def test_the_language_is_told(text: str, language: str, tmp_path: Path) -> None:
    (found,) = languages_of([page_of(text, tmp_path)])
    assert (found.language, found.share) == (language, 1.0)


def test_each_language_of_a_mixed_document_has_its_share(tmp_path: Path) -> None:
    found = languages_of([page_of(GERMAN, tmp_path, 1), page_of(FRENCH, tmp_path, 2)])
    assert {one.language for one in found} == {"de", "fr"}
    assert sum(one.share for one in found) == pytest.approx(1.0, abs=0.01)
    assert all(0.3 < one.share < 0.7 for one in found)


def test_too_little_text_has_no_language(tmp_path: Path) -> None:
    assert languages_of([page_of("0815 / 4711\n12.50\n", tmp_path)]) == ()
    assert languages_of([]) == ()


def test_sentences_are_those_of_the_prose(tmp_path: Path) -> None:
    found = [one.text for one in sentences_of([page_of(ENGLISH, tmp_path)])]
    assert len(found) == 6
    assert found[1].startswith("The engineers of Weir Works Ltd. inspected"), "an abbreviation ends no sentence"
    assert found[4:] == ["Visitors liked the new wheel.", "The town thanks the engineers for their excellent and careful work!"]
    assert sentences_of([page_of(TABLE, tmp_path)]) == []


def test_a_sentence_runs_over_lines_and_hyphens(tmp_path: Path) -> None:
    text = (
        "The lease of the flat in Mill Lane ends when the tenant has given the land-\nlord the keys of the flat and of the cellar back.\n"
    )
    (found,) = sentences_of([page_of(text, tmp_path)])
    assert "the landlord the keys" in found.text


def test_keywords_are_what_the_document_comes_back_to(tmp_path: Path) -> None:
    found = keywords_of([page_of(ENGLISH, tmp_path)], ["en"])
    assert found[0].score == 1.0
    assert [one.text for one in found[:2]] == ["wheel", "river mill"]
    assert (found[0].count, found[1].count) == (5, 3)
    german = [one.text for one in keywords_of([page_of(GERMAN, tmp_path)], ["de"])]
    assert "Lagerhalle" in german[:2]
    assert not {"die", "wir", "uns"} & {word.lower() for text in german for word in text.split()}


def test_the_summary_is_made_of_the_documents_own_sentences(tmp_path: Path) -> None:
    pages = [page_of(ENGLISH, tmp_path)]
    sentences = sentences_of(pages)
    found = [one.text for one in summary_of(sentences, ["en"])]
    own = [one.text for one in sentences]
    assert len(found) == 3
    assert found == [text for text in own if text in found], "in the document's order"
    assert own[0] in found, "the sentence that shares most words with the others"
    repeated = [sentences[0]] * 5 + sentences[3:]
    assert [one.text for one in summary_of(repeated, ["en"])].count(own[0]) == 1
    assert summary_of([], ["en"]) == ()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("We are very happy with the excellent service and thank you for the great work on our house.\n", "positive"),
        ("The delivery was a terrible disappointment and we are angry about the damaged and useless goods.\n", "negative"),
        ("The parcel has a weight of two kilograms and it is sent to the address in the order form.\n", "neutral"),
        ("The service was not good and we are not happy with the work that was done on the house.\n", "negative"),
    ],
)
def test_the_tone_of_english_prose(text: str, label: str, tmp_path: Path) -> None:
    found = sentiment_of(sentences_of([page_of(text, tmp_path)]), ["en"])
    assert found is not None
    assert found.label == label


def test_no_tone_is_told_of_other_languages_and_of_tables(tmp_path: Path) -> None:
    assert sentiment_of(sentences_of([page_of(GERMAN, tmp_path)]), ["de"]) is None
    assert sentiment_of(sentences_of([page_of(TABLE, tmp_path)]), ["en"]) is None


@pytest.mark.parametrize(
    ("line", "entities"),
    [
        ("Weir Works Ltd. of Oxbow", [("organisation", "Weir Works Ltd.")]),
        ("Supplier Müller & Söhne GmbH, 10115 Berlin", [("organisation", "Müller & Söhne GmbH")]),
        ("Total EUR 12,400.00 of it", [("money", "EUR 12,400.00")]),
        ("zahlbar: 1.234,50 EUR", [("money", "1.234,50 EUR")]),
        ("a fee of $5 each", [("money", "$5")]),
        ("ACME SDN BHD and Foo Bar Sdn. Bhd.", [("organisation", "ACME SDN BHD"), ("organisation", "Foo Bar Sdn. Bhd.")]),
        ("the age of the AG is 12", []),
        ("order 12,400 pieces", []),
    ],
)
def test_organisations_and_sums(line: str, entities: list[tuple[str, str]], tmp_path: Path) -> None:
    assert [(one.type, one.text) for one in entities_of([page_of(line, tmp_path)], [])] == entities


def test_people_and_places_are_those_that_were_found_already(tmp_path: Path) -> None:
    page = page_of("Ann Smith of Oxbow wrote to ann  smith.\n", tmp_path)
    spans = [Span(page=1, start=at, end=at + 9, type="PERSON", confidence=0.9, source="test") for at in (0, page.text.index("ann smith"))]
    spans.append(Span(page=1, start=13, end=18, type="LOCATION", confidence=0.9, source="test"))
    spans.append(Span(page=1, start=0, end=3, type="EMAIL_ADDRESS", confidence=0.9, source="test"))
    assert [(one.type, one.text, one.count) for one in entities_of([page], spans)] == [("person", "Ann Smith", 2), ("place", "Oxbow", 1)]


def test_the_verb_writes_all_of_it_and_the_same_every_time(tmp_path: Path) -> None:
    (tmp_path / "page.json").write_text(page_of(ENGLISH, tmp_path).model_dump_json())
    told = enrich([str(tmp_path / "page.json")], "", str(tmp_path / "out"))
    assert enrich([str(tmp_path / "page.json")], "", str(tmp_path / "again")) == told
    assert (tmp_path / "out").read_bytes() == (tmp_path / "again").read_bytes()
    found = Enrichment.model_validate_json((tmp_path / "out").read_bytes())
    assert [one.language for one in found.languages] == ["en"]
    assert [(one.date.isoformat(), one.page) for one in found.dates] == [("2026-03-04", 1)]
    assert found.sentiment is not None
    assert {one.type for one in found.entities} == {"organisation", "money"}
    assert told["sentences"] == 6


def test_masks_are_no_words(tmp_path: Path) -> None:
    text = ENGLISH.replace("Oxbow", "[LOCATION]").replace("Weir Works Ltd.", "[ORGANIZATION] Ltd.")
    (tmp_path / "page.json").write_text(page_of(text, tmp_path).model_dump_json())
    enrich([str(tmp_path / "page.json")], "", str(tmp_path / "out"))
    found = json.loads((tmp_path / "out").read_text())
    told = json.dumps([found["keywords"], found["entities"]]).lower()
    assert not any(word in told for word in ("location", "organization", "oxbow", "weir"))


def test_an_empty_document_has_nothing(tmp_path: Path) -> None:
    told = enrich([], "", str(tmp_path / "out"))
    assert set(told.values()) == {0}
    assert Enrichment.model_validate_json((tmp_path / "out").read_bytes()) == Enrichment()
