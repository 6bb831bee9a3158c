"""What each document of a package says: as much as it would say alone, with the pages of the file, and its doubts among the file's."""

from decimal import Decimal

import pytest
from invoice_generator import Sale, changed, printed, sale
from understanding_pages import page

from docmill.stages.understanding.asking.joining import joined_with
from docmill.stages.understanding.asking.open_fields import contradictory
from docmill.stages.understanding.asking.question import Answer
from docmill.stages.understanding.document import understand_pages
from docmill.stages.understanding.einvoice.joining import Attached
from docmill.values.evidence import DocumentPart, Understanding
from docmill.values.page import Page

LETTER = "Harbour Trust\n12 Quay Road\n\nDear Ms Moor,\nPlease find enclosed our invoices of last month.\nKind regards\nA. Reed"
FORM = "REGISTRATION FORM\nFirst name: ______\nLast name: ______\nDate of birth: ______\nPlease complete in block letters"


def _joined(*pages: Page) -> Understanding:
    return understand_pages([one.model_copy(update={"number": n}) for n, one in enumerate(pages, 1)], "auto")


def _values(part: DocumentPart | Understanding) -> dict[str, str | None]:
    return {one.name: one.value for one in part.fields}


def _wrong(one: Sale) -> Sale:
    return changed(one, tax=one.tax + 3, taxes=tuple((rate, net, tax + 3) for rate, net, tax in one.taxes[:1]))


@pytest.mark.parametrize("seeds", [(1, 2), (2, 4), (5, 1, 2), (7, 8, 10, 12)])
def test_every_invoice_of_a_package_says_what_it_says_alone(seeds: tuple[int, ...]) -> None:
    sales = [sale(seed) for seed in seeds]
    found = _joined(*(printed(one) for one in sales))
    assert [(part.first_page, part.last_page, part.kind.name) for part in found.parts] == [
        (n, n, "invoice") for n in range(1, len(seeds) + 1)
    ]
    for number, (one, part) in enumerate(zip(sales, found.parts, strict=True), 1):
        alone = understand_pages([printed(one).model_copy(update={"number": number})], "auto")
        assert (part.kind, part.fields, part.line_items, part.taxes) == (alone.kind, alone.fields, alone.line_items, alone.taxes)
        assert Decimal(_values(part)["total"] or 0) == one.total
        assert _values(part)["document_number"] == one.number
        assert {evidence.page for evidence in (*(f.evidence for f in part.fields), *(i.evidence for i in part.line_items))} == {number}


def test_the_file_says_what_its_main_part_says() -> None:
    found = _joined(page(LETTER), printed(sale(1)), page(FORM))
    assert [(part.kind.name, part.is_main) for part in found.parts] == [("letter", False), ("invoice", True), ("form", False)]
    main = found.parts[1]
    assert (main.kind, main.fields, main.line_items, main.taxes) == (found.kind, found.fields, found.line_items, found.taxes)
    assert Decimal(_values(main)["total"] or 0) == sale(1).total


@pytest.mark.parametrize(
    ("pages", "kind", "attached"),
    [
        ((printed(sale(1)),), "auto", None),
        ((page(LETTER), page("and so we would be grateful for an answer in the course of this week")), "auto", None),
        ((printed(sale(1)), printed(sale(2))), "invoice", None),
        ((printed(sale(1)), printed(sale(2))), "auto", Attached(None, refusal="it is broken")),
    ],
    ids=["one page", "two pages", "kind asked for", "with an e-invoice"],
)
def test_one_document_has_no_parts(pages: tuple[Page, ...], kind: str, attached: Attached | None) -> None:
    numbered = [one.model_copy(update={"number": n}) for n, one in enumerate(pages, 1)]
    assert understand_pages(numbered, kind, attached).parts == ()


def test_a_doubt_about_a_part_is_the_files_and_names_its_pages_and_no_values() -> None:
    wrong = _wrong(sale(2))
    found = _joined(printed(sale(1)), printed(wrong))
    first, second = found.parts
    assert first.problems == ()
    assert second.problems
    assert found.problems[1:] == second.problems
    for problem in second.problems:
        assert problem.message.startswith("the page contradicts itself: ")
        assert problem.message.endswith(" (invoice on page 2)")
        assert problem.page == 2
        for value in (wrong.total, wrong.tax, wrong.net):
            assert str(value) not in problem.message


def test_doubts_about_the_main_part_stay_as_they_are_told_of_a_file() -> None:
    alone = understand_pages([printed(_wrong(sale(1)))], "auto")
    found = _joined(printed(_wrong(sale(1))), printed(sale(2)))
    assert found.parts[0].problems == alone.problems == found.problems[1:]


def test_a_model_is_not_asked_about_the_doubts_of_other_parts() -> None:
    main_is_wrong = _joined(printed(_wrong(sale(1))), printed(sale(2)))
    other_is_wrong = _joined(printed(sale(1)), printed(_wrong(sale(2))))
    assert contradictory(main_is_wrong)
    assert contradictory(other_is_wrong) == frozenset()


def test_what_a_model_answers_stands_in_the_main_part_too() -> None:
    one = printed(sale(2)).model_copy(update={"number": 2})
    pages = [printed(sale(1)), one]
    found = understand_pages(pages, "auto")
    without = found.model_copy(update={"fields": tuple(f for f in found.fields if f.name != "document_number")}).with_parts_in_step()
    assert "document_number" not in _values(without.parts[0])
    answer = Answer(field="document_number", text=sale(1).number, page=1)
    said = joined_with(without, [answer], asked=["document_number"], pages=pages, shown={one.number: one for one in pages}).understanding
    assert _values(said.parts[0]) == _values(said)
    assert _values(said)["document_number"] == sale(1).number
    assert said.parts[1] == found.parts[1]


def test_settled_doubts_are_no_parts_any_more() -> None:
    found = _joined(printed(sale(1)), printed(_wrong(sale(2))))
    settled = found.model_copy(update={"problems": found.problems[:1]}).with_parts_in_step()
    assert [part.problems for part in settled.parts] == [(), ()]


def test_understandings_of_earlier_versions_are_still_read() -> None:
    told = understand_pages([printed(sale(1))], "auto").model_dump(mode="json")
    told.pop("parts")
    assert Understanding.model_validate(told).parts == ()
