"""The results JSON: what is published, what is masked, and that what was once written stays readable."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError
from results_example import enriched, field, given, given_redacted, packaged, read_page, span

import docmill.values.results as shape
from docmill.errors import Damaged, StageFailed, VersionMismatch
from docmill.services.publishing import PublishInput, build_results, outcome_of
from docmill.services.publishing_masked import hidden_by, mask_fields
from docmill.stages.validation.suite import checks
from docmill.values.evidence import Evidence, Field, Kind, LineItem, TaxShare, Understanding
from docmill.values.geometry import Box
from docmill.values.outcome import CHECK_FAILED, Problem
from docmill.values.result_fields import ResultField

GOLDEN = Path(__file__).parents[1] / "golden"
SCHEMA = Path(shape.__file__).parent / "schemas" / "results.schema.json"
THEN = {
    "1.0.0": ("A-17", "completed"),
    "1.1.0": ("Jane Doe Consulting", "needs_review"),
    "1.2.0": ("Jane Doe Consulting", "needs_review"),
    "1.3.0": ("Jane Doe Consulting", "needs_review"),
    "1.4.0": ("Jane Doe Consulting", "needs_review"),
}
"""Version -> value of the second field and outcome, as they were when that version was current."""
REWRITE = bool(os.environ.get("DOCMILL_REWRITE_GOLDEN"))


def _changed(**changes: object) -> dict[str, object]:
    return {**json.loads(shape.results_bytes(build_results(given()))), **changes}


def _golden() -> PublishInput:
    base = _einvoiced(entities=("IBAN_CODE", "PERSON"))
    assert base.understanding is not None
    return replace(base, understanding=packaged(base.understanding), enrichment=enriched())


def test_the_shipped_schema_is_the_models_own() -> None:
    current = json.dumps(shape.results_schema(), indent=1) + "\n"
    if REWRITE:
        SCHEMA.write_text(current)
    assert SCHEMA.read_text() == current


def test_results_of_this_version_have_not_changed_unnoticed() -> None:
    golden = GOLDEN / f"results-{shape.SCHEMA_VERSION}.json"
    # the entities are named, so that another default is no change of the results
    written = shape.results_bytes(build_results(_golden()))
    if REWRITE:
        golden.write_text(json.dumps(json.loads(written), indent=1) + "\n")
    then, now = json.loads(golden.read_bytes()), json.loads(written)
    assert {**then, "docmill_version": ""} == {**now, "docmill_version": ""}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("results-*.json")), ids=lambda p: p.name)
def test_old_results_stay_readable(path: Path) -> None:
    read = shape.read_results(path.read_bytes())
    assert read.document.page_count == 1
    second, outcome = THEN[path.stem.removeprefix("results-")]
    assert read.fields[1].value == second
    assert read.text_blocks[0].bounding_box[2] == (280.0, 30.0)
    assert read.outcome.name == outcome


def test_there_is_a_golden_file_to_read() -> None:
    assert list(GOLDEN.glob("results-*.json"))


def test_under_redaction_the_producer_of_the_file_is_left_out() -> None:
    shown = build_results(replace(given(), enrichment=enriched())).enrichment
    hidden = build_results(replace(given_redacted(), enrichment=enriched())).enrichment
    assert shown is not None
    assert hidden is not None
    assert (shown.file.producer, shown.page_count) == ("Scanner 3", 1)
    assert hidden.file.producer is None
    assert hidden.file.created_at == shown.file.created_at


def test_what_is_written_is_read_back_whole() -> None:
    built = build_results(replace(given(), enrichment=enriched()))
    assert shape.read_results(shape.results_bytes(built)) == built


def test_additions_of_a_newer_minor_version_are_left_out() -> None:
    data = _changed(schema_version="1.7.0", summary="new", kind={"name": "invoice", "confidence": 0.5, "reason": "r", "calibrated": True})
    read = shape.read_results(json.dumps(data).encode())
    assert read.kind.name == "invoice"
    shape.validate_results(data)  # and the schema of this version takes them too


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"%PDF-1.7", Damaged),
        (b"[1]", Damaged),
        (b'{"schema_version": 1}', Damaged),
        (b'{"schema_version": "one.two"}', Damaged),
        (b'{"schema_version": "1.0.0"}', Damaged),
        (b'{"schema_version": "2.0.0"}', VersionMismatch),
        (b'{"schema_version": "0.9.0"}', VersionMismatch),
        (b"\xff\xfe", Damaged),
    ],
)
def test_what_is_no_results_of_this_major_version_is_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        shape.read_results(data)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"schema_version": "2.0.0"}, "$.schema_version"),
        ({"fields": [{"name": "total", "value": 42.0, "text": "42", "page": 1, "box": None, "confidence": 1, "source": "s"}]}, "$.fields[0].value"),
        ({"outcome": {"name": "done", "problems": []}}, "$.outcome.name"),
        ({"text_blocks_dropped": -1}, "$.text_blocks_dropped"),
        ({"pages": [{}]}, "$.pages[0]"),
    ],
)  # fmt: skip
def test_the_schema_refuses_and_names_the_place_not_the_value(changes: dict[str, object], place: str) -> None:
    with pytest.raises(StageFailed) as caught:
        shape.validate_results(_changed(**changes))
    assert place in caught.value.message
    assert "42" not in caught.value.message


def test_a_field_value_is_never_a_number() -> None:
    with pytest.raises(ValidationError):
        ResultField.model_validate({"name": "total", "value": 42.0, "text": "42", "page": 1, "box": None, "confidence": 1, "source": "s"})


def test_lines_below_the_threshold_are_counted_but_stay_in_the_full_text() -> None:
    results = build_results(given(confidence_threshold=0.95))
    assert [block.text for block in results.text_blocks] == ["Invoice no A-17", "Total EUR 42.00"]
    assert (results.text_blocks_count, results.text_blocks_dropped) == (2, 2)
    assert results.full_text == read_page().text
    assert build_results(given(confidence_threshold=0)).text_blocks_dropped == 0


def test_no_file_name_no_tenant_and_no_force_in_results() -> None:
    data = _changed()
    assert not {"name", "file_name", "filename"} & set(data)
    assert "force" not in data["options"]  # type: ignore[operator] # a JSON object
    assert "tenant" not in data


def test_redaction_masks_fields_and_lists_public_artefacts_only() -> None:
    results = build_results(given_redacted())
    told = shape.results_bytes(results).decode()
    assert "Jane" not in told
    assert "DE02" not in told
    assert [(f.name, f.value, f.text) for f in results.fields] == [
        ("vendor_name", None, "[PERSON]"),
        ("document_number", "A-17", "A-17"),
        ("total", "42.00", "42.00"),
    ]
    assert [a.object for a in results.artefacts] == ["public/default/publish/ab/2.txt"]
    assert results.personal_data == shape.PersonalData(
        searched=("IBAN_CODE", "PERSON"), by_type={"IBAN_CODE": 1, "PERSON": 1}, total=2, redacted=True
    )


def test_without_redaction_everything_is_listed() -> None:
    results = build_results(given())
    assert [f.value for f in results.fields] == ["Jane Doe Consulting", "A-17", "42.00"]
    assert len(results.artefacts) == 2
    assert results.personal_data.redacted is False


def test_a_field_is_masked_by_place_by_box_and_by_text() -> None:
    page = read_page()
    person = span(page, "Jane Doe", "PERSON")
    seen = field(page, "vendor_name", "Jane Doe Consulting", "Jane Doe Consulting")
    elsewhere = seen.evidence.model_copy(update={"start": None, "end": None, "page": 2})
    nothing_shared = {"text": "J. D.", "value": "J. D."}
    by_place = seen.model_copy(update={**nothing_shared, "evidence": seen.evidence.model_copy(update={"box": None})})
    by_box = seen.model_copy(update={**nothing_shared, "evidence": seen.evidence.model_copy(update={"start": None, "end": None})})
    by_text = seen.model_copy(update={"text": "JANE-DOE", "evidence": elsewhere})
    by_value = seen.model_copy(update={"text": "x", "value": "Consulting of jane doe", "evidence": elsewhere})
    part_of_span = seen.model_copy(update={"text": "Doe", "value": "Doe", "evidence": elsewhere})
    for one in (by_place, by_box, by_text, by_value, part_of_span):
        masked = mask_fields([one], hidden_by([person], [page]))[0]
        assert (masked.value, masked.text) == (None, "[PERSON]")
    far = elsewhere.model_copy(update={"box": Box(0, 0, 5, 5)})
    kept = seen.model_copy(update={**nothing_shared, "evidence": far})
    assert mask_fields([kept], hidden_by([person], [page])) == (kept,)


def test_two_letters_in_common_prove_nothing() -> None:
    page = read_page()
    kept = field(page, "total", "42.00", "42.00")
    assert mask_fields([kept], hidden_by([span(page, "42", "US_SSN")], [page]))[0].value is None  # it overlaps
    elsewhere = kept.model_copy(update={"evidence": kept.evidence.model_copy(update={"page": 9})})
    assert mask_fields([elsewhere], hidden_by([span(page, "42", "US_SSN")], [page]))[0].value == "42.00"


def test_outcomes_follow_problems_and_failed_checks() -> None:
    base, lost = given(), Problem(code="timed_out", stage="read", message="page 2 took too long", page=2)
    names = {
        "completed": base,
        "needs_review": replace(base, failed_checks=("total_present",)),
        "partial": replace(base, failed_checks=("total_present",), problems=(lost,)),
        "failed": replace(base, pages=(), problems=(lost,)),
    }
    for name, case in names.items():
        assert outcome_of(case).name == name
        assert build_results(case).outcome.name == name


def test_a_doubt_speaks_for_people_and_an_info_is_no_doubt() -> None:
    info = next(name for name, check in checks().items() if check["severity"] == "info")
    doubtful = build_results(replace(given(), failed_checks=("total_present", info)))
    assert [(p.code, p.stage, p.message) for p in doubtful.outcome.problems] == [
        (CHECK_FAILED, "validate", "An invoice, receipt or credit note has a total.")
    ]
    assert doubtful.validation == shape.ValidationFacts(passed=False, failed_checks=("total_present", info))
    shown = build_results(replace(given(), failed_checks=(info,)))
    assert (shown.outcome.name, shown.validation.passed) == ("completed", True)


def test_a_check_of_another_suite_still_counts() -> None:
    assert outcome_of(replace(given(), failed_checks=("made_up",))).problems[0].message == "check made_up failed"


def test_a_document_that_was_not_understood_or_read() -> None:
    results = build_results(replace(given(language="de"), understanding=None, pages=(), read_pages=()))
    assert (results.kind.name, results.kind.confidence, results.fields) == ("other", 0.0, ())
    assert (results.language, results.full_text, results.pages) == ("de", "", ())
    shape.results_bytes(results)


def test_pages_are_told_with_units_and_language() -> None:
    page = build_results(given()).pages[0]
    assert (page.number, page.width_px, page.height_px, page.dpi, page.source, page.language, page.words) == (
        1, 1000, 1400, 200, "tesseract", "en", 12,
    )  # fmt: skip
    german = read_page().model_copy(update={"language": "de"})
    assert build_results(replace(given(), pages=(german,))).language == "de"


def _einvoiced(**options: object) -> PublishInput:
    """A document with an e-invoice: values printed on the page and values in the XML alone, and what the two contradict."""
    base, page = given(**options), read_page()
    exact = Evidence(page=1, confidence=1.0, source="einvoice:en16931")
    seen = field(page, "vendor_name", "Jane Doe Consulting", "Jane Doe Consulting").evidence.model_copy(update={"source": exact.source})
    found = Understanding(
        kind=Kind(name="invoice", confidence=1.0, reason="invoice: einvoice"),
        fields=(
            Field(name="customer_name", value="Karl Kojote", text="Karl Kojote", evidence=exact),
            Field(name="vendor_name", value="Jane Doe Consulting", text="Jane Doe Consulting", evidence=seen),
            Field(name="vendor_iban", value="DE88200800000970375700", text="DE88200800000970375700", evidence=exact),
            Field(name="due_date", value="2026-04-01", text="2026-04-01", evidence=exact),
        ),
        line_items=(
            LineItem(description="Care for Karl Kojote", quantity="1", amount="40.00", evidence=exact),
            LineItem(
                description="Invoice",
                quantity="2",
                unit_price="1.00",
                amount="2.00",
                evidence=field(page, "x", "Invoice", "Invoice").evidence,
            ),
        ),
        taxes=(TaxShare(rate="5", net="40.00", tax="2.00", evidence=exact),),
        problems=(Problem(code=CHECK_FAILED, stage="understand", message="XML and page differ: total (another value is printed)"),),
    )
    return replace(base, understanding=found)


def test_line_items_and_taxes_are_told() -> None:
    results = build_results(_einvoiced())
    shape.validate_results(json.loads(shape.results_bytes(results)))
    assert [(i.description, i.quantity, i.unit, i.unit_price, i.tax_rate, i.amount, i.page) for i in results.line_items] == [
        ("Care for Karl Kojote", "1", None, None, None, "40.00", 1),
        ("Invoice", "2", None, "1.00", None, "2.00", 1),
    ]
    assert results.line_items[0].box is None
    assert results.line_items[1].box is not None
    assert [(t.rate, t.net, t.tax, t.confidence) for t in results.taxes] == [("5", "40.00", "2.00", 1.0)]


def test_contradictions_send_a_document_to_review() -> None:
    results = build_results(_einvoiced())
    assert results.outcome.name == "needs_review"
    assert [(p.code, p.stage, p.message) for p in results.outcome.problems] == [
        (CHECK_FAILED, "understand", "XML and page differ: total (another value is printed)")
    ]


def test_with_redaction_nothing_of_the_xml_is_shown_that_was_not_searched() -> None:
    results = build_results(replace(_einvoiced(redact=True), pages=given_redacted().pages))
    told = shape.results_bytes(results).decode()
    for secret in ("Kojote", "Jane", "DE8820"):
        assert secret not in told
    assert [(f.name, f.value, f.text) for f in results.fields] == [
        ("customer_name", None, "[NOT_SEARCHED]"),
        ("vendor_name", None, "[PERSON]"),
        ("vendor_iban", None, "[NOT_SEARCHED]"),
        ("due_date", "2026-04-01", "2026-04-01"),
    ]
    assert [(i.description, i.amount) for i in results.line_items] == [(None, "40.00"), ("Invoice", "2.00")]


def _with_parts(base: PublishInput) -> PublishInput:
    assert base.understanding is not None
    return replace(base, understanding=packaged(base.understanding))


def test_the_parts_of_a_package_are_told_with_what_each_says() -> None:
    results = build_results(_with_parts(given()))
    main, second = results.parts
    assert [(p.first_page, p.last_page, p.is_main, p.kind.name) for p in results.parts] == [
        (1, 1, True, "invoice"),
        (2, 3, False, "receipt"),
    ]
    assert main.fields == results.fields
    assert [(f.name, f.value, f.page) for f in second.fields] == [
        ("vendor_name", "Jane Doe Consulting", 2), ("total", "7.00", 2), ("vendor_iban", "DE021203", 3),
    ]  # fmt: skip
    assert [(i.description, i.amount, i.page) for i in second.line_items] == [("Walk with Jane Doe", "7.00", 2)]
    assert [(t.rate, t.tax) for t in second.taxes] == [("5", "0.33")]
    assert second.problems == results.outcome.problems[-1:]
    assert shape.read_results(shape.results_bytes(results)) == results
    assert build_results(given()).parts == ()


def test_with_redaction_every_part_is_masked_as_the_file_is() -> None:
    results = build_results(_with_parts(given_redacted()))
    told = shape.results_bytes(results).decode()
    for secret in ("Jane", "DE02"):
        assert secret not in told
    assert [f.text for f in results.parts[1].fields] == ["[PERSON]", "7.00", "[IBAN_CODE]"]
    assert [(i.description, i.amount) for i in results.parts[1].line_items] == [(None, "7.00")]
    assert results.parts[0].fields == results.fields


def test_results_of_the_first_version_are_read_without_the_additions() -> None:
    old = shape.read_results((GOLDEN / "results-1.0.0.json").read_bytes())
    assert (old.schema_version, old.line_items, old.taxes) == ("1.0.0", (), ())
    shape.validate_results(json.loads((GOLDEN / "results-1.0.0.json").read_bytes()))
