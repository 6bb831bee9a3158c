"""Allow- and deny-lists, thresholds and recognisers of users and of other packages; and that they enter the keys."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from docmill.errors import EngineMissing, SettingsInvalid
from docmill.services.pii_rules import rules_in
from docmill.stages.privacy import own_rules
from docmill.stages.privacy.finding import find_in_text, find_spans
from docmill.stages.privacy.hits import Hit
from docmill.stages.privacy.redaction.proof import without_masks
from docmill.values.geometry import Box
from docmill.values.keys import artefact_key
from docmill.values.options import MillOptions
from docmill.values.page import Line, Page, Word
from docmill.values.pii_rules import NO_RULES, PiiRules

TEXT = "Mail info@muster.example or ann@muster.example. Badge E-123456, badge E-999999. Call Pro-\nject Falcon, PROJECT FALCON. Card 5105105105105100."
ENTITIES = ("EMAIL_ADDRESS", "CREDIT_CARD")


def found(text: str = TEXT, **rules: object) -> list[tuple[str, str]]:
    hits = find_in_text(text, language="de", entities=ENTITIES, rules=PiiRules.model_validate(rules)).hits
    return [(hit.type, text[hit.start : hit.end]) for hit in hits]


PLAIN = [("EMAIL_ADDRESS", "info@muster.example"), ("EMAIL_ADDRESS", "ann@muster.example"), ("CREDIT_CARD", "5105105105105100")]


def test_without_rules_nothing_changes() -> None:
    assert found() == PLAIN


@pytest.mark.parametrize(
    ("rules", "gone"),
    [
        ({"allow": ["INFO@muster.example"]}, PLAIN[:1]),
        ({"allow": ["muster.example"]}, []),
        ({"allow_patterns": [r"\w+@muster\.example"]}, PLAIN[:2]),
        ({"allow_patterns": [r"\w+@muster"]}, []),
        ({"thresholds": {"EMAIL": 1.0}}, PLAIN[:2]),
        ({"thresholds": {"PERSON": 1.0}}, []),
    ],
)
def test_what_rules_let_pass(rules: dict[str, object], gone: list[tuple[str, str]]) -> None:
    assert found(**rules) == [one for one in PLAIN if one not in gone]


def test_denied_values_are_found_split_and_recased_and_beat_the_allowed() -> None:
    assert [one for one in found(deny=["Project Falcon"]) if one not in PLAIN] == [
        ("X_DENIED", "Pro-\nject Falcon"),
        ("X_DENIED", "PROJECT FALCON"),
    ]
    both = found(deny=[{"value": "info@muster.example", "type": "x_inbox"}], allow=["info@muster.example"], thresholds={"X_INBOX": 1})
    assert both[0] == ("X_INBOX", "info@muster.example")


def test_an_allowed_value_does_not_uncover_what_is_wider() -> None:
    assert found("write to jo.ann@muster.example", allow=["ann@muster.example"]) == [("EMAIL_ADDRESS", "jo.ann@muster.example")]


def test_own_recognisers_with_context() -> None:
    rule = {"name": "badge", "type": "X_BADGE", "patterns": [r"\bE-\d{6}\b"], "context": ["badge"]}
    assert ("X_BADGE", "E-123456") in found(recognisers=[rule])
    assert not found("Part E-123456 is out of stock.", recognisers=[rule])
    value = rule | {"patterns": [r"(?i)badge (?P<value>E-\d{6})"], "context": []}
    assert [one for one in found(recognisers=[value]) if one[0] == "X_BADGE"] == [("X_BADGE", "E-123456"), ("X_BADGE", "E-999999")]


def test_known_types_of_own_recognisers_only_when_asked_for() -> None:
    rule = {"name": "n", "type": "PASSPORT", "patterns": ["E-[0-9]+"]}
    assert found(recognisers=[rule]) == PLAIN


def test_an_own_type_is_a_mask_like_others_and_spreads_over_pages() -> None:
    assert "X_BADGE" not in without_masks("see [X_BADGE] and [JOHN]")
    assert "[JOHN]" in without_masks("see [X_BADGE] and [JOHN]")
    pages = [
        Page(
            number=n, width_px=9, height_px=9, dpi=72, source="plain_text", language="de",
            lines=(Line(words=tuple(Word(text=w, box=Box(0, 0, 1, 1), confidence=1) for w in row.split())),),
        )
        for n, row in enumerate(("Badge E-123456", "see E-123456"), start=1)
    ]  # fmt: skip
    rules = PiiRules.model_validate({"recognisers": [{"name": "badge", "type": "X_BADGE", "patterns": [r"E-\d{6}"], "context": ["badge"]}]})
    spans, engines = find_spans(pages, language="de", entities=ENTITIES, rules=rules)
    assert [(s.page, s.type, s.source) for s in spans] == [(1, "X_BADGE", "pattern:badge"), (2, "X_BADGE", "repeat:pattern:badge")]
    assert engines["own rules"] == rules.digest()[:16]


@pytest.mark.parametrize(
    "text",
    [
        "deny: [ab]", "deny: {value: long enough}", "thresholds: {PERSON: 2}", "thresholds: {NOBODY: 0.5}", "allow_patterns: ['(']", "allow_patterns: ['x*']",
        "recognisers: [{name: a, type: X_A1, patterns: []}]", "recognisers: [{name: a, type: EMPLOYEE, patterns: [a]}]", "nothing: 1", "- a list", "a: [",
        "allow: 1",
    ],
)  # fmt: skip
def test_bad_rules_are_refused_without_saying_what_they_hold(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(SettingsInvalid, match="DOCMILL_PII_RULES") as caught:
        rules_in(tmp_path)
    assert "long enough" not in caught.value.message
    with pytest.raises(SettingsInvalid):
        rules_in(tmp_path / "missing.yaml")


def test_a_folder_of_yaml_and_json_is_one_set(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("allow: [one]\nthresholds: {PERSON: 0.5}")
    (tmp_path / "b.json").write_text('{"allow": ["two"], "thresholds": {"PERSON": 0.7}}')
    (tmp_path / "c.yml").write_text("")
    (tmp_path / "readme.txt").write_text("not a rule")
    assert rules_in(tmp_path) == PiiRules(allow=("one", "two"), thresholds={"PERSON": 0.7})
    (tmp_path / "none").mkdir()
    assert rules_in(tmp_path / "none") == NO_RULES


def test_changed_rules_change_the_keys_of_finding_and_of_nothing_before() -> None:
    plain, other = MillOptions(), MillOptions(pii_rules=PiiRules(allow=("one",)).digest())
    keys = {
        (stage, options.pii_rules): artefact_key(tenant="t", stage=stage, version="1", inputs=[], options=options, engine={})
        for stage in ("read", "understand", "find_pii")
        for options in (plain, other)
    }
    assert keys["find_pii", ""] != keys["find_pii", other.pii_rules]
    assert keys["read", ""] == keys["read", other.pii_rules]
    assert plain.digest() != other.digest()


class Plates:
    """A recogniser as another package would offer it."""

    type = "X_PLATE"

    def find(self, text: str) -> Iterator[Hit]:
        at = text.find("B-XY 123")
        if at >= 0:
            yield Hit(at, at + 8, self.type, 0.9, "pattern:plates")


class Broken:
    def __init__(self) -> None:
        raise RuntimeError


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    points: list[EntryPoint] = []
    monkeypatch.setattr(own_rules, "entry_points", lambda group: points if group == "docmill.pii_recognisers" else [])
    own_rules.installed_recognisers.cache_clear()
    yield points
    own_rules.installed_recognisers.cache_clear()


def test_recognisers_of_other_packages(offered: list[EntryPoint]) -> None:
    offered.append(EntryPoint("plates", f"{__name__}:Plates", "docmill.pii_recognisers"))
    assert found("seen: B-XY 123") == [("X_PLATE", "B-XY 123")]


def test_one_that_cannot_be_loaded_is_an_error(offered: list[EntryPoint]) -> None:
    offered.append(EntryPoint("broken", f"{__name__}:Broken", "docmill.pii_recognisers"))
    with pytest.raises(EngineMissing, match="broken"):
        found()
