"""Versions of installed packages, for artefact keys and certificates, and the OCR engines that packages bring. Nothing is imported or loaded."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import Final

MISSING: Final = "missing"
"""What stands for the version of a package that is not installed."""

OCR_ENGINES: Final = "docmill.ocr_engines"
"""The entry point group of OCR engines that come with other packages; what an entry point names is an EngineFactory of stages/reading/engines.py."""


@lru_cache(maxsize=64)
def installed_version(package: str) -> str:
    """The version of a package, or MISSING. Read once: a running process keeps the code that it has loaded."""
    try:
        return version(package)
    except PackageNotFoundError:
        return MISSING


def registered_engines() -> Mapping[str, EntryPoint]:
    """The OCR engines that installed packages register, by name. Looked up each time: a few hundredths of a second."""
    return {point.name: point for point in entry_points(group=OCR_ENGINES)}
