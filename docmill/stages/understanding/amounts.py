"""Amounts of money as printed: 1.234,56 / 1,234.56 / 1 234,56 / 1'234.56, signs before or after, and currencies.

Belongs here: reading one amount or currency. Which amount is the total is decided in totals.py.
Currency codes are ISO 4217.
"""

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType

from docmill.stages.understanding.layout import Hit, find, hit
from docmill.values.page import Page

CURRENCY_SIGNS: MappingProxyType[str, str] = MappingProxyType(
    {"€": "EUR", "£": "GBP", "us$": "USD", "a$": "AUD", "c$": "CAD", "ca$": "CAD", "s$": "SGD", "$": "USD", "¥": "JPY", "₹": "INR",
     "rm": "MYR", "zł": "PLN", "kč": "CZK", "fr.": "CHF", "sfr.": "CHF", "euro": "EUR", "euros": "EUR"},
)  # fmt: skip
"""Signs and words, lower case -> ISO 4217. `kr` is left out: it is Danish, Swedish and Norwegian."""

CURRENCY_CODES = frozenset(
    (
        *(
            "AED",
            "AUD",
            "BGN",
            "BRL",
            "CAD",
            "CHF",
            "CNY",
            "CZK",
            "DKK",
            "EUR",
            "GBP",
            "HKD",
            "HUF",
            "IDR",
            "ILS",
            "INR",
            "JPY",
            "KRW",
            "MXN",
        ),
        *("MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VND", "ZAR"),
    )
)

COUNTRY_HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bsdn\.? ?bhd\b"), "MYR"),
    (re.compile(r"\bust[.-]{0,2} ?id|\bgmbh\b|\bbtw ?nl|\bn° ?(?:de )?tva\b"), "EUR"),
    (re.compile(r"\bche-\d{3}"), "CHF"),
    (re.compile(r"\bvat (?:reg|no)[^\n]{0,12}\bgb ?\d"), "GBP"),
)
"""Legal forms and tax numbers of a country say the currency when nothing printed does; in order of strength."""

_AMOUNT = re.compile(
    r"(?<![\w.,'\u2019/])(?P<sign>[-\u2212\u2013] ?)?"
    r"(?P<whole>\d{1,3}(?:[.,'\u2019 \u202f]\d{3})+|\d+)(?P<cents>[.,]\d{2})(?P<after>-)?(?![\w%/'\u2019-]|[.,]\d| ?%)"
)
_GLUED = re.compile(r"(?:(?<=rm)|(?<=[€$£¥])|(?<=eur)|(?<=chf)|(?<=usd))(?P<whole>\d{1,3}(?:[.,]\d{3})+|\d+)(?P<cents>[.,]\d{2})(?![\d%])")
_CURRENCY_WORDS = [re.escape(sign) for sign in sorted(CURRENCY_SIGNS, key=len, reverse=True)] + [code.lower() for code in CURRENCY_CODES]
_CURRENCY = re.compile(rf"(?<![a-z])(?:{'|'.join(_CURRENCY_WORDS)})(?![a-z])")
_WHOLE_WITH_CURRENCY = re.compile(
    r"(?:[€$£]|\b(?:eur|chf|usd|gbp|rm)) ?(\d{1,3}(?:[.,'\u2019]\d{3})+|\d{1,7})(?:[.,]-{1,2})?(?![\w.,%/'\u2019-]| ?\d)"
)
_SIGN_BEFORE = re.compile(r"(?:^|[\n:]|\d|[€$£]|\b(?:eur|chf|usd|gbp|rm)) ?$")

MOST_DIGITS = 10
"""More digits before the point are an account or article number."""

CLOSE_GAP = 0.7
"""Widest gap between digit groups of one amount, in heights of its words; columns stand farther apart."""


@dataclass(frozen=True, slots=True)
class Amount:
    """One printed amount. `value` has at least two decimals; `has_currency` says that a currency stands beside it."""

    seen: Hit
    value: Decimal
    has_currency: bool


def amount_value(text: str) -> Decimal | None:
    """The number that an amount's text means; None when it isn't one.

    A last separator followed by exactly two digits is the decimal separator; every other one groups thousands.
    """
    digits = re.sub(r"[^\d.,-]", "", text.replace("\u2212", "-").replace("\u2013", "-"))
    negative = digits.startswith("-") or digits.endswith("-")
    digits = digits.strip("-")
    if not re.search(r"\d", digits):
        return None
    cents = re.search(r"[.,](\d{2})$", digits)
    whole = re.sub(r"\D", "", digits[: cents.start()] if cents else digits)
    value = Decimal(f"{whole or '0'}.{cents.group(1) if cents else '00'}")
    return -value if negative else value


def find_amounts(page: Page) -> list[Amount]:
    """Every amount on a page in reading order: with two decimals anywhere, without decimals only behind a currency."""
    text = page.text
    folded = text.lower() if len(text.lower()) == len(text) else text
    spans = [_amount_span(page, folded, m) for m in _AMOUNT.finditer(folded)]
    spans += [m.span() for m in _GLUED.finditer(folded)]
    spans += [m.span(1) for m in _WHOLE_WITH_CURRENCY.finditer(folded)]
    amounts = []
    for start, end in sorted(set(spans)):
        seen, value = hit(page, start, end), amount_value(text[start:end])
        if seen and value is not None and value.adjusted() < MOST_DIGITS:
            beside = folded[max(0, start - 5) : start] + "|" + folded[end : end + 5]
            amounts.append(Amount(seen, value, bool(_CURRENCY.search(beside))))
    return amounts


def _amount_span(page: Page, text: str, match: re.Match[str]) -> tuple[int, int]:
    start, end = match.span()
    # a minus with a space behind it is a sign only behind a currency, another figure or a colon; elsewhere it is a dash
    if match["sign"] and " " in match["sign"] and not _SIGN_BEFORE.search(text[max(0, start - 5) : start]):
        start = match.start("whole")
    words = page.words_in(match.start("whole"), end)
    for left, right in pairwise(words):
        if right.box.x0 - left.box.x1 > CLOSE_GAP * max(1.0, right.box.height):  # two columns, not thousands
            start = text.rindex(" ", match.start("whole"), end) + 1
    return start, end


def find_currencies(page: Page) -> list[tuple[Hit, str]]:
    """Every currency sign, word or code on a page with its ISO 4217 code."""
    found = []
    for seen in find(page, _CURRENCY):
        word = seen.text.lower()
        found.append((seen, CURRENCY_SIGNS.get(word, word.upper())))
    return found


def usual_currency(found: list[tuple[Hit, str]]) -> str | None:
    """The currency seen most often."""
    counts = Counter(code for _, code in found)
    return counts.most_common(1)[0][0] if counts else None


def hinted_currency(page: Page) -> tuple[Hit, str] | None:
    """The currency that a country's legal forms and tax numbers suggest."""
    return next(((hits[0], code) for pattern, code in COUNTRY_HINTS if (hits := find(page, pattern))), None)
