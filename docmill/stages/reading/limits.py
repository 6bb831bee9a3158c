"""The limits that reading keeps, as one value. They arrive at the cell's border as a plain dictionary."""

from collections.abc import Mapping
from dataclasses import dataclass

from docmill.errors import TooLarge

MIB = 1024 * 1024
_WHOLE = ("max_pages", "max_pixels", "max_bytes", "max_members", "max_unpacked_bytes", "max_ratio")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost.

    Attributes:
        max_pages: most pages of a document.
        max_pixels: most pixels of one page image; PDF pages are rendered at a lower resolution to hold it, images are refused.
        max_bytes: largest file.
        max_members: most members of an archive.
        max_unpacked_bytes: most bytes that an archive, a Word or an Excel file unpacks to.
        max_ratio: highest ratio of unpacked to packed bytes of one that unpacks to more than 16 MiB.
        deadline_s: longest run of one outside program (poppler, Tesseract) or request; the cell's own deadline stands behind it.
    """

    max_pages: int = 2000
    max_pixels: int = 120_000_000
    max_bytes: int = 100 * MIB
    max_members: int = 2000
    max_unpacked_bytes: int = 512 * MIB
    max_ratio: int = 200
    deadline_s: float = 110.0

    @classmethod
    def of(cls, given: Mapping[str, float]) -> "Limits":
        """Limits from the border's dictionary; what it does not name keeps its default."""
        whole = {name: int(given[name]) for name in _WHOLE if name in given}
        return cls(**whole, deadline_s=float(given.get("deadline_s", 110.0)))

    def check_pages(self, count: int) -> None:
        """Raise TooLarge for more pages than max_pages."""
        if count > self.max_pages:
            raise TooLarge(f"the document has more than {self.max_pages} pages (max_pages)", limit=self.max_pages)

    def check_pixels(self, width_px: int, height_px: int) -> None:
        """Raise TooLarge for more pixels than max_pixels."""
        if width_px * height_px > self.max_pixels:
            raise TooLarge(
                f"a page image has {width_px * height_px} pixels, more than {self.max_pixels} (max_pixels)",
                limit=self.max_pixels,
                pixels=width_px * height_px,
            )

    def check_bytes(self, size: int) -> None:
        """Raise TooLarge for more bytes than max_bytes."""
        if size > self.max_bytes:
            raise TooLarge(f"the file has {size} bytes, more than {self.max_bytes} (max_bytes)", limit=self.max_bytes, size_bytes=size)
