"""Which kind of ZIP container a file is, by the names of its members. Pure Python on bytes, so it is safe outside the cell."""

from collections.abc import Iterable
from typing import Final

from docmill.errors import UnsupportedType
from docmill.stages.reading.media_types import DOCX, XLSX, ZIP

MAGICS: Final = (b"PK\x03\x04", b"PK\x05\x06")
"""How a ZIP begins: with a member, or with the end of an empty directory."""

_NAME_AT, _NAME_LENGTH_AT = 30, 26  # of a local file header, APPNOTE 4.3.7
_CONTENT_TYPES: Final = "[Content_Types].xml"
"""In every Office file, ISO 29500-2. Its folders alone prove nothing: people call folders `word`, too."""

_KINDS: Final = (("word/", "word/document.xml", DOCX), ("xl/", "xl/workbook.xml", XLSX))
# slides, OpenDocument, EPUB, iWork, Java: documents and programs in a ZIP that nobody wants taken apart
_OTHER_KINDS: Final = frozenset(
    ("ppt/presentation.xml", "META-INF/manifest.xml", "META-INF/container.xml", "META-INF/MANIFEST.MF", "Index/Document.iwa")
)


def type_of_head(head: bytes) -> str:
    """DOCX, XLSX or ZIP, by the names of the members whose headers lie in a file's first bytes."""
    names, at = [], head.find(MAGICS[0])
    while at >= 0:
        length = int.from_bytes(head[at + _NAME_LENGTH_AT : at + _NAME_LENGTH_AT + 2], "little")
        names.append(head[at + _NAME_AT : at + _NAME_AT + length].decode("utf-8", "replace"))
        at = head.find(MAGICS[0], at + 4)
    return kind_of(names)


def kind_of(names: Iterable[str]) -> str:
    """DOCX, XLSX or ZIP, by member names.

    Raises:
        UnsupportedType: a document of another kind that comes in a ZIP, such as slides.
    """
    listed = list(names)
    known = set(listed)
    for folder, main_part, media_type in _KINDS:
        if main_part in known or (_CONTENT_TYPES in known and any(name.startswith(folder) for name in listed)):
            return media_type
    is_mimetype_first = listed[:1] == ["mimetype"]  # where OpenDocument and EPUB must have it
    is_slides = _CONTENT_TYPES in known and any(name.startswith("ppt/") for name in listed)
    if is_mimetype_first or is_slides or known & _OTHER_KINDS:
        raise UnsupportedType("a ZIP of a kind that is not read (slides, OpenDocument, EPUB): send DOCX, XLSX or PDF")
    return ZIP
