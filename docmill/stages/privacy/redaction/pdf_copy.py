"""Writes the redacted PDF: a new file of page pictures and an invisible text layer.

Nothing of the old file is copied, so nothing of it can be left over: no metadata, attachments, scripts, earlier revisions, thumbnails or
hidden layers. The same input gives the same bytes.
"""

from collections.abc import Iterable
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

from docmill.pdf_pages.invisible_text import InvisibleText
from docmill.pdf_pages.spilled_pictures import SpilledPictures
from docmill.stages.privacy.redaction.burning import Burn

_POINTS_PER_INCH = 72


def write_pdf(out: Path, pages: Iterable[tuple[Image.Image, Burn]]) -> None:
    """Write burned page images and their visible words. In memory are one image and some encoded ones; others wait in files beside `out`."""
    text = InvisibleText()
    with pikepdf.new() as pdf, SpilledPictures(pdf, out.parent) as pictures:
        resources = []
        for image, burn in pages:
            scale = _POINTS_PER_INCH / burn.page.dpi
            width, height = burn.page.width_px * scale, burn.page.height_px * scale
            resources.append(pictures.resources(image))
            shown = b"q %.3f 0 0 %.3f 0 0 cm /Im Do Q\n" % (width, height) + text.content(burn.lines, scale=scale, height_pt=height)
            page = Dictionary(Type=Name.Page, MediaBox=Array([0, 0, round(width, 3), round(height, 3)]), Resources=resources[-1])
            page.Contents = pdf.make_stream(shown)
            pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
        pictures.finish()
        fonts = pdf.make_indirect(text.fonts(pdf))
        for resource in resources:
            resource.Font = fonts
        pdf.save(out, deterministic_id=True, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
