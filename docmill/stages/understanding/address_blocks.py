"""Blocks of lines around a line of postal code and place: the name above, the street, what follows; and the sender's small line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from docmill.stages.understanding.address_words import PLACE_LINE, LineRole, line_role
from docmill.stages.understanding.layout import Hit
from docmill.stages.understanding.pieces import Piece
from docmill.values.geometry import Box, union
from docmill.values.page import Page

_MOST_LINES = 6
_PITCH_SLACK = 1.5
_FIRST_STEP, _NAME_STEP, _LABEL_STEP = 5.5, 4.5, 4.0
"""How many line heights above its place line a street may stand, a name above its street, a label above its block."""

_COUNTRY = re.compile(
    r"^(?:deutschland|germany|[oö]sterreich|austria|schweiz|switzerland|france|nederland"
    r"|the netherlands|belgi[eëq]\w*|italia|espa[nñ]a|luxembourg|united kingdom|uk|usa|polska"
    r"|danmark)\.?$",
    re.IGNORECASE,
)
_SENDER = re.compile(
    r"^(?P<name>[^\n|●•·\u2013]{3,60}?)\s*[|●•·,\u2013-]+\s*"
    r"(?P<address>[^\n]{3,60}[|●•·,\u2013 -]+\s*(?:[A-Z]{1,2}-)?\d{4,5} ?[A-ZÄÖÜ][\w.-]+(?: [A-ZÄÖÜ(][\w.()-]*)?)"
)


@dataclass(frozen=True, slots=True)
class Block:
    """One address: name lines from top to bottom, address lines, the label above (lower case), whether ways of contact follow."""

    names: tuple[Piece, ...]
    address: tuple[Piece, ...]
    label: str | None
    has_contact: bool

    @property
    def box(self) -> Box:
        """Around all lines, in pixels."""
        return union([p.box for p in (*self.names, *self.address)])


def blocks_of(pieces: Sequence[Piece]) -> list[Block]:
    """Every block around a line of postal code and place, in reading order."""
    return [_block(piece, pieces) for piece in pieces if PLACE_LINE.match(piece.text.strip(" ,;"))]


def _is_under(upper: Piece, lower: Piece, reach_px: float) -> bool:
    height = max(1.0, lower.box.height)
    return abs(upper.box.x0 - lower.box.x0) < 0.8 * height and 0.3 * height < lower.box.y0 - upper.box.y0 < reach_px


def _above(piece: Piece, pieces: Sequence[Piece], reach_px: float) -> Piece | None:
    return max((p for p in pieces if _is_under(p, piece, reach_px)), key=lambda p: p.box.y0, default=None)


def _block(anchor: Piece, pieces: Sequence[Piece]) -> Block:
    height = max(1.0, anchor.box.height)
    lines = [anchor]
    pitch: float | None = None
    while len(lines) < _MOST_LINES:
        reach = _FIRST_STEP * height if pitch is None else max(_PITCH_SLACK * pitch, 1.9 * height)
        above = _above(lines[-1], pieces, reach)
        if above is None and len(lines) == 2:  # noqa: PLR2004 - street and place alone: the name stands a little apart
            above = _above(lines[-1], pieces, _NAME_STEP * height)
        if above is None or _is_end(above):
            break
        pitch = pitch or lines[-1].box.y0 - above.box.y0
        lines.append(above)
    lines.reverse()
    street = _street_at(lines)
    label = _label_of(lines[0], pieces, _LABEL_STEP * height)
    after = [p for p in pieces if 0 < p.box.y0 - anchor.box.y0 < 9 * height and abs(p.box.x0 - anchor.box.x0) < 1.5 * height]
    after.sort(key=lambda p: p.box.y0)
    country = (after[0],) if after and _COUNTRY.match(after[0].text) else ()
    contact = any(line_role(p.text) is LineRole.CONTACT for p in after[:3])
    return Block(tuple(lines[:street]), (*lines[street:], *country), None if label is None else label.text.lower(), contact)


def _label_of(first: Piece, pieces: Sequence[Piece], reach_px: float) -> Piece | None:
    """The line above a block; a label may begin a little to the left."""
    height = max(1.0, first.box.height)
    near = [
        p for p in pieces if -0.8 * height < first.box.x0 - p.box.x0 < 2.5 * height and 0.3 * height < first.box.y0 - p.box.y0 < reach_px
    ]
    return max(near, key=lambda p: p.box.y0, default=None)


def _is_end(piece: Piece) -> bool:
    """A label or a title ends a block from above."""
    text = piece.text.lower()
    return text.endswith(":") or line_role(piece.text) in {LineRole.STOP, LineRole.CONTACT} or bool(_LABEL.match(text))


_LABEL = re.compile(
    r"^(?:rechnungs-?(?:ersteller|steller|empf[aä]nger|adresse|anschrift)|lieferant|k[aä]ufer"
    r"|verk[aä]ufer|waren-?empf[aä]nger|liefer-?(?:adresse|anschrift)|bill to|ship to|sold to"
    r"|factuur-?adres|aflever-?adres|"
    r"customer|client|seller|supplier|vendor|from|to|versicherungsb[uü]ro|adresse.*)$"
)


def _street_at(lines: Sequence[Piece]) -> int:
    """Where the address begins among the lines: the last line before the place that has a number or a street's word."""
    for index in range(len(lines) - 2, -1, -1):
        text = lines[index].text
        is_street = line_role(text) is LineRole.ADDRESS or re.search(r"[^\W\d]{3,}.*\d", text)
        if not is_street or re.match(r"(?:GLN|ILN|Lief-?Nr)", text):
            return index + 1
        if index and not re.search(r"\d", lines[index - 1].text):
            return index
    return max(0, len(lines) - 1) if len(lines) < 2 else 1  # noqa: PLR2004 - two lines: a name and a place


def sender_line(page: Page) -> tuple[Hit, Hit | None] | None:
    """Name and address of the sender where they stand in one small line above the recipient; None when there is no such line."""
    at = 0
    for line in page.lines:
        text = line.text
        m = _SENDER.match(text)
        if m and line.box.y0 < 0.45 * page.height_px and m["name"].strip() and not any(c.isdigit() for c in m["name"]):
            boxes = _hit(page, at + m.start("name"), at + m.end("name")), _hit(page, at + m.start("address"), at + m.end("address"))
            if boxes[0] is not None:
                return boxes[0], boxes[1]
        at += len(text) + 1
    return None


def _hit(page: Page, start: int, end: int) -> Hit | None:
    words = page.words_in(start, end)
    return Hit(page, start, end, union([w.box for w in words])) if words else None
