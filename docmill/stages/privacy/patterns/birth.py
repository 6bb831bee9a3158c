"""Dates of birth, and other dates when they are asked for.

A date is personal when a word beside it says so: an invoice's date is not.
"""

import re
from collections.abc import Iterable, Iterator

from docmill.stages.privacy.hits import Hit
from docmill.stages.privacy.patterns.pattern import Pattern, any_of

_MONTHS = (
    r"jan(?:uary|uar|vier|eiro)?|feb(?:ruary|ruar)?|f[eé]v(?:rier)?|m(?:ar(?:ch|s)?|är(?:z)?)|apr(?:il)?|avril|ma[iy]|june?|juni|juin|july?|juli|juillet"
    r"|aug(?:ust)?|août|sep(?:t(?:ember)?)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)
_DATE = rf"""
    (?:
        \d{{4}}[-./]\d{{1,2}}[-./]\d{{1,2}}                                   # 1995-06-13
      | \d{{1,2}}\s?[-./]\s?\d{{1,2}}\s?[-./]\s?(?:\d{{4}}|\d{{2}})           # 06/13/1995, 13.6.95
      | \d{{1,2}}(?:st|nd|rd|th|\.)?\s?(?:of\s)?(?:{_MONTHS})\.?,?\s\d{{4}}   # 13 June 1995, 13. Juni 1995
      | (?:{_MONTHS})\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}                # June 13, 1995
    )
"""

_BIRTH_WORDS = any_of(
        r"(?:date|day|year)\s+of\s+birth", r"birth\s?-?\s?(?:date|day)", "born", r"d\.?\s?o\.?\s?b\.?", "geburts(?:datum|tag)", "geboren", r"geb\.?",
        r"date\s+de\s+naissance", r"née?\s+le", r"fecha\s+de\s+nacimiento", r"data\s+di\s+nascita", r"data\s+de\s+nascimento", "geboortedatum",
        r"nato", r"nata", r"födelsedatum", r"fødselsdato", r"data\s+urodzenia",
)  # fmt: skip

BIRTH_DATE = Pattern(
    "birth_date",
    "BIRTH_DATE",
    re.compile(rf"(?<![\w./-]){_DATE}(?![\w/-])", re.VERBOSE | re.IGNORECASE),
    0.9,
    context=_BIRTH_WORDS,
)

_ALIKE = r"[\dOoIlSB|]"  # digits and what OCR takes them for
BIRTH_MISREAD = Pattern(
    "birth_context",
    "BIRTH_DATE",
    re.compile(rf"(?<![\w./-])(?:{_ALIKE}{{1,4}}[ ]?[-./,][ ]?{_ALIKE}{{1,2}}[ ]?[-./,][ ]?{_ALIKE}{{2,4}})(?![\w/-])"),
    0.6,
    accept=lambda value: sum(c.isdigit() for c in value) >= 4,  # noqa: PLR2004 - of six to eight
    context=_BIRTH_WORDS,
)

DATE = Pattern(
    "date",
    "DATE_TIME",
    re.compile(rf"(?<![\w./-]){_DATE}(?:[T\s]\d{{1,2}}:\d{{2}}(?::\d{{2}})?)?(?![\w/-])", re.VERBOSE | re.IGNORECASE),
    0.8,
)

_BEHIND_NAME = re.compile(rf"[ ]?,?[ ]?\([ ]?(?P<value>{_DATE})[ ]?\)", re.VERBOSE | re.IGNORECASE)


def born_behind(names: Iterable[Hit], text: str) -> Iterator[Hit]:
    """Dates in brackets right behind a person's name: `Ada Byron (10.12.1815)`."""
    for name in names:
        if name.type == "PERSON" and (date := _BEHIND_NAME.match(text, name.end)):
            yield Hit(*date.span("value"), "BIRTH_DATE", 0.75, "pattern:behind_name")


BIRTH_PATTERNS = (BIRTH_DATE, BIRTH_MISREAD, DATE)
