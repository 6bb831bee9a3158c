"""Numbers of a sheet as their format shows them (ECMA-376-1, 18.8.31), without what changes from country to country.

Kept: decimals, per cent, exponents, fractions, and masks such as 00000 or 000-00-0000, which make a number a code. Left out: separators of
thousands, scaling by commas and words around the number; a minus stays a minus where the format has brackets or a colour for it.
"""

import itertools
import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Final

_TOKEN: Final = re.compile(r'"([^"]*)"|\\(.)|[_*].|\[[^\]]*\]|(.)', re.DOTALL)
_GUARDED: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]', re.DOTALL)
_CONDITION: Final = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)\]")
_FRACTION: Final = re.compile(r"[0#?]/([#0?]+|[1-9]\d*)")
_DIGITS: Final = frozenset("0#?")
_BLANK: Final = _DIGITS | {"."}
_OF_THOUSANDS: Final = frozenset(" \xa0\u202f'\u2019")
_EXACT: Final = 1e15  # whole numbers below it are exact in a double
_MOST_PLACES: Final = 30  # Excel takes no format with more; others write any number of them
_WIDE: Final = Context(prec=60)  # 21 digits before the point and all places: the 28 of a plain context make an error of the rest

_Token = tuple[str, str]
"""What stands there as it is, or else what has a meaning."""


def number_text(value: float, form: str) -> str:
    """The number; empty where the format shows nothing."""
    if not math.isfinite(value * 100):  # as per cent
        return str(value)
    section = _section_of(form, value)
    if section is None or "general" in section.lower() or section.strip() == "@":
        return _general(value)
    tokens: list[_Token] = [(match[1] or match[2] or "", match[3] or "") for match in _TOKEN.finditer(section)]
    meant = "".join(sign for _, sign in tokens)
    if fraction := _FRACTION.search(meant):
        return _with_fraction(value, fraction[1], has_whole=" " in meant.strip())
    # ? is a digit, or the blank of one: of a nought ?? leaves only the words around it, as the "-" of accounts
    if not {"0", "#", "?"} & set(meant) or (value == 0 and not {"0", "#"} & set(meant)):
        return "".join(literal or ("" if sign in _BLANK else sign) for literal, sign in tokens).strip()
    mantissa, exponent, _ = meant.upper().partition("E")
    if exponent:
        return f"{value:.{min(_MOST_PLACES, sum(c in _DIGITS for c in mantissa.partition('.')[2]))}E}"
    return _plain(round(value * 100, 9), tokens) + "%" if "%" in meant else _plain(value, tokens)


def is_hidden(value: object, form: str) -> bool:
    """Whether a format shows nothing of a value that says something, as `;;;` does."""
    sections = _sections(form)
    if isinstance(value, str):
        return len(sections) > 3 and not sections[3].strip() and bool(value.strip())  # noqa: PLR2004 - the section of text
    return isinstance(value, int | float) and value != 0 and len(sections) > 1 and _section_of(form, value) == ""


def _sections(form: str) -> list[str]:
    """The parts of a format between its semicolons: of positive and negative numbers, of zero, of text."""
    cuts = [match.start() for match in re.finditer(";", _GUARDED.sub(lambda match: "." * len(match[0]), form))]
    return [form[a + 1 : b] for a, b in itertools.pairwise([-1, *cuts, len(form)])]


def _section_of(form: str, value: float) -> str | None:
    """The part of a format that is for this number; None where none is."""
    sections = _sections(form)
    if any(map(_CONDITION.search, sections)):
        return next((one for one in sections if (said := _CONDITION.search(one)) is None or _holds(value, said[1], float(said[2]))), None)
    at = 0 if value > 0 or len(sections) == 1 else 1 if value < 0 else 2
    return sections[at] if at < len(sections) else sections[0]


def _holds(value: float, sign: str, limit: float) -> bool:
    return {"<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit, "=": value == limit, "<>": value != limit}[
        sign
    ]


def _plain(value: float, tokens: list[_Token]) -> str:
    dot = next((i for i, (_, sign) in enumerate(tokens) if sign == "."), len(tokens))
    places = [sign for _, sign in tokens[dot:] if sign in _DIGITS and sign][:_MOST_PLACES]
    whole, _, part = f"{_rounded(abs(value), len(places)):f}".partition(".")
    while part and places[len(part) - 1] != "0" and part.endswith("0"):
        part = part[:-1]
    number = (_masked(whole, tokens[:dot]) or whole) + (f".{part}" if part else "")
    return f"-{number}" if value < 0 and any(c in "123456789" for c in number) else number


def _masked(digits: str, tokens: list[_Token]) -> str:
    """The digits put into a mask; empty where the format is none."""
    at = [i for i, (_, sign) in enumerate(tokens) if sign in _DIGITS and sign]
    if not at:
        return ""
    between = {literal or sign for literal, sign in tokens[at[0] : at[-1]]} - _DIGITS - _OF_THOUSANDS - {",", ""}
    if not between and sum(tokens[i][1] == "0" for i in at) < 2:  # noqa: PLR2004 - 0 alone is any number
        return ""
    out, left = [], list(digits if digits != "0" else "")
    for i in range(at[-1], -1, -1):
        literal, sign = tokens[i]
        if sign in _DIGITS and sign:
            out.append(left.pop() if left else "0" if sign == "0" else "")
            if i == at[0]:
                out += reversed(left)
        elif sign != "," and len(literal or sign) == 1:
            out.append(literal or sign)
    return "".join(reversed(out)).strip()


def _with_fraction(value: float, under: str, *, has_whole: bool) -> str:
    most = 10 ** len(under) - 1
    near = Fraction(round(abs(value) * int(under)), int(under)) if under.strip("0#?") else Fraction(abs(value)).limit_denominator(most)
    whole, rest = divmod(near, 1) if has_whole else (0, near)
    shown = [str(whole)] if whole or not rest else []
    return ("-" if value < 0 else "") + " ".join([*shown, *([f"{rest.numerator}/{rest.denominator}"] if rest else [])])


def _rounded(value: float, places: int) -> Decimal:
    """Half away from zero, as sheets round."""
    exact = Decimal(repr(float(value)))
    return exact if exact.adjusted() > 20 else exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE)  # noqa: PLR2004 - behind a double's digits


def _general(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < _EXACT else f"{value:.12g}"
