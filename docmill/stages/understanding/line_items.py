"""The table of an invoice: columns by their heads, rows by their amounts, each row's figures told apart by quantity x price = amount."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from docmill.stages.understanding.layout import Hit, on_one_row
from docmill.stages.understanding.pieces import Piece, merged, pieces_of
from docmill.stages.understanding.sum_checks import Priced, is_priced_right
from docmill.values.evidence import Evidence, LineItem
from docmill.values.geometry import Box
from docmill.values.page import Page

# fmt: off
HEADS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("tax_rate", re.compile(r"^(?:(?:u\.?st|mwst|vat|gst|tax|tva|btw|iva)\b[ .-]*(?:%|satz|rate|-%)?\.?|% (?:tva|vat|ust)|mwst-%)")),
    ("quantity", re.compile(r"^(?:menge|qty|quantity|anzahl|aantal|hoeveelheid|qt[eé]|quantit[eéàa]\w*|cantidad|stk\.?|st[uü]ck)\b")),
    ("unit_price", re.compile(r"^(?:(?:einzel-?|netto-?|vk-?|st[uü]ck-?)?preis|einzel(?=/|$)|unit ?price|u/?\.? ?price|price"
            r"|rate|prix|p\.?u\.?|prijs(?! incl)|prezzo|precio|rsp|einzelpreis)")),
    ("amount", re.compile(r"^(?:(?:gesamt|zeilen|netto)?-?betrag|gesamt(?:preis)?|summe|amount|total|amt|montant|bedrag"
            r"|prijs incl|nettowert|entgelt|importe?|line total|subtotal)")),
    ("unit", re.compile(r"^(?:einheit|meng\.-|unit|uom|eenheid|unit[eé])\b")),
    ("description", re.compile(r"^(?:artikel(?:bezeichnung|beschreibung)?|beschreibung|bezeichnung|description|item(?:s"
            r"| description)?|produ[ck]t|leistung|omschrijving|d[eé]signation|article|descrizione"
            r"|descripci[oó]n|libell[eé])\b")),
)
# fmt: on
"""Heads of columns in en, de, fr, nl, es and it, lower case."""

_END = re.compile(
    r"(?:^|\W)(?:sub ?-?total|total|summe|gesamt(?:betrag|summe|beitrag)?|netto(?:betrag|summe)"
    r"|rechnungs(?:summe|betrag|rabatt)|warenwert|zwischensumme|sous-?total|totaal|exclusief"
    r"|zuz[uü]gl|umsatzsteuer|rounding)\b"
)
_FIGURE = re.compile(
    r"^[€$£]? ?(?P<n>-? ?(?:\d{1,3}(?:[.,' ]\d{3})+|\d+)(?:[.,]\d{1,4})?) ?(?P<u>%|[€$£]|eur|rm"
    r"|[^\W\d][\w².]{0,9})?\.?$",
    re.IGNORECASE,
)
_LEAST_HEADS = 3
_MOST_ROWS = 200
_FIGURES = ("quantity", "unit_price", "tax_rate", "amount")
_PROVEN, _READ = 0.96, 0.75


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    box: Box


def line_items(pages: Sequence[Page]) -> tuple[LineItem, ...]:
    """The rows of every table of goods on the pages, in printed order."""
    found: list[LineItem] = []
    for page in pages:
        found += _of_page(pieces_of(page, split_at_signs=False))
    return tuple(found[:_MOST_ROWS])


def _of_page(pieces: Sequence[Piece]) -> list[LineItem]:
    rows = _rows(pieces)
    for index, row in enumerate(rows):
        columns = _columns(row)
        if len(columns) >= _LEAST_HEADS and any(c.name == "amount" for c in columns):
            return _body(rows[index + 1 :], columns)
    return []


def _rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda p: (p.box.y0 + p.box.y1, p.box.x0)):
        if rows and on_one_row(rows[-1][0].box, piece.box):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda p: p.box.x0) for row in rows]


def _columns(row: Sequence[Piece]) -> list[_Column]:
    columns: dict[str, _Column] = {}
    for piece in row:
        text = piece.text.lower().strip(" (#.:")
        name = next((name for name, pattern in HEADS if pattern.match(text)), None)
        if name is not None and (name not in columns or name == "amount"):
            columns[name] = _Column(name, piece.box)
    return list(columns.values())


def _body(rows: Sequence[Sequence[Piece]], columns: Sequence[_Column]) -> list[LineItem]:
    items: list[LineItem] = []
    for row in rows:
        if _END.search(row[0].text.lower()[:40]) and not _cells(row, columns).get("quantity"):
            break
        cells = _cells(row, columns)
        if "amount" in cells and ("quantity" in cells or "unit_price" in cells):
            items.append(_item(cells))
    return items


def _cells(row: Sequence[Piece], columns: Sequence[_Column]) -> dict[str, Piece]:
    """Pieces of a row by the column whose head they stand under; what is under none and has letters is the description."""
    cells: dict[str, Piece] = {}
    for piece in row:
        is_figure = bool(_FIGURE.match(piece.text))
        near = [(c, _distance(c.box, piece.box)) for c in columns if (c.name in _FIGURES) == is_figure or c.name == "unit"]
        column, distance = min(near, key=lambda pair: pair[1], default=(None, 0.0))
        if column is not None and distance < 6 * max(1.0, piece.box.height) and column.name not in cells:
            cells[column.name] = piece
        elif not is_figure and any(ch.isalpha() for ch in piece.text):
            longest = cells.get("description")
            if longest is None or len(piece.text) > len(longest.text):
                cells["description"] = piece
    return cells


def _distance(head: Box, cell: Box) -> float:
    """Between the nearest edges or middles of a column's head and a cell, in pixels."""
    overlap = min(head.x1, cell.x1) - max(head.x0, cell.x0)
    aligned = min(abs(head.x0 - cell.x0), abs(head.x1 - cell.x1), abs((head.x0 + head.x1) - (cell.x0 + cell.x1)) / 2)
    return aligned / 2 if overlap > 0 else aligned


