"""Order numbers: PO-YYYYNNNNNNXXX with the UTC year, a six-digit sequence per tenant and year, and three check characters.

The check characters are letters alone, so their place says whether a scanned figure was a letter. With n the ten figures YYYYNNNNNN as a
number, c = 5417 n mod 13807 is written in base 24 with the letters A-Z without I and O, three places, highest first. 13807 is the largest
prime up to 24^3 for which no two changed figures cancel out: every number with one or two wrong figures, and every two swapped figures,
has other check characters. The factor only makes neighbours look different.
"""

import re
from typing import Final

from docmill.errors import InvalidOptions

MOST: Final = 999_999
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
MODULUS: Final = 13807
FACTOR: Final = 5417

_FORM = re.compile(r"PO-(\d{4})(\d{6})([A-HJ-NP-Z]{3})")
_SCANNED = re.compile(r"(?<![A-Z0-9])P[O0]\s?[-\u2013\u2014_.:]?\s?([0-9OQDILSBZG]{10})\s?([A-Z0-9]{3})(?![A-Z0-9])")
_AS_FIGURE = str.maketrans("OQDILSBZG", "000115826")
_AS_LETTER = str.maketrans("580246", "SBDZAG")


def check_characters(year: int, sequence: int) -> str:
    """The three letters that belong to a year and a sequence number."""
    value = (year * (MOST + 1) + sequence) * FACTOR % MODULUS
    base = len(LETTERS)
    return LETTERS[value // base**2] + LETTERS[value // base % base] + LETTERS[value % base]


def order_number(year: int, sequence: int) -> str:
    """The number of an order.

    Args:
        year: in UTC, four figures.
        sequence: 1-999999.
    """
    return f"PO-{year:04d}{sequence:06d}{check_characters(year, sequence)}"


def parse_order_number(text: str) -> tuple[int, int]:
    """Year and sequence of a number that a person typed.

    Raises:
        InvalidOptions: another form, or the check characters do not fit.
    """
    match = _FORM.fullmatch(text.strip().upper())
    if match is None:
        raise InvalidOptions("an order number has the form PO-YYYYNNNNNNXXX")
    year, sequence = int(match[1]), int(match[2])
    if check_characters(year, sequence) != match[3]:
        raise InvalidOptions("the order number's check characters do not fit: a character is wrong")
    return year, sequence


def find_order_number(text: str) -> str | None:
    """The first order number of docmill's form in a text as it was read, with letters and figures that look alike put right; None without one."""
    for match in _SCANNED.finditer(text.upper()):
        number = f"PO-{match[1].translate(_AS_FIGURE)}{match[2].translate(_AS_LETTER)}"
        found = _FORM.fullmatch(number)
        if found and check_characters(int(found[1]), int(found[2])) == found[3]:
            return number
    return None
