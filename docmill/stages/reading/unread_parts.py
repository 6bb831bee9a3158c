"""What Word and Excel files hold and reading leaves out: drawings, charts, diagrams, equations, comments, embedded files. Counted, never opened.

A file that loses half of what it says must not look read. Counts are those of the container: a drawing that stands on three pages is one.
"""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from docmill.stages.reading.office_container import opened

_BLOCK_BYTES: Final = 1024 * 1024
_LONGEST_TAG_BYTES: Final = 64
_PARTS: Final = (
    (re.compile(r"(?:word|xl)/media/.*\.emf", re.IGNORECASE), "EMF drawing"),
    (re.compile(r"(?:word|xl)/media/.*\.wmf", re.IGNORECASE), "WMF drawing"),
    (re.compile(r"(?:word|xl)/media/.*\.svg", re.IGNORECASE), "SVG drawing"),
    (re.compile(r"(?:word|xl)/charts/chart(?:Ex)?\d*\.xml"), "chart"),
    (re.compile(r"(?:word|xl)/diagrams/data\d*\.xml"), "SmartArt diagram"),
)
_ELEMENTS: Final = (
    (re.compile(r"word/(?:document|header|footer|footnotes|endnotes)\d*\.xml"), re.compile(rb"<m:oMath[ />]"), "equation"),
    (re.compile(r"word/document\d*\.xml"), re.compile(rb"<w:altChunk[ />]"), "inserted document"),
    (re.compile(r"word/comments\.xml"), re.compile(rb"<w:comment[ >]"), "comment"),
    (re.compile(r"xl/comments[^/]*\.xml|xl/comments/[^/]+\.xml"), re.compile(rb"<(?:\w+:)?comment[ >]"), "comment"),
    (re.compile(r"xl/drawings/drawing\d*\.xml"), re.compile(rb"<xdr:txBody[ >]"), "text box"),
)
_EMBEDDED: Final = re.compile(r"(?:word|xl)/embeddings/([^/]+)")
_OF_CHARTS: Final = re.compile(r"(?:word|xl)/charts/_rels/[^/]+")


def unread_in(path: Path) -> tuple[str, ...]:
    """What is not read of a Word or Excel file, with its kind and count, for people; empty where all is.

    Raises:
        Damaged: the container cannot be read.
    """
    with opened(path) as archive:
        counts = Counter[str]()
        for what, count in _found(archive):
            counts[what] += count
    return tuple(f"not read: {count} {what}{'s' * (count > 1)}" for what, count in counts.items() if count)


def _found(archive: zipfile.ZipFile) -> Iterator[tuple[str, int]]:
    names = archive.namelist()
    for name in names:
        yield from ((what, 1) for pattern, what in _PARTS if pattern.fullmatch(name))
        yield from ((what, _count(archive, name, tag)) for pattern, tag, what in _ELEMENTS if pattern.fullmatch(name))
    embedded = [match[1] for name in names if (match := _EMBEDDED.fullmatch(name))]
    if embedded:  # the numbers behind a chart come as a workbook of their own
        behind = b"".join(archive.read(name) for name in names if _OF_CHARTS.fullmatch(name))
        yield "embedded file", sum(1 for name in embedded if name.encode() not in behind)


def _count(archive: zipfile.ZipFile, name: str, tag: re.Pattern[bytes]) -> int:
    found, rest = 0, b""
    with archive.open(name) as member:
        while block := member.read(_BLOCK_BYTES):
            data = rest + block
            last = 0
            for match in tag.finditer(data):
                found, last = found + 1, match.end()
            rest = data[max(last, len(data) - _LONGEST_TAG_BYTES) :]
    return found