def _number(piece: Piece | None) -> tuple[Decimal | None, str | None]:
    """The figure of a cell and the unit behind it."""
    m = _FIGURE.match(piece.text) if piece is not None else None
    if not m:
        return None, None
    text = m["n"].replace(" ", "").replace("'", "")
    mark = max(text.rfind(","), text.rfind("."))
    if mark >= 0 and len(text) - mark - 1 == 3 and text.count(text[mark]) >= 1 and len(text.replace("-", "")) > 5:  # noqa: PLR2004 - thousands
        return Decimal(re.sub(r"[.,]", "", text)), m["u"]
    whole, part = (text[:mark], text[mark + 1 :]) if mark >= 0 else (text, "")
    return Decimal(f"{re.sub(r'[.,]', '', whole) or '0'}.{part or '0'}"), m["u"]


def _item(cells: dict[str, Piece]) -> LineItem:
    quantity, behind = _number(cells.get("quantity"))
    price, _ = _number(cells.get("unit_price"))
    rate, _ = _number(cells.get("tax_rate"))
    amount, _ = _number(cells.get("amount"))
    unit = cells["unit"].text if "unit" in cells else behind
    is_proven = None not in {quantity, price, amount} and is_priced_right(Priced(quantity, price, amount, rate))
    seen = _around(list(cells.values()))
    where = Evidence(
        page=seen.page.number, box=seen.box.rounded(), start=seen.start, end=seen.end,
        confidence=round((_PROVEN if is_proven else _READ) * (0.5 + 0.5 * seen.confidence), 3), source="table_row",
    )  # fmt: skip
    return LineItem(
        description=cells["description"].text if "description" in cells else None,
        quantity=_plain(quantity),
        unit=unit,
        unit_price=None if price is None else str(price),
        tax_rate=_plain(rate),
        amount=None if amount is None else str(amount),
        evidence=where,
    )


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


def _around(pieces: Sequence[Piece]) -> Hit:
    seen = pieces[0].seen
    for piece in pieces[1:]:
        seen = merged(seen, piece.seen)
    return seen
