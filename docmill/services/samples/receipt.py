"""The till receipt of the demo, drawn with Pillow's own font, and its photograph."""

from typing import TYPE_CHECKING, Final

from docmill.services.samples import content
from docmill.services.samples.wear import photographed, table_top

if TYPE_CHECKING:
    from PIL import Image

_WIDTH_PX: Final = 700
_EDGE_PX: Final = 80
_TEXT_PX: Final = 34
_ROW_PX: Final = 60
_RULE: Final = "*" * 30

Row = tuple[str, str]
"""Left and right text; a row without a right text is centred."""


def receipt_rows() -> list[Row]:
    """What the receipt says, row by row."""
    sale = content.RECEIPT
    items = [(f"{item.text} X{item.quantity}" if item.quantity > 1 else item.text, f"{item.amount:.2f}") for item in sale.items]
    sums = [("SUBTOTAL", f"{sale.net:.2f}"), (f"TAX {sale.rate} %", f"{sale.tax:.2f}"), ("TOTAL USD", f"{sale.total:.2f}")]
    head = [(line, "") for line in content.SHOP]
    facts = [("Receipt 004182", "Till 3"), ("Date 2025-05-22", "17:46")]
    foot = [("CARD PAYMENT", f"{sale.total:.2f}"), ("Card ending 0000", "APPROVED"), ("THANK YOU, COME AGAIN", "")]
    rule = [(_RULE, "")]
    return [*head, *rule, *facts, *rule, *items, *rule, *sums, *rule, *foot]


def receipt_photo() -> "Image.Image":
    """The receipt on a wooden table, photographed a little from the side."""
    corners = ((300.0, 118.0), (1100.0, 126.0), (1132.0, 1442.0), (272.0, 1430.0))
    return photographed(_sheet(receipt_rows()), table_top(1400, 1560, seed=5), corners, seed=6)


def _sheet(rows: list[Row]) -> "Image.Image":
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - native code, only where samples are made

    sheet = Image.new("L", (_WIDTH_PX, 2 * _EDGE_PX + _ROW_PX * len(rows)), 255)
    draw, font, right_px = ImageDraw.Draw(sheet), ImageFont.load_default(size=_TEXT_PX), _WIDTH_PX - _EDGE_PX
    for number, (left, right) in enumerate(rows):
        y = _EDGE_PX + _ROW_PX * number
        if right:
            draw.text((_EDGE_PX, y), left, fill=0, font=font)
            draw.text((right_px, y), right, fill=0, font=font, anchor="ra")
        else:
            draw.text((_WIDTH_PX / 2, y), left, fill=0, font=font, anchor="ma")
    return sheet
