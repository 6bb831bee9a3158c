"""Which sentences passages bear out."""

import pytest

from docmill.services.answering.question import Cited, Sentence
from docmill.services.answering.support import is_borne_out, standing_citations

LEASE = "The lease of your flat in Mill Lane ends on 31 May 2026. Please hand over the keys by then."
INVOICE = "Invoice INV-2026/0815 of ACME Twine Ltd. Total due: 1,234.50 EUR within 14 days."
QUESTION = "When does the lease end and must Jones pay 500 EUR?"


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("The lease ends on 31 May 2026.", True),
        ("The lease of the flat in Mill Lane ended on 31 May 2026.", True),
        ("The lease ends on 30 May 2026.", False),  # an invented figure
        ("The lease of the flat in Baker Lane ends on 31 May 2026.", False),  # an invented name
        ("The lease does not end on 31 May 2026.", False),  # a denial that nobody made
        ("The total due is 1,234.50 EUR within 14 days.", True),
        ("The total due is 500 EUR.", False),  # the question proves nothing
        ("Jones must hand over the keys.", False),
        ("Tenants usually receive their deposit back after several weeks.", False),
        ("Yes.", False),
        ("", False),
    ],
)
def test_a_sentence_stands_when_its_passages_say_it(text, is_said):
    assert is_borne_out(text, [LEASE, INVOICE], QUESTION) is is_said


@pytest.mark.parametrize(
    ("citations", "standing"),
    [
        ([(1, "hand over the keys")], [1]),
        ([(1, "HAND OVER, the keys")], [1]),
        ([(2, "hand over the keys")], []),  # of another passage
        ([(3, "hand over the keys"), (0, "hand over the keys"), (-1, "hand over the keys")], []),  # of none
        ([(1, "the keys")], []),  # too short to prove anything
        ([(1, "31")], [1]),
        ([(1, "1")], []),  # inside another figure
        ([(2, "1,234.50 EUR"), (1, "Mill Lane ends on"), (2, "Total due")], [1, 2]),
        ([], []),
    ],
)
def test_a_citation_stands_when_the_passage_says_its_quote(citations, standing):
    sentence = Sentence(text="x", citations=tuple(Cited(passage=number, quote=quote) for number, quote in citations))
    assert standing_citations(sentence, [LEASE, INVOICE]) == standing
