"""Packages: files that hold several documents one after another. On which page does a new one begin?

Each page but the first collects evidence for and against being a first page. What the parts say is decided elsewhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from docmill.stages.understanding.kind_evidence import MONEY_KINDS, OTHER
from docmill.stages.understanding.kinds import AUTO, decide_kind
from docmill.stages.understanding.numbers import document_number
from docmill.values.evidence import Kind, pages_named
from docmill.values.page import Page

MOST_PAGES = 40
"""Longer files are books and reports, and are not looked through for packages."""

_COUNTER = re.compile(
    r"\b(?:page|seite|pagina|p[aá]gina|blatt|pg\.?|p\.)\s*:?\s*(\d{1,3})\s*(?:of|von|van|sur|de|di|/)\s*(\d{1,3})\b"
    r"|^\W{0,3}(\d{1,3})\s*(?:/|of|von|sur|van)\s*(\d{1,3})\W{0,3}$",
    re.IGNORECASE | re.MULTILINE,
)
_PAGE_NUMBER = re.compile(
    r"\W{0,3}(?:(?:page|seite|pagina|p[aá]gina|blatt|pg\.?)\W{0,3}(\d{1,3})|[|\u2013-] ?(\d{1,3}) ?[|\u2013-])\W{0,3}", re.IGNORECASE
)
_EDGE_LINES = 3
"""A page's number without the count of all stands in one of so many first or last lines."""

_GOING_ON = re.compile(
    r"\b(?:continued|continuation|cont['\u2019]d|brought forward|carried (?:forward|over)"
    r"|fortsetzung|folgeseite|[uü]bertrag|suite (?:de|du)|report [àa] nouveau"
    r"|vervolg|transport|seguito|continuaci[oó]n)\b",
    re.IGNORECASE,
)
_ANNEX = re.compile(
    r"^\W*(?:general )?(?:terms (?:and|&) conditions|terms of (?:sale|business|trade|payment|delivery|service|use)|conditions of (?:sale|business|carriage))"
    r"|^\W*(?:allgemeine \w*(?:bedingungen|bestimmungen)|agb\b|widerrufs\w+|anlage\b|anhang\b|beiblatt\b|conditions g[eé]n[eé]rales|annexe\b|annex\b|appendix\b"
    r"|attachment\b|schedule [a-z0-9]\b|exhibit [a-z0-9]\b|algemene \w*voorwaarden|bijlage\b|condizioni generali|allegato\b|condiciones generales|anexo\b)",
    re.IGNORECASE | re.MULTILINE,
)
_LATER_PART = re.compile(
    r"^\W*(?:section|part|teil|abschnitt|partie|deel|parte|sezione|secci[oó]n|step)\W{1,3}(?:[b-h]|i[ivx]{1,3}|vi{0,3}|[2-9]|1\d)\b",
    re.IGNORECASE | re.MULTILINE,
)
_TOP_LINES = 6
"""What a page is headed with stands in so many first lines."""

_HEAD_LINES, _SHORTEST_HEAD = 2, 8
_SURE_KIND, _SURE_NUMBER, _LONG_NUMBER = 0.6, 0.7, 4
_BEGINS, _GOES_ON = 2.0, -2.5
_OTHER_KIND, _OTHER_NUMBER, _OTHER_SHAPE, _SAME_HEAD, _SAME_NUMBER = 1.2, 1.2, 0.8, -1.0, -2.0
_OPENED, _NOT_OPENED, _SAYS_GOES_ON = 1.2, -0.6, -1.5
_OPENERS = re.compile(r"\b(?:title|salutation|headers|narrow_strip|machine_readable_zone)\b")
"""Rules for kinds (kind_evidence.py) that speak of how a first page begins."""

_NUMBERED = MONEY_KINDS - {"receipt"} | {"delivery_note"}
"""Kinds whose papers have a number."""

_OF_LATER_PAGES = frozenset({"book_page", "contract", "report", "bank_statement", "form", "letter", "email"})
"""What later pages of other papers look like by themselves: terms in prose, lists of dated rows, slips to fill in."""

_NEW = 1.1
"""A page with at least so much evidence begins a document."""


