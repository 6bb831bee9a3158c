"""Page images of a PDF that is being written, of which only some are held in memory: the others wait in files until it is saved.

Belongs here: where pictures wait. Does not belong here: how a picture is encoded (page_picture), and what else stands on a page.
"""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

from docmill.pdf_pages.page_picture import picture
from docmill.scratch import folder_within

PICTURE: Final = Name.Im
"""What pages call their image."""

_PICTURES: Final = Name.Pictures

MOST_BYTES: Final = 64 * 2**20
"""Encoded pictures that are held before they go to a file."""


class SpilledPictures:
    """Gives pages of `pdf` their pictures; to be left after the PDF is saved, because it reads them then.

    Args:
        pdf: what is being written.
        folder: an existing one, in which a folder is made for the files; it is overwritten and removed at the end.
        most_bytes: how much is held; MOST_BYTES unless said.
    """

    def __init__(self, pdf: pikepdf.Pdf, folder: Path, most_bytes: int | None = None) -> None:
        self._pdf, self._folder, self._most = pdf, folder, MOST_BYTES if most_bytes is None else most_bytes
        self._files = ExitStack()
        self._spilled = 0
        self._begin()

    def _begin(self) -> None:
        self._held, self._held_bytes = pikepdf.new(), 0
        self._held.Root[_PICTURES] = Array()
        self._waiting: list[Dictionary] = []

    def __enter__(self) -> Self:
        self._folder = self._files.enter_context(folder_within(self._folder))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._held.close()
        self._files.close()

    def resources(self, image: Image.Image) -> Dictionary:
        """A page's /Resources, an object of the PDF, with the image (mode 1, L or RGB) in it once all pages are there; see `finish`."""
        stream = picture(self._held, image)
        self._held_bytes += len(stream.get_raw_stream_buffer())
        self._held.Root[_PICTURES].append(self._held.make_indirect(stream))
        made = self._pdf.make_indirect(Dictionary(XObject=Dictionary()))
        self._waiting.append(made)
        if self._held_bytes > self._most:
            self._spill()
        return made

    def finish(self) -> None:
        """Give the last pages their pictures, too: before the PDF is saved."""
        self._place(self._held)

    def _spill(self) -> None:
        file = self._folder / f"{self._spilled}.pdf"
        self._held.save(file, compress_streams=False)
        self._held.close()
        self._spilled += 1
        self._place(self._files.enter_context(pikepdf.open(file)))
        self._begin()

    def _place(self, source: pikepdf.Pdf) -> None:
        for resources, stream in zip(self._waiting, source.Root[_PICTURES], strict=True):
            resources.XObject[PICTURE] = self._pdf.copy_foreign(stream)
