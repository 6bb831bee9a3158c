"""Pictures inside Word and Excel files, HTML and mails that may hold text: scans that were pasted in, screenshots, photos of a receipt.

Belongs here: finding them and writing one out. Does not belong here: how a picture is read, and attachments of mails, which are documents of
their own (unpacking.py). Nothing is fetched: pictures that HTML only points at are not there. Drawings (EMF, WMF, SVG) are not read.
"""

import base64
import binascii
import contextlib
import re
from collections.abc import Iterator
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from docmill.errors import Damaged, DocmillError
from docmill.stages.reading import office_container
from docmill.stages.reading.html_file import decoded
from docmill.stages.reading.image_file import size_of
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.mail_file import ODD_MAIL, message_of
from docmill.stages.reading.mail_parts import is_fax
from docmill.stages.reading.media_types import DOCX, EML, HTML, IMAGE_TYPES, XLSX
from docmill.stages.reading.sniff import media_type_of

_MEDIA: Final = re.compile(r"(?:word|xl)/media/[^/]*?(\d*)\.\w+")
# the attribute's value up to its quote; base64 alone, so that a match never backtracks
_DATA_URI: Final = re.compile(r"src\s*=\s*[\"']?\s*data:image/[\w.+-]{1,40};base64,([A-Za-z0-9+/=\s]+)", re.IGNORECASE)
_LEAST_WIDTH_PX, _LEAST_HEIGHT_PX, _LEAST_PX = 150, 40, 20_000
"""Smaller ones are icons, rules and tracking pixels: a line of 25 letters that OCR can read takes more."""


class Picture(NamedTuple):
    """The bytes of a picture, and what they are."""

    data: bytes
    media_type: str


def count_pictures(path: Path, media_type: str, limits: Limits) -> int:
    """How many pictures large enough for text a document of one of TEXT_TYPES holds; the same bytes count once.

    Raises:
        TooLarge, Encrypted, Damaged: the document cannot be taken apart, or not within the limits.
    """
    return len(_pictures_of(path, media_type, limits))


def picture(path: Path, media_type: str, number: int, limits: Limits) -> Picture:
    """Picture `number`, from 1, in the order of the document where it has one.

    Raises:
        Damaged: there is no such picture.
        TooLarge, Encrypted: as `count_pictures`.
    """
    found = _pictures_of(path, media_type, limits)
    if not 1 <= number <= len(found):
        raise Damaged(f"there is no picture {number}")
    return found[number - 1]


def _pictures_of(path: Path, media_type: str, limits: Limits) -> tuple[Picture, ...]:
    if media_type not in {DOCX, XLSX, HTML, EML}:
        return ()
    stat = path.stat()
    return _found(path, media_type, limits, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1)
def _found(path: Path, media_type: str, limits: Limits, _mtime_ns: int, size: int) -> tuple[Picture, ...]:
    limits.check_bytes(size)
    candidates = _in_office(path, limits)  # not begun before somebody iterates
    if media_type in {HTML, EML}:
        candidates = _in_html(decoded(path.read_bytes())) if media_type == HTML else _in_mail(path)
    return tuple(Picture(data, kind) for data in dict.fromkeys(candidates) if (kind := _kind_of(data)) is not None)


def _kind_of(data: bytes) -> str | None:
    """The type of a picture that may hold text; None for others."""
    with contextlib.suppress(DocmillError):
        kind = media_type_of(data[:4096], len(data))
        width, height = size_of(data, kind) if kind in IMAGE_TYPES else (0, 0)
        if width >= _LEAST_WIDTH_PX and height >= _LEAST_HEIGHT_PX and width * height >= _LEAST_PX:
            return kind
    return None


def _in_office(path: Path, limits: Limits) -> Iterator[bytes]:
    # programs number pictures as they come into the document
    office_container.check_document(path, limits)
    with office_container.opened(path) as archive:
        named = [(match, name) for name in archive.namelist() if (match := _MEDIA.fullmatch(name))]
        for _, name in sorted(named, key=lambda one: (int(one[0][1] or 0), one[1])):
            try:
                yield archive.read(name)
            except Exception as error:  # the library raises what the damage makes of it
                raise Damaged("a picture in the document cannot be unpacked") from error


def _in_html(html: str) -> Iterator[bytes]:
    for match in _DATA_URI.finditer(html):
        with contextlib.suppress(binascii.Error, ValueError):
            yield base64.b64decode("".join(match[1].split()))


def _in_mail(path: Path) -> Iterator[bytes]:
    try:
        yield from _in_parts(message_of(path))
    except ODD_MAIL as error:
        raise Damaged("the message cannot be parsed") from error


def _in_parts(message: EmailMessage) -> Iterator[bytes]:
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        payload = part.get_payload() if part.is_multipart() else part.get_payload(decode=True)
        if isinstance(payload, list) and part.get_content_maintype() == "multipart":
            waiting[:0] = [one for one in payload if isinstance(one, EmailMessage)]
        elif isinstance(payload, bytes) and part.get_content_type() == HTML:
            yield from _in_html(decoded(payload, part.get_content_charset()))
        elif isinstance(payload, bytes) and part.get_content_disposition() != "attachment" and not is_fax(part):
            yield payload
