"""Pictures of pages for people to look at: drawn in the cell, because documents come from strangers, and handed on as PNG.

What comes back from the cell is taken for nothing but numbers of pixels: a header of three numbers and bytes, which are packed here.
"""

import re
import struct
import zlib
from pathlib import Path
from typing import Final

from docmill.cell import CellLimits, thread_cell
from docmill.errors import NotFound, StageFailed, UnsupportedType
from docmill.scratch import scratch_folder
from docmill.services import lookups
from docmill.services.running.room import Room
from docmill.services.running.unlocking import UNLOCKED_COPY
from docmill.storage.ledger import artefacts
from docmill.values.jobs import JobView
from docmill.values.keys import original_name, unlocked_name
from docmill.values.results import Results

DPI: Final = 110
DEADLINE_S: Final = 30.0
MOST_PIXELS: Final = 40_000_000
_HEADER: Final = re.compile(rb"P(?:4|([56]))\s+(\d{1,6})\s+(\d{1,6})(?(1)\s+255)\s")
_INVERTED: Final = bytes(255 - value for value in range(256))


def page_picture(room: Room, job: JobView, results: Results, number: int, *, redacted: bool) -> bytes:
    """PNG of a page of the original, or of the redacted copy, upright, so that boxes lie where they belong.

    Call it from few threads: each has a cell of its own.

    Raises:
        NotFound: no such page, or there is no redacted copy.
        UnsupportedType: a text document has no pictures.
        DocmillError: what drawing raised.
    """
    if not 1 <= number <= results.document.page_count:
        raise NotFound("no such page")
    name, media_type = _redacted(room, job) if redacted else (_original(room, job), results.document.media_type)
    # a redacted copy is upright already
    turned_deg = 0 if redacted else next((page.turned_deg for page in results.pages if page.number == number), 0)
    limits = CellLimits(memory_bytes=room.limits.cell_memory_bytes, items=room.limits.cell_items)
    with scratch_folder("page") as folder:
        path = room.store.fetch(name, folder)
        drawn = thread_cell(limits).call(
            "docmill.stages.reading.verbs:page_image", str(path), media_type, number, DPI, str(folder), turned_deg, deadline_s=DEADLINE_S
        )
        if not isinstance(drawn, dict):
            raise StageFailed("drawing gave no picture")
        return png_of((folder / Path(str(drawn["path"])).name).read_bytes())


def png_of(pixels: bytes) -> bytes:
    """A raw PBM, or PGM or PPM of 8 bits, as PNG (https://www.w3.org/TR/png-3/).

    Raises:
        StageFailed: it is something else, or larger than it should be.
    """
    found = _HEADER.match(pixels)
    if found is None:
        raise StageFailed("the drawn page is no PBM, PGM or PPM")
    width, height, is_colour = int(found[2]), int(found[3]), found[1] == b"6"
    depth = 8 if found[1] else 1
    rows, stride = pixels[found.end() :], (width * depth * (3 if is_colour else 1) + 7) // 8
    if not 0 < width * height <= MOST_PIXELS or len(rows) != stride * height:
        raise StageFailed("the drawn page has another size than it says")
    if depth == 1:
        rows = rows.translate(_INVERTED)  # a PBM's ones are ink, a PNG's are light
    plain = b"".join(b"\0" + rows[at : at + stride] for at in range(0, len(rows), stride))
    head = struct.pack("!2I5B", width, height, depth, 2 if is_colour else 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _part(b"IHDR", head) + _part(b"IDAT", zlib.compress(plain, 3)) + _part(b"IEND", b"")


def _part(kind: bytes, body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))


def _original(room: Room, job: JobView) -> str:
    sha256 = lookups.sha256_of(room.ledger, room.tenant, job.document_id)
    with room.ledger.reading() as conn:
        is_unlocked = bool(artefacts.documents_with(conn, room.tenant, [job.document_id], UNLOCKED_COPY))
    return unlocked_name(room.tenant, sha256) if is_unlocked else original_name(room.tenant, sha256)


def _redacted(room: Room, job: JobView) -> tuple[str, str]:
    with room.ledger.reading() as conn:
        made = next((a for a in artefacts.of_job(conn, room.tenant, job.job_id) if a.name == "redacted"), None)
    if made is None:
        raise NotFound("there is no redacted copy")
    if made.media_type.startswith("text/"):
        raise UnsupportedType("a text document has no page image")
    return made.object_name, made.media_type
