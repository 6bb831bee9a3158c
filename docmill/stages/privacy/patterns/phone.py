"""Telephone numbers, by the numbering plans that `phonenumbers` carries.

Three ways in, strongest first: valid in international form; valid in one of the regions below and written like a telephone number;
any shape of 7-15 digits with a word such as `phone` beside it. Order and invoice numbers look alike, so shape alone never counts.
"""

import re
from collections.abc import Iterator

import phonenumbers

from docmill.stages.privacy.hits import Hit
from docmill.stages.privacy.patterns.bank import CARD, CARD_FOURS, IBAN
from docmill.stages.privacy.patterns.pattern import any_of, context_of

_REGIONS = ("US", "GB", "DE", "FR", "IT", "ES", "NL", "CH", "AT", "AU", "IN", "MX")

_SHAPE = re.compile(
    r"""
    (?<![\w@/\#])(?<!\w[-/])(?<!\d[.,:\x20])     # not inside a word, an amount, a code or a longer number; `Tel:043` is fine
    (?P<value>
        (?:\+|00)?[ ]?\(?\d{1,5}\)?            # country or area, perhaps in brackets
        (?:[ ./-]{0,2}\(?\d{1,8}\)?){1,6}      # groups, all on one line
        (?:[ ]?(?:x|ext\.?|extension|app\.?)\s?\d{1,5})?   # extension
    )
    (?!\w|[/:]\d|[.,]\d|-\d)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WORDS = any_of(
    r"(?:tele)?phones?", r"tel\.?(?:efon)?(?:nummer|nr)?\.?", "telefax", "fax", "mobile?", "mobil(?:nummer)?", r"mob\.?", "cell(?:ular|phone)?",
    "calls?", "called", "calling", "dial", "ring", "reach(?:ed)?", "contact", "office", "home", "work", "hotline", "whatsapp", "sms",
    r"text\s+me", r"number\s+is", r"ph\.?", "handy", "rufnummer", "festnetz", "téléphone", "portable", "teléfono", "móvil", r"cel\.?",
    "telefono", "cellulare", "telefoon", "mobiel", "telefone",
)  # fmt: skip
_LABEL_ALONE = re.compile(r"^[ ]*(?:tele)?(?:phone|fon)(?:[ ]?(?:no|number))?[ .:]*$", re.IGNORECASE | re.MULTILINE)
"""A form read column by column: labels first, values below them. Then a number alone on its line is what the label asked for."""
_NOT_A_PHONE = re.compile(
    r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})|(?:\d{1,3}\.){3}\d{1,3}|\d{1,3}(?:[.,]\d{3})+|\d+[.,]\d{1,2}|\d{4}\s?-\s?\d{4}",
)  # dates, IP addresses, amounts, spans of years or account-like pairs
_DATED = re.compile(
    r"[ (]*(?:\d{1,2}[-./]\d{1,2}[-./]\d{4}|\d{4}[-./]\d{1,2}[-./]\d{1,2})(?!\d)"
)  # a date, and the amount in the next column
_DIGITS_MIN, _DIGITS_MAX = 7, 15  # E.164 has at most 15; below 7 nothing is dialled across a town
_RUN_LONGEST = 12  # digits in one run beyond that are card, account or order numbers


class Phone:
    """Telephone numbers in text."""

    type = "PHONE_NUMBER"

    def find(self, text: str) -> Iterator[Hit]:
        """Numbers that are valid, or that a word beside them calls a telephone number."""
        text = _without_checked(text)
        for match in phonenumbers.PhoneNumberMatcher(text, None, leniency=phonenumbers.Leniency.VALID):
            yield Hit(match.start, match.end, self.type, 0.95, "pattern:phone_international")
        is_form = _LABEL_ALONE.search(text)
        for shape in _SHAPE.finditer(text):
            start, end = shape.span("value")
            value = shape["value"].lstrip()
            start = end - len(value)
            if not _looks_dialled(value):
                continue
            word = context_of(text, start, end, _WORDS)
            if word is not None:
                yield Hit(start, end, self.type, 0.75, "pattern:phone_context", word)
            elif _is_written_like_one(value) and _valid_somewhere(value):
                yield Hit(start, end, self.type, 0.6, "pattern:phone_national")
            elif is_form and _is_whole_line(text, start, end):
                yield Hit(start, end, self.type, 0.6, "pattern:phone_form")


def _without_checked(text: str) -> str:
    """The text with a rule in place of each account and card number: their last group and what stands behind them look like one number."""
    for hit in (hit for pattern in (IBAN, CARD, CARD_FOURS) for hit in pattern.find(text)):
        text = text[: hit.start] + "|" * (hit.end - hit.start) + text[hit.end :]
    return text


def _is_whole_line(text: str, start: int, end: int) -> bool:
    return (start == 0 or text[start - 1] == "\n") and text[end : end + 1] in {"", "\n"}


def _looks_dialled(value: str) -> bool:
    digits = re.sub(r"\D", "", re.split(r"[xXeE]", value)[0])
    longest_run = max(len(run) for run in re.findall(r"\d+", value))
    return (
        _DIGITS_MIN <= len(digits) <= _DIGITS_MAX
        and longest_run <= _RUN_LONGEST
        and not (_NOT_A_PHONE.fullmatch(value.strip(" ()")) or _DATED.match(value))
    )


def _is_written_like_one(value: str) -> bool:
    # a national number starts with its trunk zero, has brackets around the area, an extension, or the American 3-3-4
    return bool(re.match(r"\s?(?:0\d|\(\d|\+)", value) or re.search(r"x\s?\d", value) or re.fullmatch(r"\d{3}([-. ])\d{3}\1\d{4}", value))


def _valid_somewhere(value: str) -> bool:
    for region in _REGIONS:
        try:
            number = phonenumbers.parse(value, region)
        except phonenumbers.NumberParseException:
            return False
        if phonenumbers.is_valid_number(number):
            return True
    return False
