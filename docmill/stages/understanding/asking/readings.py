"""What quoted words of a page mean as a field: the value is read from the page by docmill's own rules, never taken from who quotes."""

import re
from collections.abc import Callable
from decimal import Decimal
from types import MappingProxyType

from docmill.stages.understanding.amounts import CURRENCY_CODES, CURRENCY_SIGNS, amount_value
from docmill.stages.understanding.asking.grounding import Place
from docmill.stages.understanding.checksums import is_iban
from docmill.stages.understanding.dates import find_dates
from docmill.stages.understanding.einvoice.forms import money

SUMS = frozenset({"net_total", "tax_total", "total", "amount_due"})
DATES = frozenset({"issue_date", "due_date", "delivery_date"})

_LEAST_NAME, _MOST_NAME, _MOST_ADDRESS = 2, 120, 300
_NUMBER = re.compile(r"(?=.*\d)[\w./ -]{1,40}")
_AMOUNT = re.compile(r"[^\d-]{0,12}(-?\d[\d.,'\u2019 \u202f]*-?)[^\d%]{0,12}")


def read_value(name: str, place: Place, *, month_first: bool) -> str | None:
    """The normalised value of a field that stands at a place; None where these words cannot be such a field.

    Args:
        name: of the field.
        place: words of a page.
        month_first: how the document writes dates in figures.
    """
    if name in DATES:
        return _date(place, month_first=month_first)
    return _READERS.get(name, _sum if name in SUMS else _name)(place.text)


def _date(place: Place, *, month_first: bool) -> str | None:
    seen = place.seen
    found = [one for one in find_dates(seen.page, month_first=month_first) if one.seen.start < seen.end and seen.start < one.seen.end]
    return found[0].value.isoformat() if len(found) == 1 else None


def _sum(text: str) -> str | None:
    match = _AMOUNT.fullmatch(text.strip())
    value = amount_value(match[1]) if match else None
    return None if value is None or value == Decimal(0) else money(value)


def _currency(text: str) -> str | None:
    word = text.strip(" .:()").lower()
    code = CURRENCY_SIGNS.get(word, word.upper())
    return code if code in CURRENCY_CODES else None


def _iban(text: str) -> str | None:
    compact = re.sub(r"[^A-Za-z0-9]", "", text).upper().removeprefix("IBAN")
    return compact if is_iban(compact) else None


def _number(text: str) -> str | None:
    plain = " ".join(text.split()).strip(" :#")
    return plain if _NUMBER.fullmatch(plain) else None


def _tax_id(text: str) -> str | None:
    plain = _number(text)
    return re.sub(r"[ .]", "", plain).upper() if plain else None


def _address(text: str) -> str | None:
    plain = ", ".join(line.strip(" ,") for line in text.splitlines())
    return plain if _LEAST_NAME < len(plain) <= _MOST_ADDRESS else None


def _name(text: str) -> str | None:
    plain = " ".join(text.split()).strip(" ,:")
    return plain if _LEAST_NAME <= len(plain) <= _MOST_NAME and any(c.isalpha() for c in plain) else None


_READERS: MappingProxyType[str, Callable[[str], str | None]] = MappingProxyType(
    {
        "currency": _currency,
        "vendor_iban": _iban,
        "vendor_tax_id": _tax_id,
        "document_number": _number,
        "purchase_order_number": _number,
        "vendor_address": _address,
        "customer_address": _address,
        "payment_terms": _address,
    },
)
