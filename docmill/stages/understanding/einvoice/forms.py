"""Figures, dates and addresses of XML in the forms that fields have. Nothing of a particular syntax."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

_DECIMAL = re.compile(r"[+-]?\d{1,18}(?:\.\d{0,12})?|[+-]?\.\d{1,12}")
_ISO_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T.*|Z|[+-]\d\d:\d\d)?")
CENT = Decimal("0.01")


def number(text: str | None) -> Decimal | None:
    """An xs:decimal; None when it isn't one."""
    return Decimal(text) if text and _DECIMAL.fullmatch(text) else None


def money(value: Decimal) -> str:
    """A sum with at least two decimals, without further trailing zeros."""
    exact = value.normalize()
    return f"{exact if int(exact.as_tuple().exponent) < -2 else value.quantize(CENT):f}"  # noqa: PLR2004 - two decimals


def plain(value: Decimal) -> str:
    """A number without trailing zeros and without exponent: 20, 0.5, 19."""
    return f"{value.normalize():f}"


def iso_date(text: str | None) -> str | None:
    """ISO 8601 of 20130305, 2013-03-05 or 2013-03-05T00:00:00; None for anything else, such as a month alone."""
    found = _ISO_DATE.fullmatch(text.strip()) if text else None
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None


def joined(parts: Iterable[str | None]) -> str | None:
    """The parts that are there, joined by a comma."""
    return ", ".join(part for part in parts if part) or None


def without_empty(pairs: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """The pairs that have a value."""
    return {name: value for name, value in pairs if value}
