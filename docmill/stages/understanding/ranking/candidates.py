"""What on the pages may be a field: every line, number, date or amount of the right shape, whatever stands beside it. The rules' own choice is one of them.

Belongs here: what is a candidate. Which one it is the rules and the ranker say.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType

from docmill.stages.understanding.address_blocks import blocks_of
from docmill.stages.understanding.address_words import LineRole, is_lone_form, line_role
from docmill.stages.understanding.amounts import find_amounts
from docmill.stages.understanding.dates import find_dates, is_month_first
from docmill.stages.understanding.layout import Hit, hit
from docmill.stages.understanding.numbers import number_tokens
from docmill.stages.understanding.pieces import Piece, merged, pieces_of
from docmill.stages.understanding.receipt_head import plain_line
from docmill.values.evidence import Field
from docmill.values.page import Page

MOST = 120
"""So many candidates of a field are compared."""

_MOST_LINES, _HEAD, _MOST_ADDRESS = 40, 16, 5
_LEAST_LETTERS = 3
_IN_ADDRESSES = frozenset({LineRole.ADDRESS, LineRole.PLACE, LineRole.NAME})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value, normalised as the field is, and where it is printed. `certain` is false for a date whose day and month could be swapped."""

    value: str
    seen: Hit
    certain: bool = True


def candidates_of(name: str, pages: Sequence[Page], found: Field | None) -> tuple[list[Candidate], int | None]:
    """Candidates of a field in reading order, and which of them is the rules' choice; None where the rules found nothing.

    Args:
        name: of the field, one of RANKED.
        pages: of one document, not none.
        found: what the rules chose.
    """
    proposed = list(islice(_PROPOSERS[name](pages), MOST))
    chosen = _of_field(found, pages) if found is not None else None
    if chosen is None:
        return proposed, None
    for at, one in enumerate(proposed):
        if one.value == chosen.value and one.seen.page is chosen.seen.page and one.seen.start == chosen.seen.start:
            return proposed, at
    return [*proposed, chosen], len(proposed)


def _of_field(found: Field, pages: Sequence[Page]) -> Candidate | None:
    where = found.evidence
    page = next((page for page in pages if page.number == where.page), None)
    seen = hit(page, where.start or 0, where.end or 0) if page is not None else None
    return Candidate(found.value, seen) if seen is not None and found.value is not None else None


def _names(pages: Sequence[Page]) -> list[Candidate]:
    pieces = [p for p in pieces_of(pages[0])[:_MOST_LINES] if sum(c.isalpha() for c in p.text) >= _LEAST_LETTERS]
    found = []
    for at, piece in enumerate(pieces):
        found.append(Candidate(plain_line(piece.text, pages[0]), piece.seen))
        after = pieces[at + 1] if at + 1 < len(pieces) else None
        if after is not None and is_lone_form(after.text):
            found.append(
                Candidate(f"{plain_line(piece.text, pages[0])} {plain_line(after.text, pages[0])}", merged(piece.seen, after.seen))
            )
    return [one for one in found if one.value]


def _addresses(pages: Sequence[Page]) -> list[Candidate]:
    """Lines at the head that follow one another, one of them an address's, and blocks around a postal code."""
    pieces = pieces_of(pages[0])
    head = [(piece, line_role(piece.text)) for piece in pieces[:_HEAD]]
    runs: list[Sequence[Piece]] = [block.address for block in blocks_of(pieces) if block.address]
    for first in range(len(head)):
        for last in range(first, min(len(head), first + _MOST_ADDRESS)):
            if head[last][1] not in _IN_ADDRESSES:
                break
            run = head[first : last + 1]
            if any(role is LineRole.ADDRESS for _, role in run):
                runs.append([piece for piece, _ in run])
    return [_joined(run, pages[0]) for run in runs]


def _joined(run: Sequence[Piece], page: Page) -> Candidate:
    seen = run[0].seen
    for piece in run[1:]:
        seen = merged(seen, piece.seen)
    return Candidate(", ".join(plain_line(piece.text, page).strip(" ,;") for piece in run), seen)


def _numbers(pages: Sequence[Page]) -> list[Candidate]:
    return [Candidate(token.text, token) for page in pages for token in number_tokens(page)]


def _dates(pages: Sequence[Page]) -> list[Candidate]:
    month_first = is_month_first(pages)
    return [Candidate(one.value.isoformat(), one.seen, one.is_certain) for p in pages for one in find_dates(p, month_first=month_first)]


def _sums(pages: Sequence[Page]) -> list[Candidate]:
    """Amounts, those of the last page first: what a paper comes to stands at its end."""
    return [Candidate(str(one.value), one.seen) for page in reversed(pages) for one in reversed(find_amounts(page))]


_PROPOSERS: MappingProxyType[str, Callable[[Sequence[Page]], list[Candidate]]] = MappingProxyType(
    {
        "vendor_name": _names,
        "vendor_address": _addresses,
        "customer_name": _names,
        "customer_address": _addresses,
        "document_number": _numbers,
        "purchase_order_number": _numbers,
        "issue_date": _dates,
        "due_date": _dates,
        "delivery_date": _dates,
        "total": _sums,
    }
)

RANKED: tuple[str, ...] = tuple(_PROPOSERS)
"""The fields that a ranker may choose."""
