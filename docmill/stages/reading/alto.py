"""Pages as ALTO 4 (https://www.loc.gov/standards/alto/), a text block per line, measured in pixels. Part of formats.py.

How a page was made upright is a processing step that the page refers to. It is no ROTATION of the page: that would say that the text is turned
in the coordinates that are given here.
"""

from collections.abc import Callable, Sequence
from typing import Final
from xml.sax.saxutils import quoteattr

from docmill.values.geometry import Box
from docmill.values.page import Line, Page

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://www.loc.gov/standards/alto/ns-v4# http://www.loc.gov/standards/alto/v4/alto-4-4.xsd" SCHEMAVERSION="4.4">
<Description><MeasurementUnit>pixel</MeasurementUnit>"""
_AS_IT_LIES: Final = (1, 0)


def alto_of(pages: Sequence[Page], xml_text: Callable[[str], str]) -> str:
    """One ALTO document of all pages; word confidences as WC 0.0-1.0.

    Args:
        pages: in order.
        xml_text: replaces characters that XML 1.0 cannot hold.
    """
    steps = "".join(_step(*turn) for turn in sorted({_turn(page) for page in pages} - {_AS_IT_LIES}))
    body = "\n".join(_page(page, xml_text) for page in pages)
    return f"{_HEAD}{steps}</Description>\n<Layout>\n{body}\n</Layout>\n</alto>\n"


def _turn(page: Page) -> tuple[int, int]:
    return page.exif_orientation, page.turned_deg


def _step(exif_orientation: int, turned_deg: int) -> str:
    return (
        f'\n<Processing ID="{_step_id(exif_orientation, turned_deg)}"><processingCategory>preOperation</processingCategory>'
        "<processingStepDescription>the page made upright: by EXIF orientation, then turned clockwise</processingStepDescription>"
        f"<processingStepSettings>exif_orientation={exif_orientation} turned_deg={turned_deg}</processingStepSettings></Processing>\n"
    )


def _step_id(exif_orientation: int, turned_deg: int) -> str:
    return f"upright_{exif_orientation}_{turned_deg}"


def _page(page: Page, xml_text: Callable[[str], str]) -> str:
    size = f'WIDTH="{page.width_px}" HEIGHT="{page.height_px}"'
    blocks = "\n".join(_block(line, f"{page.number}_{at}", xml_text) for at, line in enumerate(page.lines, 1))
    step = "" if _turn(page) == _AS_IT_LIES else f' PROCESSINGREFS="{_step_id(*_turn(page))}"'
    return (
        f'<Page ID="page_{page.number}"{step} PHYSICAL_IMG_NR="{page.number}" {size} PC="{page.confidence:.4f}">\n'
        f'<PrintSpace HPOS="0" VPOS="0" {size}>\n{blocks}\n</PrintSpace>\n</Page>'
    )


def _block(line: Line, at: str, xml_text: Callable[[str], str]) -> str:
    words = "<SP/>".join(
        f'<String ID="word_{at}_{n}" {_place(w.box)} WC="{w.confidence:.4f}" CONTENT={quoteattr(xml_text(w.text))}/>'
        for n, w in enumerate(line.words, 1)
    )
    place = _place(line.box)
    return f'<TextBlock ID="block_{at}" {place}><TextLine ID="line_{at}" {place}>{words}</TextLine></TextBlock>'


def _place(box: Box) -> str:
    return f'HPOS="{box.x0:.1f}" VPOS="{box.y0:.1f}" WIDTH="{box.width:.1f}" HEIGHT="{box.height:.1f}"'
