"""Protocols that one room implements and another uses, so that neither imports the other."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

from docmill.values.page import Page
from docmill.values.upright import ExifOrientation


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One object: its name, size in bytes, SHA-256 and what changes with every write of it (each None where the store does not keep one)."""

    name: str
    size_bytes: int
    sha256: str | None = None
    version: str | None = None


@runtime_checkable
class ObjectStore(Protocol):
    """Bytes under names. Names are relative paths with `/`. Every implementation passes tests/integration/test_object_store_contract.py.

    All methods raise `StoreUnavailable` when the store does not answer; reads of a missing name raise `NotFound`.
    """

    def create(self, name: str, data: bytes, *, media_type: str = "application/octet-stream") -> bool:
        """Write only if absent, atomically. True when this call made it, False when it was there already (then nothing is changed)."""

    def create_from(self, name: str, path: Path, *, media_type: str = "application/octet-stream") -> bool:
        """As `create`, from a local file, without holding it in memory."""

    def replace(self, name: str, data: bytes) -> None:
        """Write or overwrite atomically. Only for leases and flags, never for artefacts."""

    def read(self, name: str) -> bytes:
        """All bytes, checksum verified."""

    def fetch(self, name: str, directory: Path) -> Path:
        """A local file with the object's bytes: the store's own where it has one (never write to it), else a copy below `directory`."""

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""

    def info(self, name: str) -> ObjectInfo:
        """Size and checksum."""

    def list(self, prefix: str) -> Iterable[ObjectInfo]:
        """All objects whose name begins with `prefix`, by name."""

    def delete(self, name: str) -> bool:
        """Remove; False when it was not there."""

    def signed_url(self, name: str, *, expires: timedelta, download_name: str | None = None) -> str:
        """A URL that lets anybody read this object until it expires."""


@dataclass(frozen=True, slots=True)
class PageImage:
    """An upright page image in a local file that belongs to the caller (read-only), with its size and resolution.

    `exif_orientation` is that of the image file it comes from, already done in `path`.
    """

    path: Path
    width_px: int
    height_px: int
    dpi: int
    number: int
    exif_orientation: ExifOrientation = 1


class OcrEngine(Protocol):
    """Reads one page image."""

    name: str

    def version(self, language: str) -> dict[str, str]:
        """Engine, model and language-data versions: part of the artefact key."""

    def read(self, image: PageImage, *, language: str) -> Page:
        """Words in lines with boxes and confidences.

        Raises:
            EngineMissing, LanguageMissing: what to install.
            EngineUnavailable: a service did not answer (retryable).
        """
