"""What a file says of itself: the program that wrote it, when it was made and changed. Authors and titles are personal data and stay where they are.

PDF: the information dictionary (ISO 32000-2, 14.3.3). DOCX and XLSX: docProps (ECMA-376 part 2, 11). Pictures: EXIF tags Software and DateTime.
Whatever cannot be read is left out: properties never fail a document.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from docmill.stages.reading import image_file
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.media_types import DOCX, IMAGE_TYPES, PDF, XLSX
from docmill.stages.reading.office_container import opened
from docmill.stages.reading.pdf_file import open_pdf

PRODUCER, CREATED, MODIFIED = "producer", "file_created_at", "file_modified_at"
_LONGEST: Final = 200
_MOST_BYTES: Final = 1024 * 1024
_EXIF_SOFTWARE, _EXIF_CHANGED, _EXIF_TAKEN, _EXIF_IFD = 0x0131, 0x0132, 0x9003, 0x8769
_PDF_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-])(\d\d)'?(\d\d)?)?")
_ELEMENT = r"<(?:\w+:)?{name}(?: [^<>]*)?>([^<>]{{1,200}})</"


def file_properties(path: Path, media_type: str, limits: Limits) -> dict[str, str | None]:
    """{"producer", "file_created_at", "file_modified_at"}: text or ISO 8601 times, None for what the file does not say."""
    found: dict[str, str] = {}
    with contextlib.suppress(Exception):  # what a damaged file says of itself is worth no failure
        found = dict(_said(path, media_type, limits))
    producer = " ".join(found.get(PRODUCER, "").split())
    shown = producer[:_LONGEST] if producer.isprintable() and producer else None
    return {PRODUCER: shown, **{name: found.get(name) for name in (CREATED, MODIFIED)}}


def _said(path: Path, media_type: str, limits: Limits) -> Iterator[tuple[str, str]]:
    if media_type == PDF:
        yield from _of_pdf(open_pdf(path).get_metadata_dict())
    elif media_type in {DOCX, XLSX}:
        yield from _of_office(path)
    elif media_type in IMAGE_TYPES:
        yield from _of_image(path, media_type, limits)


def _of_pdf(said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if producer := said.get("Producer") or said.get("Creator"):
        yield PRODUCER, producer
    for name, key in ((CREATED, "CreationDate"), (MODIFIED, "ModDate")):
        if moment := pdf_moment(said.get(key, "")):
            yield name, moment.isoformat()


def pdf_moment(text: str) -> datetime | None:
    """A date string of ISO 32000-2, 7.9.4, such as D:20260304101500+01'00'; in UTC where it states an offset; None for anything else."""
    match = _PDF_DATE.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) if part else None for part in match.groups()[:6])
    zulu, sign, hours, minutes = match.groups()[6:]
    try:
        naive = datetime(year or 1, month or 1, day or 1, hour or 0, minute or 0, second or 0)  # noqa: DTZ001 - the file may state no zone
        if not (zulu or sign):
            return naive
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
        return naive.replace(tzinfo=timezone(offset)).astimezone(UTC)
    except ValueError:
        return None


def _of_office(path: Path) -> Iterator[tuple[str, str]]:
    with opened(path) as archive:
        parts = {}
        for name in ("docProps/app.xml", "docProps/core.xml"):
            with contextlib.suppress(KeyError), archive.open(name) as member:
                parts[name] = member.read(_MOST_BYTES).decode("utf-8", "replace")
    # single elements by pattern: no parser, so no entity of the file is ever resolved
    for name, section, element in ((PRODUCER, "app", "Application"), (CREATED, "core", "created"), (MODIFIED, "core", "modified")):
        if match := re.search(_ELEMENT.format(name=element), parts.get(f"docProps/{section}.xml", "")):
            yield name, match[1] if name == PRODUCER else _in_utc(match[1])


def _in_utc(text: str) -> str:
    moment = datetime.fromisoformat(text.strip())
    return (moment.astimezone(UTC) if moment.tzinfo else moment).isoformat()


def _of_image(path: Path, media_type: str, limits: Limits) -> Iterator[tuple[str, str]]:
    with image_file.opened(path, media_type, limits) as image:
        said = image.getexif()
        taken, changed, software = said.get_ifd(_EXIF_IFD).get(_EXIF_TAKEN), said.get(_EXIF_CHANGED), said.get(_EXIF_SOFTWARE)
    if software:
        yield PRODUCER, str(software).rstrip("\0")
    for name, text in ((CREATED, taken), (MODIFIED, changed)):
        with contextlib.suppress(ValueError):
            if text:
                yield name, datetime.strptime(str(text).rstrip("\0"), "%Y:%m:%d %H:%M:%S").isoformat()  # noqa: DTZ007 - EXIF states no zone
