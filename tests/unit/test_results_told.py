"""What the results JSON tells of a document that went well or not: outcome, problems, lines, pages, parts, line items and taxes.

Its shape stands in test_results.py, redaction in test_results_masked.py.
"""

import json
from dataclasses import replace

from results_example import einvoiced, given, read_page, with_parts

import docmill.values.results as shape
from docmill.services.publishing import build_results, outcome_of
from docmill.stages.validation.suite import checks
from docmill.values.outcome import CHECK_FAILED, Problem


def test_lines_below_the_threshold_are_counted_but_stay_in_the_full_text() -> None:
    results = build_results(given(confidence_threshold=0.95))
    assert [block.text for block in results.text_blocks] == ["Invoice no A-17", "Total EUR 42.00"]
    assert (results.text_blocks_count, results.text_blocks_dropped) == (2, 2)
    assert results.full_text == read_page().text
    assert build_results(given(confidence_threshold=0)).text_blocks_dropped == 0


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


def test_line_items_and_taxes_are_told() -> None:
    results = build_results(einvoiced())
    shape.validate_results(json.loads(shape.results_bytes(results)))
    assert [(i.description, i.quantity, i.unit, i.unit_price, i.tax_rate, i.amount, i.page) for i in results.line_items] == [
        ("Care for Karl Kojote", "1", None, None, None, "40.00", 1),
        ("Invoice", "2", None, "1.00", None, "2.00", 1),
    ]
    assert results.line_items[0].box is None
    assert results.line_items[1].box is not None
    assert [(t.rate, t.net, t.tax, t.confidence) for t in results.taxes] == [("5", "40.00", "2.00", 1.0)]


def test_contradictions_send_a_document_to_review() -> None:
    results = build_results(einvoiced())
    assert results.outcome.name == "needs_review"
    assert [(p.code, p.stage, p.message) for p in results.outcome.problems] == [
        (CHECK_FAILED, "understand", "XML and page differ: total (another value is printed)")
    ]


def test_the_parts_of_a_package_are_told_with_what_each_says() -> None:
    results = build_results(with_parts(given()))
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
