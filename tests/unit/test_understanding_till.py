"""Goods on receipts: rows that add up to a printed sum, told apart from everything around them."""

import pytest
from understanding_pages import page

from docmill.stages.understanding.till_rows import till_rows

NAMED = """
CORNER SHOP
Tel 555-0100
Date 2025-05-22 17:46
OAT BREAD LOAF                      3.20
GREEN APPLES        2 x 2.45        4.90
LIMES                 3  0.50       1.50
SUBTOTAL                            9.60
TAX                                 0.48
TOTAL                              10.08
CASH                               20.00
CHANGE                              9.92
"""
FIGURES_BELOW = """
HARDWARE YARD
DESCRIPTION        QTY  PRICE  AMOUNT
PADLOCK 50 MM
44102  2 PCS  9.90  19.80 SR
SAFETY PIN
44103  1 PCS  1.00  1.00 SR
TOTAL QTY: 3   20.80
ROUNDING   0.00
TOTAL      20.80
"""
NAMES_BELOW = """
HARDWARE YARD
DESCRIPTION        QTY  PRICE  AMOUNT
44102  2 PCS  9.90  19.80 SR
PADLOCK 50 MM
44103  1 PCS  1.00  1.00 SR
SAFETY PIN
TOTAL      20.80
"""
WITH_DISCOUNT = """
CAFE
LATTE              4.00
CAKE               3.50
DISCOUNT          -0.50
TOTAL              7.00
"""
GOES_ON = """
GRILL
BRAISED   1  20.00   20.00
PORK LEG
RICE      4   1.80    7.20
SUB TOTAL            27.20
"""
CASES = [
    (NAMED, [("OAT BREAD LOAF", None, None, "3.20"), ("GREEN APPLES", "2", "2.45", "4.90"), ("LIMES", "3", "0.50", "1.50")]),
    (FIGURES_BELOW, [("PADLOCK MM", "2", "9.90", "19.80"), ("SAFETY PIN", "1", "1.00", "1.00")]),
    (NAMES_BELOW, [("PADLOCK MM", "2", "9.90", "19.80"), ("SAFETY PIN", "1", "1.00", "1.00")]),
    (WITH_DISCOUNT, [("LATTE", None, None, "4.00"), ("CAKE", None, None, "3.50"), ("DISCOUNT", None, None, "-0.50")]),
    (GOES_ON, [("BRAISED PORK LEG", "1", "20.00", "20.00"), ("RICE", "4", "1.80", "7.20")]),
]


@pytest.mark.parametrize(("printed", "wanted"), CASES)
def test_goods_are_told_by_what_they_add_up_to(printed, wanted):
    items = till_rows(page(printed))
    assert [(i.description, i.quantity, i.unit_price, i.amount) for i in items] == wanted
    assert all(i.evidence.confidence > 0.9 for i in items)


NONE = [
    ("CORNER SHOP\nBREAD  3.20\nAPPLES  4.90\nTOTAL  9.10", "they do not add up"),
    ("CORNER SHOP\nTOTAL  9.10\nCASH  10.00", "nothing but sums"),
    ("BREAD  3.20\nAPPLES  4.90", "no sum"),
    ("4711\n1 2.00 2.00\nTOTAL  2.00", "no name"),
    ("", "nothing"),
]


@pytest.mark.parametrize(("printed", "why"), NONE, ids=[why for _, why in NONE])
def test_nothing_is_guessed(printed, why):
    assert till_rows(page(printed)) == ()


def test_the_evidence_covers_name_and_figures():
    of = page(FIGURES_BELOW)
    first = till_rows(of)[0].evidence
    assert of.text[first.start : first.end].startswith("PADLOCK")
    assert of.text[first.start : first.end].endswith("19.80 SR")
    assert first.box.y0 < 110 < first.box.y1  # both rows
