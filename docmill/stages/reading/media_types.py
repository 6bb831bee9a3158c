"""The media types that can be read, and the names that claim them. Constants only."""

from types import MappingProxyType
from typing import Final

PDF, PNG, JPEG, TIFF, BMP, WEBP = "application/pdf", "image/png", "image/jpeg", "image/tiff", "image/bmp", "image/webp"
GIF, JP2 = "image/gif", "image/jp2"
TEXT, XML, HTML, EML = "text/plain", "application/xml", "text/html", "message/rfc822"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP: Final = "application/zip"
"""Not a document: its members are."""

IMAGE_TYPES = (PNG, JPEG, TIFF, BMP, WEBP, GIF, JP2)
TEXT_TYPES = (TEXT, XML, HTML, EML, DOCX, XLSX)
"""Documents that are text at heart; they have no page image."""

MEDIA_TYPES = (PDF, *IMAGE_TYPES, *TEXT_TYPES, ZIP)
"""Every media type that can be read or taken apart."""

SUFFIXES = MappingProxyType(
    {
        ".pdf": PDF, ".png": PNG, ".jpg": JPEG, ".jpeg": JPEG, ".jpe": JPEG, ".tif": TIFF, ".tiff": TIFF, ".bmp": BMP, ".dib": BMP,
        ".webp": WEBP, ".gif": GIF, ".jp2": JP2, ".j2k": JP2, ".txt": TEXT, ".xml": XML, ".htm": HTML, ".html": HTML, ".xhtml": HTML,
        ".eml": EML, ".docx": DOCX, ".xlsx": XLSX, ".zip": ZIP,
    }
)  # fmt: skip
"""Ending of a file's name -> the type it claims."""

INTERCHANGEABLE = (frozenset(IMAGE_TYPES), frozenset({TEXT, XML, HTML, EML}), frozenset({DOCX, XLSX, ZIP}))
"""Types whose names may be mixed up without harm: every reader goes by the bytes."""