@dataclass(frozen=True, slots=True)
class Part:
    """One document of a package: pages [first, last], counted from 1, and its kind."""

    first: int
    last: int
    kind: Kind

    @property
    def where(self) -> str:
        """Its pages for people."""
        return pages_named(self.first, self.last)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one page shows of itself."""

    kind: Kind
    counter: tuple[int, int] | None
    number: str | None
    heads: frozenset[str]
    is_strip: bool
    is_opened: bool
    goes_on: bool
    text: str


def documents_of(pages: Sequence[Page]) -> list[int]:
    """Indexes of the pages on which a document begins; the first page always does. Blank pages belong to what is before them."""
    begins, current = [0], None
    for index, page in enumerate(pages):
        if not page.words:
            continue
        look = _look(page)
        if current is not None and _evidence(current, look) >= _NEW:
            begins.append(index)
            current = look
        else:
            current = _joined(current, look)
    return begins


def parts_of(pages: Sequence[Page]) -> list[Part]:
    """The documents of a package in order; none when the pages are one document, or not all of a file's pages, or too many."""
    if not 1 < len(pages) <= MOST_PAGES or any(b.number != a.number + 1 for a, b in pairwise(pages)):
        return []
    begins = documents_of(pages)
    spans = pairwise([*begins, len(pages)])
    return [_part(pages[first:end]) for first, end in spans] if len(begins) > 1 else []


def _part(pages: Sequence[Page]) -> Part:
    return Part(pages[0].number, pages[-1].number, decide_kind([page for page in pages if page.words], AUTO))


def _look(page: Page) -> _Look:
    kind = decide_kind([page], AUTO)
    number = document_number([page], kind.name)
    is_number = number is not None and number.evidence.confidence >= _SURE_NUMBER
    top = "\n".join(line.text for line in page.lines[:_TOP_LINES])
    heads = (re.sub(r"\W", "", line.text).casefold() for line in page.lines[:_HEAD_LINES] if ":" not in line.text)
    return _Look(
        kind=kind,
        counter=_counter(page.text) or _page_number(page),
        number=number.value if number is not None and is_number else None,
        heads=frozenset(head for head in heads if len(head) >= _SHORTEST_HEAD),
        is_strip=page.height_px > 1.7 * page.width_px,
        is_opened=kind.confidence >= _SURE_KIND and bool(_OPENERS.search(kind.reason)),
        goes_on=any(pattern.search(top) for pattern in (_GOING_ON, _ANNEX, _LATER_PART)),
        text=page.text,
    )


def _page_number(page: Page) -> tuple[int, int] | None:
    """`Page 2` at the head or foot as (2, 2); None where there is none, or more than one."""
    edges = [*page.lines[:_EDGE_LINES], *page.lines[_EDGE_LINES:][-_EDGE_LINES:]]
    found = {int(m[1] or m[2]) for line in edges if (m := _PAGE_NUMBER.fullmatch(line.text))}
    return next(((k, k) for k in found), None) if len(found) == 1 else None


def _counter(text: str) -> tuple[int, int] | None:
    """`Page 2 of 5` as (2, 5); None when a page doesn't count itself, or more than one way."""
    found = {(int(m[1] or m[3]), int(m[2] or m[4])) for m in _COUNTER.finditer(text)}
    fitting = [(k, n) for k, n in found if 1 <= k <= n]
    return fitting[0] if len(fitting) == 1 else None


def _evidence(before: _Look, look: _Look) -> float:
    """For a new document above 0, for going on below."""
    worth = 0.0
    if look.counter is not None:
        worth += _BEGINS if look.counter[0] == 1 else _GOES_ON
    kinds = {before.kind.name, look.kind.name}
    if len(kinds) > 1 and OTHER not in kinds and min(before.kind.confidence, look.kind.confidence) >= _SURE_KIND:
        worth += _OTHER_KIND + _NOT_OPENED * (look.kind.name in _OF_LATER_PAGES and not look.is_opened)
    if before.number and len(before.number) >= _LONG_NUMBER and before.number in look.text:
        worth += _SAME_NUMBER
    elif before.number and look.number and before.number != look.number:
        worth += _OTHER_NUMBER
    # the title alone is printed on later pages too, where a new paper of such a kind would have a number of its own
    is_titled_again = before.kind.name == look.kind.name and look.kind.name in _NUMBERED and look.number is None
    if look.is_opened and not is_titled_again and not before.heads & look.heads:
        worth += _OPENED
    worth += _SAYS_GOES_ON * look.goes_on
    worth += _OTHER_SHAPE * (before.is_strip != look.is_strip)
    return worth + _SAME_HEAD * bool(before.heads & look.heads)


def _joined(before: _Look | None, look: _Look) -> _Look:
    """What is known of a document after one more of its pages: its kind and number from where they were clearest."""
    if before is None:
        return look
    is_clearer = look.kind.name != OTHER and (before.kind.name == OTHER or look.kind.confidence > before.kind.confidence)
    kind = look.kind if is_clearer else before.kind
    return replace(look, kind=kind, number=before.number or look.number, heads=before.heads | look.heads)
