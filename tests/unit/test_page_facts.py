"""What a task's page tells of a file that holds several documents."""

from dataclasses import replace

import pytest
from results_example import given, given_redacted, packaged, read_page, understood

from docmill.gateway.page_facts import parts_table
from docmill.services.publishing import PublishInput, build_results

PACKAGE = packaged(understood(read_page()))


@pytest.mark.parametrize(
    ("paper", "second"),
    [
        (given(), ("2-3", "receipt", "", "", "Jane Doe Consulting", "7.00")),
        (given_redacted(), ("2-3", "receipt", "", "", "[PERSON]", "7.00")),
    ],
    ids=["open", "redacted"],
)
def test_the_documents_of_a_package_are_listed_with_pages_kinds_and_main_fields(paper: PublishInput, second: tuple[str, ...]) -> None:
    html = parts_table(build_results(replace(paper, understanding=PACKAGE)))
    assert html.count("<tr>") == 3
    assert html.count('scope="col"') == 6
    assert html.count('scope="row"') == 2
    pages, *cells = second
    assert f'<th scope="row"><a href="#page-2">{pages}</a></th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>' in html


def test_markup_of_a_document_is_text() -> None:
    seen = PACKAGE.parts[1].fields[0].model_copy(update={"value": "<b>Firm</b>"})
    part = PACKAGE.parts[1].model_copy(update={"fields": (seen,)})
    html = parts_table(build_results(replace(given(), understanding=PACKAGE.model_copy(update={"parts": (part,)}))))
    assert "&lt;b&gt;Firm" in html
    assert "<b>" not in html


def test_one_document_has_no_list() -> None:
    assert parts_table(build_results(given())) == ""
