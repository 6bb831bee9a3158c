"""Form fields whose appearance does not show their value: programs that fill in forms often write the value alone.

Viewers make the appearance anew where the form asks for it (/NeedAppearances, PDF 1.7, 12.7.2), and where there is none. PDFium makes missing ones
only where the form asks, never replaces one, and leaves out characters that the form's font lacks; so the document is changed here before PDFium opens
it. Values in other scripts than the font's are drawn as boxes, as viewers draw letters they have no font for, and read as what they are.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pikepdf
import pypdfium2 as pdfium
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String
from pypdfium2 import raw

from docmill.pdf_pages.invisible_text import InvisibleText
from docmill.values.geometry import Box
from docmill.values.page import Line, Word

_MOST: Final = 5_000  # fields looked at
_DEEPEST: Final = 30
_INHERITED: Final = (Name.FT, Name.V, Name.DA)
_WRITTEN: Final = frozenset(("/Tx", "/Ch"))
_STYLE: Final = "/Helv 0 Tf 0 g"
_LETTER_PT: Final = 12.0
_BOX: Final = b"40 w 70 40 360 700 re S"
_WORD: Final = re.compile(r"\S+")


def with_fresh_fields(document: pdfium.PdfDocument, path: Path) -> pdfium.PdfDocument:
    """The document, or instead of it (it is closed) a copy in memory whose form fields PDFium will draw with their values.

    Args:
        document: as PDFium opened it.
        path: its file.
    """
    if raw.FPDF_GetFormType(document) == raw.FORMTYPE_NONE:
        return document
    try:
        copy = _fresh_copy(path)
        fresh = pdfium.PdfDocument(copy, autoclose=True) if copy else None
    except (pikepdf.PdfError, pdfium.PdfiumError, RuntimeError, ValueError, TypeError, KeyError, AttributeError):
        return document  # then its fields show what they show
    if fresh is None or len(fresh) != len(document):
        return document
    document.close()
    return fresh


def _fresh_copy(path: Path) -> io.BytesIO | None:
    with pikepdf.open(path) as pdf:
        form = pdf.Root.get(Name.AcroForm, None)
        if not isinstance(form, Dictionary):
            return None
        is_asked = form.get(Name.NeedAppearances, False) is True
        changed = [_freshen(pdf, field, value, is_asked=is_asked, has_style=has_style) for field, value, has_style in _written(form)]
        return _saved(pdf, form) if any(changed) else None


def _freshen(pdf: Pdf, field: Dictionary, value: str, *, is_asked: bool, has_style: bool) -> bool:
    """Take away or make an appearance that has to be made; whether the document must be written for it."""
    drawn = field.get(Name.AP, Dictionary()).get(Name.N, None)
    is_stale = is_asked and isinstance(drawn, Stream) and not _shows(drawn, value)
    if drawn is not None and not is_stale:
        return False
    if is_stale:
        del field.AP
    if not _is_latin(value):
        field.AP = Dictionary(N=_boxes(pdf, field, value))
        return True
    if not has_style:
        field.DA = String(_STYLE)
    return is_stale or not is_asked or not has_style


def _is_latin(value: str) -> bool:
    try:
        value.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _boxes(pdf: Pdf, field: Dictionary, value: str) -> Stream:
    """The appearance of a value as boxes for letters."""
    x0, y0, x1, y1 = (float(edge) for edge in field.Rect)
    width, height, rows = abs(x1 - x0), abs(y1 - y0), value.splitlines()
    size = max(1.0, min(_LETTER_PT, 2 * (width - 4) / max(map(len, rows)), height / (1.2 * len(rows))))
    writer = InvisibleText("V", _BOX)
    lines = []
    for at, row in enumerate(rows):
        top, words = (height - 1.2 * size * len(rows)) / 2 + 1.2 * size * at, []
        for word in _WORD.finditer(row):
            left, right = (2 + size * edge / 2 for edge in word.span())
            words.append(Word(text=word.group(), box=Box(left, top, right, top + size), confidence=1.0))
        lines.append(Line(words=tuple(words)))
    content = writer.content((line for line in lines if line.words), scale=1.0, height_pt=height)
    look = Stream(pdf, content, Type=Name.XObject, Subtype=Name.Form)
    look.BBox, look.Resources = Array([0, 0, width, height]), Dictionary(Font=writer.fonts(pdf))
    return look


def _saved(pdf: Pdf, form: Dictionary) -> io.BytesIO:
    form.NeedAppearances = True
    if Name.DR not in form:
        form.DR = Dictionary()
    if Name.Font not in form.DR:
        form.DR.Font = Dictionary()
    if Name.Helv not in form.DR.Font:
        form.DR.Font.Helv = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    copy = io.BytesIO()
    pdf.save(copy, encryption=False, fix_metadata_version=False)
    return copy


def _written(form: Dictionary) -> Iterator[tuple[Dictionary, str, bool]]:
    """Fields with a written value: text and choices, and whether something says how to write it."""
    known = {name: form[name] for name in (Name.DA,) if name in form}
    waiting = [(field, known, 0) for field in _listed(form, Name.Fields)]
    for _ in range(_MOST):
        if not waiting:
            return
        field, above, depth = waiting.pop()
        own = above | {name: field[name] for name in _INHERITED if name in field}
        kids = _listed(field, Name.Kids) if depth < _DEEPEST else []
        waiting += [(kid, own, depth + 1) for kid in kids]
        value = own.get(Name.V)
        if not kids and Name.Rect in field and isinstance(value, String) and str(value).strip() and str(own.get(Name.FT)) in _WRITTEN:
            yield field, str(value), Name.DA in own


def _listed(node: Dictionary, name: Name) -> list[Dictionary]:
    listed = node.get(name, None)
    return [one for one in listed if isinstance(one, Dictionary)] if isinstance(listed, Array) else []


def _shows(drawn: Stream, value: str) -> bool:
    """Whether an appearance has every word of the value in so many letters; one that says it in glyph numbers is made anew, which harms nothing."""
    content = drawn.read_bytes()
    return all(word.encode("latin-1", "replace") in content for word in value.split())
