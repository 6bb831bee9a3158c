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

_PERSONAL_NUMBER = any_of(
    r"sozialversicherungs(?:nummer|nr)\.?", r"rentenversicherungs(?:nummer|nr)\.?", r"versicherten(?:nummer|nr)\.?", r"krankenversicherten\S*",
    r"sv[ -]?(?:nummer|nr)\.?", r"ahv[ -]?(?:nummer|nr)?\.?", r"insurance\s+(?:no|number)\.?", r"nhs(?:\s+(?:no|number))?\.?",
    r"medicare(?:\s+(?:no|number))?\.?", r"national\s+(?:id|identity|identification)\S*(?:\s+(?:no|number))?\.?", r"social\s+insurance(?:\s+\w+)?",
    r"personal\s+(?:id|identity|identification)\s*(?:no|number|code)?\.?", "bsn", "burgerservicenummer", "dni", "pesel", r"rodné\s+číslo", "cnp",
    r"person(?:en)?nummer", "personnummer", "fødselsnummer", "cpr", "hetu", "kennitala", "aadhaar", "insee", r"sécurité\s+sociale", r"nir",
    r"seguridad\s+social", r"número\s+de\s+afiliación", r"health\s+(?:card|insurance)\s+(?:no|number)\.?", r"patient\s+(?:id|no|number)\.?", "mrn",
)  # fmt: skip
_DATE = re.compile(r"\d{1,4}[ ./-]{1,2}\d{1,2}[ ./-]{1,2}\d{1,4}")
NATIONAL_NUMBER = Pattern(
    "national_number",
    "TAX_ID",
    # each state has its own form: figures in groups, perhaps with a letter among them
    re.compile(
        r"(?<![\w-])(?=(?:[^\S\n]?[\w./-]){8})[A-Z]{0,2}\d{1,6}+(?:[ ./-]?(?:\d{1,6}+|[A-Z](?=[ ./-]?\d)|[A-Z](?![\w-]))){1,7}(?![\w-])"
    ),
    0.7,
    accept=lambda value: 8 <= sum(c.isalnum() for c in value) <= 18 and sum(c.isdigit() for c in value) >= 7 and not _DATE.fullmatch(value),  # noqa: PLR2004 - CPR and BSN to IBAN-like ones
    context=_PERSONAL_NUMBER,
)

IDENTITY_CARD = Pattern(
    "identity_card",
    "PASSPORT",
    re.compile(r"(?<![\w-])(?=[A-Z\d]*\d)[A-Z\d]{6,12}(?:[ -]?[A-Z\d]{1,3})?(?![\w-])"),
    0.75,
    accept=lambda value: sum(c.isdigit() for c in value) >= 4,  # noqa: PLR2004 - words in capitals have none
    context=any_of(
        r"(?:personal)?ausweis(?:es)?[ -]*(?:nummer|nr)?\.?", r"identity\s+card(?:\s+(?:no|number))?\.?", r"id[ -]card(?:\s+(?:no|number))?\.?",
        r"carte\s+d.identité", r"carta\s+d.identità", r"documento\s+de\s+identidad", "identiteitskaart", r"dowód\s+osobisty", r"aufenthaltstitel\S*",
        r"residence\s+permit(?:\s+(?:no|number))?\.?",
    ),
)  # fmt: skip

NATIONAL_PATTERNS = (SSN, SSN_BARE, SSN_MISREAD, PASSPORT, IDENTITY_CARD, NATIONAL_NUMBER, US_DRIVER_LICENSE)
