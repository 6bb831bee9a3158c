"""Dates as printed: 2013-03-05, 5.3.13, 05/03/2013, 7. Mai 2014, 02/JAN/2017, July 5, 2015. Gives ISO 8601.

Belongs here: reading one date, and whether a document writes day or month first. Which date is the date of issue is decided
in issue_dates.py.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from docmill.stages.understanding.layout import Hit, folded, hit
from docmill.stages.understanding.misread import BORN_DIGITAL
from docmill.values.page import Page

_NAMES: tuple[str, ...] = (
    "january jan januar jänner januari janvier janv enero ene gennaio gen",
    "february feb februar februari février fevrier févr fevr fév febrero febbraio",
    "march mar märz maerz mrz maart mrt mars marzo",
    "april apr avril avr abril abr aprile",
    "may mai mei mayo maggio mag",
    "june jun juni juin junio giugno giu",
    "july jul juli juillet juil julio luglio lug",
    "august aug augustus août aout agosto ago",
    "september sep sept septembre septiembre settembre set",
    "october oct oktober okt octobre octubre ottobre ott",
    "november nov novembre noviembre",
    "december dec dezember dez december décembre decembre déc diciembre dic dicembre",
)
MONTHS: MappingProxyType[str, int] = MappingProxyType({name: n for n, names in enumerate(_NAMES, 1) for name in names.split()})
"""Month names and abbreviations of en, de, fr, nl, es and it, lower case -> 1-12."""

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_ISO = re.compile(r"(?<![\d./-])(?P<y>(?:19|20)\d\d)(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2}?)(?=\d{1,2}:\d\d|(?!\d|[./-]\d))")
_FIGURES = re.compile(
    r"(?<![\d./-])(?P<a>\d{1,2}) ?(?P<s>[./-]) ?(?P<b>\d{1,2}) ?(?P=s) ?(?P<y>(?:19|20)\d\d|\d\d)(?=\d{1,2}:\d\d|(?!\d|[./]\d))"
)
_DAY_MONTH = re.compile(
    rf"(?<![\w.])(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[ ./-]{{0,2}}(?:de )?(?P<n>{_MONTH})\b\.?[ ,./-]{{0,2}}(?:de )?"
    r"(?P<y>(?:19|20)\d\d|\d\d(?![\d:]))"
)
_MONTH_DAY = re.compile(rf"\b(?P<n>{_MONTH})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>(?:19|20)\d\d)\b")
_COMPACT_DAY_FIRST = re.compile(r"(?<![\w./-])(?P<d>0[1-9]|[12]\d|3[01]) ?(?P<m>0[1-9]|1[0-2]) ?(?P<y>20[0-3]\d)(?![\w./-])")
"""A date whose separators an engine lost; on text layers such figures are numbers."""

_COMPACT = re.compile(r"(?<![\w./-])(?P<y>20\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?![\w./-])")

_US_STATE = "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
_MONTH_FIRST = re.compile(
    r"(?i:(?<![acs])\$ ?\d|\busd\b|\bzip code\b|\bsocial security\b|\bssn\b|\bu\.?s\.?a\b)|\b(?:" + _US_STATE + r") \d{5}(?:-\d{4})?\b"
)
"""Signs of the United States, the one country of the languages here that writes the month first."""

_CENTURY_TURNS = 69  # as POSIX strptime: 69-99 are 1969-1999, 00-68 are 2000-2068
_MONTHS_IN_YEAR = 12


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """One printed date. `is_certain`: day and month could not be swapped; `is_compact`: eight figures without separators."""

    seen: Hit
    value: date
    is_certain: bool
    is_compact: bool = False


def is_month_first(pages: Sequence[Page]) -> bool:
    """Whether figures such as 03/04/2018 mean March 4: decided by dates that cannot be read the other way, else by signs of the USA."""
    month_first = day_first = 0
    for page in pages:
        for m in _FIGURES.finditer(page.text):
            if m["s"] != ".":
                month_first += int(m["a"]) <= _MONTHS_IN_YEAR < int(m["b"])
                day_first += int(m["b"]) <= _MONTHS_IN_YEAR < int(m["a"])
    if month_first != day_first:
        return month_first > day_first
    return any(page.language == "en" and _MONTH_FIRST.search(page.text) for page in pages)


def find_dates(page: Page, *, month_first: bool) -> list[PrintedDate]:
    """Every real date from 1970 to 2068 on a page, in reading order."""
    text = folded(page)
    found: dict[tuple[int, int], PrintedDate] = {}
    lost = () if page.source in BORN_DIGITAL else (_COMPACT_DAY_FIRST,)
    for pattern in (_ISO, _DAY_MONTH, _MONTH_DAY, _FIGURES, _COMPACT, *lost):
        for m in pattern.finditer(text):
            taken = any(start < m.end() and m.start() < end for start, end in found)
            seen, read = hit(page, *m.span()), _read(m, month_first=month_first)
            if seen and read and not taken:
                found[m.span()] = PrintedDate(seen, read[0], read[1], pattern in {_COMPACT, _COMPACT_DAY_FIRST})
    return [found[span] for span in sorted(found)]


def _read(m: re.Match[str], *, month_first: bool) -> tuple[date, bool] | None:
    parts = m.groupdict()
    year = int(parts["y"])
    year += 0 if year > 99 else 1900 if year >= _CENTURY_TURNS else 2000  # noqa: PLR2004 - two figures
    if "a" not in parts:
        month = int(parts["m"]) if "m" in parts else MONTHS[parts["n"]]
        return _real(year, month, int(parts["d"]), is_certain=True)
    a, b = int(parts["a"]), int(parts["b"])
    day_month = (b, a) if month_first and parts["s"] != "." else (a, b)
    if day_month[1] > _MONTHS_IN_YEAR:
        day_month = day_month[::-1]
    return _real(year, day_month[1], day_month[0], is_certain=parts["s"] == "." or max(a, b) > _MONTHS_IN_YEAR or a == b)


def _real(year: int, month: int, day: int, *, is_certain: bool) -> tuple[date, bool] | None:
    try:
        return date(year, month, day), is_certain
    except ValueError:
        return None
