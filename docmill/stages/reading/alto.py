"""Pages as ALTO 4 (https://www.loc.gov/standards/alto/), a text block per line, measured in pixels. Part of formats.py."""

from collections.abc import Callable, Sequence
from xml.sax.saxutils import quoteattr

from docmill.values.geometry import Box
from docmill.values.page import Line, Page

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://www.loc.gov/standards/alto/ns-v4# http://www.loc.gov/standards/alto/v4/alto-4-4.xsd" SCHEMAVERSION="4.4">
<Description><MeasurementUnit>pixel</MeasurementUnit></Description>
<Layout>
"""


def alto_of(pages: Sequence[Page], xml_text: Callable[[str], str]) -> str:
    """One ALTO document of all pages; word confidences as WC 0.0-1.0.

    Args:
        pages: in order.
        xml_text: replaces characters that XML 1.0 cannot hold.
    """
    return _HEAD + "\n".join(_page(page, xml_text) for page in pages) + "\n</Layout>\n</alto>\n"


def _page(page: Page, xml_text: Callable[[str], str]) -> str:
    size = f'WIDTH="{page.width_px}" HEIGHT="{page.height_px}"'
    blocks = "\n".join(_block(line, f"{page.number}_{at}", xml_text) for at, line in enumerate(page.lines, 1))
    return (
        f'<Page ID="page_{page.number}" PHYSICAL_IMG_NR="{page.number}" {size} PC="{page.confidence:.4f}">\n'
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
