"""IBAN, payment cards, US bank accounts."""

import re

from docmill.stages.privacy.patterns.pattern import Pattern, any_of

# Lengths by country: SWIFT IBAN registry, release 99 (https://www.swift.com/standards/data-standards/iban)
# fmt: off
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29, "BY": 28, "CH": 21,
    "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18,
    "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
    "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24,
    "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23,
    "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}
# fmt: on


def is_iban(value: str) -> bool:
    """Length of its country, and ISO 13616: the first four characters moved to the end, letters as 10-35, is 1 modulo 97."""
    plain = re.sub(r"[\s-]", "", value).upper()
    if len(plain) != _IBAN_LENGTHS.get(plain[:2]):
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _iban_regexes() -> re.Pattern[str]:
    # one branch per country, each with its own length: a greedy run would swallow the words that follow
    branches = "|".join(rf"{country}\d\d(?:[\s-]?[A-Z0-9]){{{length - 4}}}" for country, length in _IBAN_LENGTHS.items())
    return re.compile(rf"(?:(?<=IBAN)|(?<![A-Za-z0-9]))(?:{branches})(?![A-Za-z0-9])", re.IGNORECASE)


IBAN = Pattern("iban", "IBAN_CODE", _iban_regexes(), 0.99, accept=is_iban)


IBAN_MISREAD = Pattern(
    "iban_shape",
    "IBAN_CODE",
    # a country, two digits and groups of four: OCR misreads a digit or loses a group, and the checksum with it
    re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(_IBAN_LENGTHS)})\d\d(?:[ ][A-Z0-9]{{4}}){{2,7}}(?:[ ][A-Z0-9]{{1,3}})?(?![A-Za-z0-9])"),
    0.6,
    accept=lambda value: sum(c.isdigit() for c in value) >= 8,  # noqa: PLR2004 - `LC12 MORE THAN WORDS` has two
)


def is_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: every second digit from the right doubled, digits summed, is 0 modulo 10."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 - the digit sum of a two-digit number
    return total % 10 == 0


# Issuer prefix -> lengths (ISO/IEC 7812 issuer ranges as published by the schemes)
_CARD_ISSUERS = re.compile(
    r"""
    (?: 4(?:\d{12}|\d{15}|\d{18})                                              # Visa: 13, 16, 19
      | (?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}       # Mastercard: 16
      | 3[47]\d{13}                                                            # American Express: 15
      | 3(?:0[0-59]|[689]\d)\d{11}(?:\d{2})?                                   # Diners: 14, 16
      | (?:6011|65\d\d|64[4-9]\d)\d{12}(?:\d{3})?                              # Discover: 16, 19
      | 35(?:2[89]|[3-8]\d)\d{12}(?:\d{3})?                                    # JCB: 16-19
      | 62\d{14,17}                                                            # UnionPay
      | (?:50|5[6-9]|6\d)\d{10,17}                                             # Maestro: 12-19
      | (?:1800|2131)\d{11}                                                    # JCB, old: 15
    )
    """,
    re.VERBOSE,
)


def is_card(value: str) -> bool:
    """An issuer's prefix and length, and the Luhn digit."""
    digits = re.sub(r"\D", "", value)
    return bool(_CARD_ISSUERS.fullmatch(digits)) and is_luhn(digits) and len(set(digits)) > 1


_EAN_LENGTH = 13  # old Visa numbers have it too, and every tenth article number passes Luhn: those need the word beside them
CARD = Pattern(
    "card",
    "CREDIT_CARD",
    re.compile(
        r"""
        (?<![\w.,-])(?<!\d[ ])              # not inside a longer number
        \d(?:[ -]?\d){11,18}              # 12-19 digits, groups by blank or hyphen
        (?![\w-]|[.,]\d)
        """,
        re.VERBOSE,
    ),
    0.97,
    accept=lambda value: is_card(value) and len(re.sub(r"\D", "", value)) != _EAN_LENGTH,
)

CARD_FOURS = Pattern(  # may break over a line; what stands behind it may be a date or a check number
    "card_fours",
    "CREDIT_CARD",
    re.compile(r"(?<![\w.,-])(?<!\d[ ])\d{4}(?:[ -]?\n?\d{4}){3}(?![\w-]|[.,]\d)"),
    0.97,
    accept=is_card,
)

_CARD_WORDS = any_of(r"(?:credit|debit)?\s*card(?:\s*(?:no|number|nr|\#))?\.?", "visa", "mastercard", "amex", r"kreditkarten?\w*")
CARD_OLD = Pattern("card_13", "CREDIT_CARD", re.compile(r"(?<![\w.,-])4\d{12}(?![\w-]|[.,]\d)"), 0.9, accept=is_card, context=_CARD_WORDS)
CARD_MISREAD = Pattern(
    "card_context",
    "CREDIT_CARD",
    re.compile(r"(?<![\w.,-])\d{4}(?:[ -]\d{4}){2}[ -]\d{1,7}(?![\w-]|[.,]\d)"),  # OCR breaks check digits, not the grouping
    0.6,
    context=_CARD_WORDS,
)

_BANK_WORDS = any_of(
    r"account(?:\s*(?:no|number|nr|\#))?\.?", r"acct\.?", r"a/c", "checking", "savings", "routing", r"aba", "direct deposit",
    r"konto(?:nummer|nr)?\.?", r"bankverbindung", "cuenta", "compte", "conto",
)  # fmt: skip

US_BANK = Pattern(
    "us_bank",
    "US_BANK_NUMBER",
    re.compile(r"(?<![\w.,/-])\d{8,17}(?![\w/-]|[.,]\d)"),  # 8-17 digits in one run: US banks keep to that
    0.6,
    context=_BANK_WORDS,
)

BANK_PATTERNS = (IBAN, IBAN_MISREAD, CARD, CARD_FOURS, CARD_OLD, CARD_MISREAD, US_BANK)
