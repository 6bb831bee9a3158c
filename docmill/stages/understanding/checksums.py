"""Check digits of bank accounts and tax numbers. Whether a number is right in form; where it stands is decided elsewhere.

Sources: ISO 13616 (IBAN, lengths by country from the SWIFT registry), ISO 7064, and the VAT number algorithms that the member states publish
for VIES.
"""

import re
from collections.abc import Callable
from types import MappingProxyType

IBAN_LENGTHS: MappingProxyType[str, int] = MappingProxyType(
    {"AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18, "FR": 27,
     "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31,
     "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26},
)  # fmt: skip
"""Country -> length of its IBAN in characters."""


def is_iban(compact: str) -> bool:
    """Whether an IBAN without spaces, upper case, has its country's length and the right check digits (mod 97 = 1)."""
    if IBAN_LENGTHS.get(compact[:2]) != len(compact) or not re.fullmatch(r"[A-Z]{2}\d\d[A-Z0-9]+", compact):
        return False
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def _mod_11_10(digits: str) -> bool:
    product = 10
    for c in digits[:-1]:
        product = 2 * ((int(c) + product) % 10 or 10) % 11
    return (11 - product) % 10 == int(digits[-1])


def _luhn(digits: str) -> bool:
    doubled = [int(c) * (1 + index % 2) for index, c in enumerate(reversed(digits))]
    return sum(d // 10 + d % 10 for d in doubled) % 10 == 0


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(c) * w for c, w in zip(digits, weights, strict=False))


def _de(rest: str) -> bool:
    return bool(re.fullmatch(r"[1-9]\d{8}", rest)) and _mod_11_10(rest)


def _at(rest: str) -> bool:
    if not re.fullmatch(r"U\d{8}", rest):
        return False
    odd_even = sum(int(c) if index % 2 == 0 else sum(divmod(2 * int(c), 10)) for index, c in enumerate(rest[1:8]))
    return (10 - (odd_even + 4) % 10) % 10 == int(rest[8])


def _nl(rest: str) -> bool:
    if not re.fullmatch(r"\d{9}B\d\d", rest):
        return False
    turned = "".join(str(int(c, 36)) for c in "NL" + rest)
    return _weighted(rest, (9, 8, 7, 6, 5, 4, 3, 2)) % 11 == int(rest[8]) or int(turned) % 97 == 1


def _fr(rest: str) -> bool:
    if not re.fullmatch(r"[A-Z0-9]{2}\d{9}", rest) or not _luhn(rest[2:]):
        return False
    return not rest[:2].isdigit() or (12 + 3 * (int(rest[2:]) % 97)) % 97 == int(rest[:2])


def _be(rest: str) -> bool:
    return bool(re.fullmatch(r"[01]\d{9}", rest)) and 97 - int(rest[:8]) % 97 == int(rest[8:])


def _it(rest: str) -> bool:
    return bool(re.fullmatch(r"\d{11}", rest)) and _luhn(rest)


def _gb(rest: str) -> bool:
    if not re.fullmatch(r"\d{9}(?:\d{3})?", rest):
        return False
    total = _weighted(rest, (8, 7, 6, 5, 4, 3, 2)) + int(rest[7:9])
    return total % 97 in {0, 42}  # 42: numbers given since 2010 count 55 more


def _lu(rest: str) -> bool:
    return bool(re.fullmatch(r"\d{8}", rest)) and int(rest[:6]) % 89 == int(rest[6:])


def _che(rest: str) -> bool:
    digits = re.sub(r"\D", "", rest)
    if not re.fullmatch(r"E-?\d{3}\.?\d{3}\.?\d{3}(?:MWST|TVA|IVA)?", rest):
        return False
    return (11 - _weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4)) % 11) % 11 == int(digits[8])


_FORMS: MappingProxyType[str, str] = MappingProxyType(
    {"ES": r"[A-Z0-9]\d{7}[A-Z0-9]", "PL": r"\d{10}", "DK": r"\d{8}", "SE": r"\d{12}", "FI": r"\d{8}", "PT": r"\d{9}", "CZ": r"\d{8,10}",
     "IE": r"\d[A-Z0-9]\d{5}[A-Z]{1,2}", "EL": r"\d{9}", "HU": r"\d{8}", "SK": r"\d{10}", "SI": r"\d{8}", "RO": r"\d{2,10}", "BG": r"\d{9,10}"},
)  # fmt: skip
_CHECKS: MappingProxyType[str, Callable[[str], bool]] = MappingProxyType(
    {"DE": _de, "AT": _at, "NL": _nl, "FR": _fr, "BE": _be, "IT": _it, "GB": _gb, "LU": _lu, "CH": _che}
)


def vat_id_checks(compact: str) -> bool | None:
    """Whether a VAT number's check digits are right; None where only its form is known, False when form or digits are wrong.

    Args:
        compact: with its country, without spaces and dots, upper case.
    """
    country, rest = compact[:2], compact[2:]
    if (check := _CHECKS.get(country)) is not None:
        return check(rest)
    form = _FORMS.get(country)
    return None if form and re.fullmatch(form, rest) else False
