"""Which documents are text at heart, and what turns each into plain text, of which plain_text.py makes pages."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from docmill.errors import Damaged
from docmill.stages.reading.docx_file import docx_text
from docmill.stages.reading.html_file import html_text
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.mail_file import mail_text
from docmill.stages.reading.media_types import DOCX, EML, HTML, TEXT, XLSX, XML
from docmill.stages.reading.office_container import DAMAGED_MEMBER
from docmill.stages.reading.sniff import decode_unlabelled
from docmill.stages.reading.unread_parts import unread_in
from docmill.stages.reading.xlsx_file import xlsx_text


class Converted(NamedTuple):
    """A document's text, in which a form feed begins a page, and what is not in it, or was assumed, for people."""

    text: str
    notes: tuple[str, ...] = ()


def converted(path: Path, media_type: str, limits: Limits) -> Converted:
    """The text of a document of one of TEXT_TYPES.

    Raises:
        Damaged, Encrypted, TooLarge: it has none that can be read.
    """
    return _CONVERTERS[media_type](path, limits)


def _plain(path: Path, limits: Limits) -> Converted:
    limits.check_bytes(path.stat().st_size)
    data = path.read_bytes()
    text, guess = decode_unlabelled(data)
    if text is None:
        text, guess = data.decode("utf-8", "replace"), None
    return Converted(text, (f"no encoding stated: read as {guess}",) if guess else ())


def _office(path: Path, text: str, notes: tuple[str, ...] = ()) -> Converted:
    try:
        return Converted(text, (*notes, *unread_in(path)))
    except DAMAGED_MEMBER as error:
        raise Damaged("a part of the document cannot be unpacked") from error


_CONVERTERS: Mapping[str, Callable[[Path, Limits], Converted]] = MappingProxyType(
    {
        TEXT: _plain,
        XML: _plain,
        HTML: lambda path, limits: Converted(html_text(path, limits)),
        EML: lambda path, limits: Converted(mail_text(path, limits)),
        DOCX: lambda path, limits: _office(path, docx_text(path, limits)),
        XLSX: lambda path, limits: _office(path, *xlsx_text(path, limits)),
    }
)
