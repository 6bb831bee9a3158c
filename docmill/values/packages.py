"""Versions of installed packages, for artefact keys and certificates. Only names and versions: nothing is imported or loaded."""

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

MISSING: Final = "missing"
"""What stands for the version of a package that is not installed."""


@lru_cache(maxsize=64)
def installed_version(package: str) -> str:
    """The version of a package, or MISSING. Read once: a running process keeps the code that it has loaded."""
    try:
        return version(package)
    except PackageNotFoundError:
        return MISSING
