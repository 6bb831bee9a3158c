"""What the results JSON shows of a document that is redacted: nothing that was found, and nothing that was not searched."""

from dataclasses import replace

from results_example import einvoiced, enriched, field, given, given_redacted, read_page, span, with_parts

import docmill.values.results as shape
from docmill.services.publishing import build_results
from docmill.services.publishing_masked import hidden_by, mask_fields
from docmill.stages.privacy.masking import mask_pages
from docmill.values.geometry import Box


def test_under_redaction_the_producer_of_the_file_is_left_out() -> None:
    shown = build_results(replace(given(), enrichment=enriched())).enrichment
    hidden = build_results(replace(given_redacted(), enrichment=enriched())).enrichment
    assert shown is not None
    assert hidden is not None
    assert (shown.file.producer, shown.page_count) == ("Scanner 3", 1)
    assert hidden.file.producer is None
    assert hidden.file.created_at == shown.file.created_at


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
        masked = mask_fields([one], hidden_by([person], [page], [page]))[0]
        assert (masked.value, masked.text) == (None, "[PERSON]")
    far = elsewhere.model_copy(update={"box": Box(0, 0, 5, 5)})
    kept = seen.model_copy(update={**nothing_shared, "evidence": far})
    assert mask_fields([kept], hidden_by([person], [page], [page])) == (kept,)


def test_what_is_gone_from_the_copy_is_gone_from_the_fields() -> None:
    """A second reader saw more than was found, and values are repeated: the copy's pages tell what else went."""
    page = read_page()
    seen = [field(page, "vendor_name", "Jane Doe Consulting", "Jane Doe Consulting"), field(page, "document_number", "A-17", "A-17")]
    assert [one.value for one in mask_fields(seen, hidden_by([], [page], [page]))] == ["Jane Doe Consulting", "A-17"]
    person = span(page, "Jane Doe", "PERSON")
    (copy,) = mask_pages([page], [person])
    masked = mask_fields(seen, hidden_by([], [page], [copy]))
    assert [(one.value, one.text) for one in masked] == [(None, "[PERSON]"), ("A-17", "A-17")]
    number = field(page, "total", "42.00", "42.00")
    bare = page.with_lines(())  # nothing of the page stands there
    assert mask_fields([number], hidden_by([], [page], [bare]))[0].text == "[REDACTED]"
    elsewhere = seen[0].model_copy(update={"evidence": seen[0].evidence.model_copy(update={"page": 7})})
    assert (
        mask_fields([elsewhere], hidden_by([], [page], [copy]))[0].value == "Jane Doe Consulting"
    )  # `Doe` alone hides no `Doe` of elsewhere


def test_two_letters_in_common_prove_nothing() -> None:
    page = read_page()
    kept = field(page, "total", "42.00", "42.00")
    assert mask_fields([kept], hidden_by([span(page, "42", "US_SSN")], [page], [page]))[0].value is None  # it overlaps
    elsewhere = kept.model_copy(update={"evidence": kept.evidence.model_copy(update={"page": 9})})
    assert mask_fields([elsewhere], hidden_by([span(page, "42", "US_SSN")], [page], [page]))[0].value == "42.00"


def test_with_redaction_nothing_of_the_xml_is_shown_that_was_not_searched() -> None:
    results = build_results(replace(einvoiced(redact=True), pages=given_redacted().pages))
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


def test_with_redaction_every_part_is_masked_as_the_file_is() -> None:
    results = build_results(with_parts(given_redacted()))
    told = shape.results_bytes(results).decode()
    for secret in ("Jane", "DE02"):
        assert secret not in told
    assert [f.text for f in results.parts[1].fields] == ["[PERSON]", "7.00", "[IBAN_CODE]"]
    assert [(i.description, i.amount) for i in results.parts[1].line_items] == [(None, "7.00")]
    assert results.parts[0].fields == results.fields
