"""What PDFium does not say of a document: layers (optional content, PDF 1.7, 8.11) that are off at first, notes without an appearance, pages' units."""

import mmap
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

_SIGNS: Final = (b"/OCProperties", b"/UserUnit", b"/FreeText", b"/ObjStm")
"""Where none of them stands in the file there is nothing to say: only an object stream could hold the others packed."""

_MOST_NOTES: Final = 20_000  # annotations of a document that are looked at
_ODD = (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, IndexError)

_LONGEST_PT: Final = 200_000  # 70 metres; a page that says it is longer is taken to count in points


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What there is to know of a document.

    Attributes:
        hides_layers: whether layers are off at first, or may be.
        has_bare_notes: whether there are notes that viewers have to draw by themselves.
        units: for pages, by their numbers from 1, how many points a unit of theirs has where it is not one.
    """

    hides_layers: bool = False
    has_bare_notes: bool = False
    units: Mapping[int, float] = field(default_factory=dict)


def facts_of(path: Path) -> DocumentFacts:
    """The facts of a PDF; of one that cannot be opened without a password or a repair the usual ones."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if all(data.find(sign) < 0 for sign in _SIGNS):
                return DocumentFacts()
        with pikepdf.open(path) as pdf:
            return DocumentFacts(_hides_layers(pdf), _has_bare_notes(pdf), _units(pdf))
    except (OSError, pikepdf.PasswordError, *_ODD):
        return DocumentFacts()


def _hides_layers(pdf: Pdf) -> bool:
    try:
        layers = pdf.Root.get(Name.OCProperties, None)
        return isinstance(layers, Dictionary) and _is_any_off(layers.get(Name.D, None))
    except _ODD:  # then it is looked for
        return True


def _has_bare_notes(pdf: Pdf) -> bool:
    try:
        return any(True for _ in bare_notes(pdf))
    except _ODD:
        return False


def bare_notes(pdf: Pdf) -> Iterator[Dictionary]:
    """Notes whose text stands on the page itself (FreeText, PDF 1.7, 12.5.6.6) and that have no appearance."""
    listed = (page.obj.get(Name.Annots, None) for page in pdf.pages)
    notes = (note for annotations in listed if isinstance(annotations, Array) for note in annotations)
    for note in islice(notes, _MOST_NOTES):
        if isinstance(note, Dictionary) and note.get(Name.Subtype, None) == Name.FreeText:
            drawn = note.get(Name.AP, None)
            if not isinstance(drawn, Dictionary) or Name.N not in drawn:
                yield note


def _is_any_off(shown: object) -> bool:
    if not isinstance(shown, Dictionary):
        return False
    off = shown.get(Name.OFF, None)
    # /AS switches layers by what the viewer does: viewing, printing
    return shown.get(Name.BaseState, Name.ON) != Name.ON or (isinstance(off, Array) and len(off) > 0) or Name.AS in shown


def _units(pdf: Pdf) -> dict[int, float]:
    found = {}
    for number, page in enumerate(pdf.pages, 1):
        if Name.UserUnit in page.obj:
            with suppress(*_ODD):
                unit, box = float(page.obj.UserUnit), [float(edge) for edge in page.mediabox]
                if unit > 0 and unit * max(abs(box[2] - box[0]), abs(box[3] - box[1])) <= _LONGEST_PT:
                    found[number] = unit
    return found
