"""What a file is, before anything of it is read: its type by magic bytes, its pages, an e-invoice inside, and whether it keeps the limits."""

from dataclasses import dataclass
from pathlib import Path

from docmill.errors import UnsupportedType
from docmill.stages.reading import image_file, plain_text
from docmill.stages.reading.einvoice import embedded_einvoice
from docmill.stages.reading.embedded_pictures import count_pictures
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.media_types import DOCX, IMAGE_TYPES, PDF, XLSX, XML, ZIP
from docmill.stages.reading.office_container import type_of
from docmill.stages.reading.pdf_file import open_pdf
from docmill.stages.reading.sniff import HEAD_BYTES, media_type_of

BARE = "bare"
"""What `Survey.einvoice` says of an XML invoice that comes without a PDF."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A file's type, number of pages, and the name of an embedded e-invoice (BARE for XML without a PDF, None without one)."""

    media_type: str
    page_count: int
    einvoice: str | None


def survey(path: Path, limits: Limits) -> Survey:
    """Look at a file without reading its pages.

    Raises:
        UnsupportedType, Damaged, Encrypted, TooLarge: why it cannot be read.
    """
    size = path.stat().st_size
    limits.check_bytes(size)
    with path.open("rb") as file:
        media_type = media_type_of(file.read(HEAD_BYTES), size)
    if media_type in {ZIP, DOCX, XLSX}:
        media_type = type_of(path)  # the first bytes may not show which
    if media_type == ZIP:
        raise UnsupportedType("an archive holds documents but is none: `docmill ingest` takes it apart", media_type=media_type)
    if media_type == PDF:
        document = open_pdf(path)
        limits.check_pages(len(document))
        return Survey(PDF, len(document), embedded_einvoice(document))
    if media_type in IMAGE_TYPES:
        return Survey(media_type, image_file.count_frames(path, media_type, limits), None)
    count = plain_text.count_pages(path, media_type, limits) + count_pictures(path, media_type, limits)
    limits.check_pages(count)
    return Survey(media_type, count, BARE if media_type == XML else None)
