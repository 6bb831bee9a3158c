"""Layers of a PDF (optional content, PDF 1.7, 8.11) that are switched off when it is opened."""

import mmap
from pathlib import Path
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name

_SIGNS: Final = (b"/OCProperties", b"/ObjStm")
"""Where neither stands in the file there are no layers: what says so is in the catalog, and only an object stream could hold that packed."""


def has_hidden_layers(path: Path) -> bool:
    """Whether any layer is off at first, or may be; False for a file that cannot be opened without a password or a repair."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if all(data.find(sign) < 0 for sign in _SIGNS):
                return False
        with pikepdf.open(path) as pdf:
            layers = pdf.Root.get(Name.OCProperties, None)
            return isinstance(layers, Dictionary) and _is_any_off(layers.get(Name.D, None))
    except (OSError, pikepdf.PdfError, RuntimeError, ValueError, TypeError):
        return False


def _is_any_off(shown: object) -> bool:
    if not isinstance(shown, Dictionary):
        return False
    off = shown.get(Name.OFF, None)
    # /AS switches layers by what the viewer does: viewing, printing
    return shown.get(Name.BaseState, Name.ON) != Name.ON or (isinstance(off, Array) and len(off) > 0) or Name.AS in shown
