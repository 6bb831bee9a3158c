"""Kinds by rules and model together: pages of the training's generator, papers with little on them, and what the weights must be."""

import math
import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training" / "kinds"))

from pages import LANGUAGES, page_of, phrases

from docmill.stages.understanding.kind_evidence import KINDS
from docmill.stages.understanding.kind_features import features_of
from docmill.stages.understanding.kind_model import kind_model
from docmill.stages.understanding.kinds import decide_kind
from tests.unit.understanding_pages import page

PAYSLIP = "Reed Ropes Ltd\nPAYSLIP\nEmployee: Ann Moor   Pay period: May 2024\nBasic pay  2,000\nIncome tax  300.00\nNational insurance  150\nNet pay  1,550.00"
LOHN = "Reed GmbH\nEntgeltabrechnung Mai 2024\nPersonalnummer 4711 Steuerklasse 1\nLohnsteuer  300,00\nKrankenversicherung  150,00\nAuszahlungsbetrag  1.550,00"
DISCHARGE = "Quay Hospital\nDISCHARGE SUMMARY\nPatient: Ann Moor\nChief complaint: cough\nDiagnosis: bronchitis\nMedications: none\nBlood pressure 120/80"
ARZTBRIEF = "Klinik am Kai\nArztbrief\nPatientin: Anna Moor\nDiagnosen: Bronchitis\nAnamnese: Husten seit drei Tagen\nMedikation: keine\nBlutdruck 120/80"
PASSPORT = "PASSPORT\nSurname MOOR\nGiven names ANN\nDate of birth 01 MAY 1980\nDate of expiry 01 MAY 2030\nP<GBRMOOR<<ANN<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<"
AUSWEIS = "PERSONALAUSWEIS\nName MOOR\nVornamen ANNA\nGeburtstag 01.05.1980\nGeburtsort KIEL\nGültig bis 01.05.2030"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (PAYSLIP, "payslip"), (LOHN, "payslip"), (DISCHARGE, "medical_note"), (ARZTBRIEF, "medical_note"), (PASSPORT, "id_document"),
        (AUSWEIS, "id_document"),
    ],
)  # fmt: skip
def test_kinds_that_rules_did_not_know_before(text: str, kind: str) -> None:
    found = decide_kind([page(text)], "auto")
    assert (found.name, found.reason.split(":")[0]) == (kind, kind)
    assert found.confidence > 0.8


@pytest.mark.parametrize("text", ["Ba dor fel", "17 23 42\n8 9 11", "Gate 7\nSeat 12", "x"])
def test_too_little_is_other(text: str) -> None:
    found = decide_kind([page(text)], "auto")
    assert (found.name, found.reason) == ("other", "too little evidence for any kind")
    assert found.confidence <= 0.8


def test_title_words_in_prose_are_not_enough() -> None:
    prose = "\n".join(["he filled in a form and then another receipt for the invoice of the man from the agreement"] * 3)
    assert decide_kind([page(prose)], "auto").name == "other"


@pytest.mark.parametrize("language", LANGUAGES)
def test_generated_pages_are_told_apart(language: str) -> None:
    source, chance = phrases(language, None), random.Random(99)  # noqa: S311 - no secret
    told = [(kind, decide_kind([read], "auto").name) for kind in KINDS for _ in range(3) if (read := page_of(kind, source, chance)).words]
    assert sum(kind == name for kind, name in told) > 0.9 * len(told)


def test_the_generator_repeats_itself_and_its_halves_share_no_sentence() -> None:
    source = phrases("en", None)
    first, second = (page_of("invoice", source, random.Random(5)) for _ in range(2))  # noqa: S311 - no secret
    assert first == second
    one, other = (phrases("en", half).papers["letter"]["body"] for half in (0, 1))
    assert one
    assert not set(one) & set(other)


def test_the_weights_fit_the_kinds_and_the_features() -> None:
    model = kind_model()
    assert set(model.kinds) == set(KINDS)
    assert {len(row) for row in model.weights.values()} == {len(model.bias)} == {len(KINDS)}
    shapes = {name for name in features_of(page(PAYSLIP), {}) if name.startswith("shape:")}
    assert shapes == {name for name in model.weights if name.startswith("shape:")}
    told = model.probabilities({"word:payslip": 0.3, "word:neverseen": 9.0})
    assert math.isclose(sum(told.values()), 1.0)
    assert told == model.probabilities({"word:payslip": 0.3})


def test_features_share_one_unit_of_words_however_long_the_page() -> None:
    for text in ("one two three", "one two three " * 50 + "four"):
        words = [value for name, value in features_of(page(text), {}).items() if name.startswith("word:")]
        assert math.isclose(sum(value * value for value in words), 1.0)
