"""Numbers that a state gives a person: social security, passport, driver licence."""

import re

from docmill.stages.privacy.patterns.pattern import Pattern, any_of


def is_ssn(value: str) -> bool:
    """Area, group and serial that the Social Security Administration hands out: no 000, 666 or 9xx area, no zero group or serial.

    https://www.ssa.gov/employer/randomization.html. Numbers known from advertisements are accepted: a leak costs more than a black box.
    """
    digits = re.sub(r"\D", "", value)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


SSN = Pattern(
    "ssn",
    "US_SSN",
    re.compile(
        r"""
        (?<![\w.-])(?<!\d[ ])
        \d{3}(?P<sep>[-\u2010-\u2013 ])\s?\d{2}(?P=sep)\s?\d{4}     # 3-2-4 with one separator throughout, perhaps over a line's end
        (?![\w-]|[ ]\d)
        """,
        re.VERBOSE,
    ),
    0.85,
    accept=is_ssn,
)

SSN_BARE = Pattern(
    "ssn_bare",
    "US_SSN",
    re.compile(r"(?<![\w.,-])\d{9}(?![\w-]|[.,]\d)"),  # nine digits in one run say nothing without a word
    0.7,
    accept=is_ssn,
    context=any_of("ssn", r"social\s+security(?:\s+(?:number|no))?", r"ss\s?\#"),
)

SSN_MISREAD = Pattern(
    "ssn_context",
    "US_SSN",
    # OCR loses a digit or takes it for a letter; the three groups and the word beside them are left
    re.compile(r"(?<![\w-])[\dOoIlSB|]{1,4}[-\u2010-\u2013. ]\s?[\dOoIlSB|]{1,3}[-\u2010-\u2013. ]\s?[\dOoIlSB|]{2,5}(?![\w-])"),
    0.6,
    accept=lambda value: 6 <= sum(c.isdigit() for c in value) <= 10,  # noqa: PLR2004 - of nine, some lost or doubled
    context=any_of("ssn", r"social\s+security(?:\s+(?:number|no))?", r"ss\s?\#"),
)

PASSPORT = Pattern(
    "passport",
    "PASSPORT",
    re.compile(
        r"(?<![\w-])(?=[A-Z]*\d)(?:[A-Z]{0,2}\d{6,9}[A-Z]?|[CFGHJKLMNPRTVWXYZ0-9]{9,10})(?![\w-])"
    ),  # ICAO 9303: up to nine; DE alphabet
    0.8,
    accept=lambda value: sum(c.isdigit() for c in value) >= 4,  # noqa: PLR2004 - words in capitals have none
    context=any_of(r"pass\s?ports?", "reisepass(?:nummer|nr)?", "passeport", "pasaporte", "passaporto", "paspoort", r"pass-?(?:nummer|nr)"),
)

# A letter and 3-14 digits, or 7-14 digits: what the fifty states have in common (AAMVA); the word beside it decides.
US_DRIVER_LICENSE = Pattern(
    "us_driver_license",
    "US_DRIVER_LICENSE",
    re.compile(r"(?<![\w-])(?:[A-Z]{1,2}[\s-]?\d(?:[\s-]?\d){2,13}|\d{7,14})(?![\w-])"),
    0.75,
    context=any_of(
        r"driv(?:er|ers|er.s|ing)[\s-]+(?:licen[cs]e|permit)s?",
        r"licen[cs]e\s+(?:number|no\.?|\#)",
        r"dl\s*(?:\#|no\.?|number)",
        r"führerschein\w*",
    ),
)

NATIONAL_PATTERNS = (SSN, SSN_BARE, SSN_MISREAD, PASSPORT, US_DRIVER_LICENSE)
