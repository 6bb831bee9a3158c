"""The version of the understanding stage: part of its artefact keys. Raise VERSION whenever its output changes for the same pages."""

from typing import Final

from docmill.values.options import MillOptions

VERSION: Final = "12"


def engine(_options: MillOptions) -> dict[str, str]:
    """Names and versions of what shapes the output: this stage's own rules alone."""
    return {"rules": VERSION}
