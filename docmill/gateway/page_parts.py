"""Pieces of HTML that purchasing's pages share: tables, facts, amounts, the room's own navigation. Everything given as text is escaped here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html import escape
from types import MappingProxyType
from typing import Final

PARTS: MappingProxyType[str, str] = MappingProxyType(
    {
        "/purchasing": "Requests",
        "/purchasing/orders": "Orders",
        "/purchasing/receipts": "Receipts",
        "/purchasing/reports": "Reports",
    }
)
NUMBER: Final = "#"
"""A column's heading that begins so holds figures, set to the right."""


@dataclass(frozen=True, slots=True)
class Markup:
    """Text that is HTML already."""

    html: str

    def __str__(self) -> str:
        return self.html


Cell = str | Markup


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, caption: str = "", empty: str = "none") -> str:
    """A table in a region that can be scrolled by keyboard; the first cell of a row is its heading."""
    is_number = [head.startswith(NUMBER) for head in heads]
    top = "".join(f'<th scope="col"{_right(n)}>{escape(h.removeprefix(NUMBER))}</th>' for h, n in zip(heads, is_number, strict=True))
    body = "".join(f"<tr>{_row(row, is_number)}</tr>" for row in rows)
    body = body or f'<tr><td colspan="{len(heads)}">{escape(empty)}</td></tr>'
    name = f"<caption>{escape(caption)}</caption>" if caption else ""
    label = escape(caption or "Table")
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table>{name}'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def facts(told: Mapping[str, Cell]) -> str:
    """Names and values; those without a value are left out."""
    shown = "".join(f"<dt>{escape(name)}</dt><dd>{_html(value)}</dd>" for name, value in told.items() if str(value))
    return f'<dl class="pairs">{shown}</dl>'


def link(path: str, text: str) -> Markup:
    """A link; `path` is the gateway's own."""
    return Markup(f'<a href="{escape(path)}">{escape(text)}</a>')


def lines_of(text: str) -> Markup:
    """A text with its line breaks."""
    return Markup("<br>".join(escape(line) for line in text.splitlines()))


def money(value: Decimal | None, currency: str = "") -> str:
    """An amount to the cent; empty for None."""
    return "" if value is None else f"{value:,.2f} {currency}".strip()


def figure(value: Decimal | None) -> str:
    """A quantity, price or rate without trailing zeros; empty for None."""
    return "" if value is None else f"{value.normalize():f}"


def moment(at: datetime) -> str:
    """In UTC, to the minute."""
    return f"{at:%Y-%m-%d %H:%M}"


def parts(here: str) -> str:
    """Purchasing's own navigation."""
    marked = {True: ' aria-current="page"', False: ""}
    links = " ".join(f'<a href="{path}"{marked[path == here]}>{name}</a>' for path, name in PARTS.items())
    return f'<nav class="parts" aria-label="Purchasing">{links}</nav>'


def _row(row: Sequence[Cell], is_number: Sequence[bool]) -> str:
    first, *rest = zip(row, is_number, strict=True)
    head = f'<th scope="row"{_right(first[1])}>{_html(first[0])}</th>'
    return head + "".join(f"<td{_right(n)}>{_html(cell)}</td>" for cell, n in rest)


def _right(is_number: bool) -> str:  # noqa: FBT001 - a column's own kind
    return ' class="n"' if is_number else ""


def _html(cell: Cell) -> str:
    return cell.html if isinstance(cell, Markup) else escape(cell)
