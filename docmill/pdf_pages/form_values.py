"""Form fields whose appearance does not show their value, and notes that have none: programs that fill in forms often write the value alone.

Viewers make the appearance anew where the form asks for it (/NeedAppearances, PDF 1.7, 12.7.2), and where there is none. PDFium makes missing ones
only where the form asks, never replaces one, and leaves out characters that the form's font lacks; so the document is changed here before PDFium opens
it, and notes become fields, which it draws. Values in other scripts than the font's are drawn as boxes, as viewers draw letters they have no font for,
and read as what they are.
"""

import io
import math
import re
import warnings
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Final, NamedTuple, cast
from weakref import WeakSet

import pikepdf
import pypdfium2 as pdfium
from pikepdf import Array, Dictionary, Name, Object, PageCopyWarning, Pdf, Stream, String
from pypdfium2 import raw

from docmill.pdf_pages.document_facts import bare_notes
from docmill.pdf_pages.invisible_text import InvisibleText, from_the_left
from docmill.values.geometry import Box
from docmill.values.page import Line, Word

_MOST: Final = 5_000  # fields looked at
_DEEPEST: Final = 30
_INHERITED: Final = (Name.FT, Name.V, Name.DA, Name.Opt)
_WRITTEN: Final = frozenset(("/Tx", "/Ch"))
_MULTILINE: Final = 1 << 12
_STYLE: Final = "/Helv 0 Tf 0 g"
_LETTER_PT: Final = 12.0
_BOX: Final = b"40 w 70 40 360 700 re S"
_WORD: Final = re.compile(r"\S+")
_SIZE: Final = re.compile(r"(\d+\.?\d*|\.\d+)(\s+Tf)")
_NAMED_BYTE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_LETTER_WIDTH, _LEADING = 0.55, 1.2  # of the letters' size
_EDGES, _COLOUR = (4,), (1, 3, 4)  # how many numbers a rectangle has, and a colour: gray, RGB, CMYK
_MOST_CHARACTERS: Final = 2_000_000  # of all values together: many notes may share one long string
_ODD = (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError, AttributeError)
_fresh: WeakSet[pdfium.PdfDocument] = WeakSet()


class _Field(NamedTuple):
    """A field with a value as people read it, whether PDFium takes it from the field as it is, whether it is a choice, and has a style."""

    box: Dictionary
    value: str
    is_plain: bool
    is_choice: bool
    has_style: bool


def with_fresh_fields(document: pdfium.PdfDocument, path: Path, *, has_bare_notes: bool) -> pdfium.PdfDocument:
    """The document, or instead of it (it is closed) a copy in memory whose form fields and notes PDFium will draw with their values.

    Args:
        document: as PDFium opened it.
        path: its file.
        has_bare_notes: what its facts say.
    """
    if raw.FPDF_GetFormType(document) == raw.FORMTYPE_NONE and not has_bare_notes:
        return document
    try:
        copy = _fresh_copy(path)
        fresh = pdfium.PdfDocument(copy, autoclose=True) if copy else None
    except (pdfium.PdfiumError, *_ODD):
        return document  # then its fields show what they show
    if fresh is None or len(fresh) != len(document):
        return document
    document.close()
    _fresh.add(fresh)
    return fresh


def is_fresh(document: pdfium.PdfDocument) -> bool:
    """Whether a document is such a copy. Who draws its file in place of it sees fields and notes elsewhere, or not at all."""
    return document in _fresh


def _fresh_copy(path: Path) -> io.BytesIO | None:
    with pikepdf.open(path) as pdf:
        if not isinstance(pdf.Root.get(Name.AcroForm, None), Dictionary):
            pdf.Root.AcroForm = Dictionary(Fields=Array())
        form = cast("Dictionary", pdf.Root.AcroForm)
        is_asked = form.get(Name.NeedAppearances, False) is True
        changed = [_is_freshened(pdf, field, is_asked=is_asked) for field in _within_limits(chain(_written(form), _noted(pdf)))]
        return _saved(pdf, form) if any(changed) else None


def _within_limits(fields: Iterable[_Field]) -> Iterator[_Field]:
    left = _MOST_CHARACTERS
    for field in fields:
        left -= len(field.value)
        if left < 0:
            return
        yield field


def _is_freshened(pdf: Pdf, field: _Field, *, is_asked: bool) -> bool:
    try:
        return _freshen(pdf, field, is_asked=is_asked)
    except _ODD:  # it shows what it shows; the others are no worse for it
        return False


def _freshen(pdf: Pdf, written: _Field, *, is_asked: bool) -> bool:
    """Take away or make an appearance that has to be made; whether the document must be written for it."""
    field, value, is_plain, is_choice, has_style = written
    looks = field.get(Name.AP, None)
    drawn = looks.get(Name.N, None) if isinstance(looks, Dictionary) else None
    is_stale = is_asked and isinstance(drawn, Stream) and not _shows(drawn, value)
    if drawn is not None and not is_stale:
        return False
    if looks is not None:
        del field.AP
    if not _is_latin(value):
        field.AP = Dictionary(N=_boxes(pdf, field, value))
        return True
    if not has_style:
        field.DA = String(_STYLE)
    if not is_plain:
        field.V = String(value)
        if is_choice:  # PDFium writes the code of a choice and not its name, and of several choices none
            field.FT, field.Ff = Name.Tx, _MULTILINE
    return looks is not None or not is_asked or not has_style or not is_plain


def _is_latin(value: str) -> bool:
    try:
        value.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _boxes(pdf: Pdf, field: Dictionary, value: str) -> Stream:
    """The appearance of a value as boxes for letters."""
    width, height = _size(field)
    rows = value.splitlines()
    size = max(1.0, min(_LETTER_PT, 2 * (width - 4) / max(map(len, rows)), height / (_LEADING * len(rows))))
    writer = InvisibleText("V", _BOX)
    lines = []
    for at, row in enumerate(rows):
        top, words = (height - _LEADING * size * len(rows)) / 2 + _LEADING * size * at, []
        for word in _WORD.finditer(row):
            left, right = (2 + size * edge / 2 for edge in word.span())
            if from_the_left(row) != row:  # a row in Hebrew or Arabic begins on the right
                left, right = width - right, width - left
            words.append(Word(text=word.group(), box=Box(left, top, right, top + size), confidence=1.0))
        lines.append(Line(words=tuple(words)))
    content = writer.content((line for line in lines if line.words), scale=1.0, height_pt=height)
    look = Stream(pdf, content, Type=Name.XObject, Subtype=Name.Form)
    look.BBox, look.Resources = Array([0, 0, width, height]), Dictionary(Font=writer.fonts(pdf))
    return look


def _saved(pdf: Pdf, form: Dictionary) -> io.BytesIO:
    form.NeedAppearances = True
    if not isinstance(form.get(Name.DR, None), Dictionary):
        form.DR = Dictionary()
    if not isinstance(form.DR.get(Name.Font, None), Dictionary):
        form.DR.Font = Dictionary()
    if Name.Helv not in form.DR.Font:
        form.DR.Font.Helv = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    copy = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PageCopyWarning)  # fields that no form lists: PDFium draws them
        pdf.save(copy, encryption=False, fix_metadata_version=False)
    return copy


def _written(form: Dictionary) -> Iterator[_Field]:
    """Fields with a written value: text and choices."""
    known = {name: form[name] for name in (Name.DA,) if name in form}
    waiting = [(field, known, 0) for field in _listed(form, Name.Fields)]
    for _ in range(_MOST):
        if not waiting:
            return
        field, above, depth = waiting.pop()
        own = above | {name: field[name] for name in _INHERITED if name in field}
        kids = _listed(field, Name.Kids) if depth < _DEEPEST else []
        waiting += [(kid, own, depth + 1) for kid in kids]
        kind = str(own.get(Name.FT))
        if kids or Name.Rect not in field or kind not in _WRITTEN:
            continue
        value, stored = _value_of(own), own.get(Name.V)
        if value.strip():
            is_plain = isinstance(stored, String) and _text(stored) == value
            has_style = "Tf" in _text(own.get(Name.DA))  # a style without a font draws nothing
            yield _Field(field, value, is_plain, kind == "/Ch", has_style)


def _noted(pdf: Pdf) -> Iterator[_Field]:
    """Notes without an appearance, made fields; the rectangle of one with a callout or a frame loses what those take (/RD)."""
    for note in islice(bare_notes(pdf), _MOST):
        said, edges = note.get(Name.Contents, None), _numbers(note.get(Name.Rect, None), _EDGES)
        value = _text(said) if isinstance(said, String) else ""
        if edges is None or not value.strip():
            continue
        x0, x1, y0, y1 = *sorted(edges[::2]), *sorted(edges[1::2])
        left, bottom, right, top = _numbers(note.get(Name.RD, None), _EDGES) or (0.0, 0.0, 0.0, 0.0)
        if x0 + left < x1 - right and y0 + bottom < y1 - top:
            note.Rect = Array([x0 + left, y0 + bottom, x1 - right, y1 - top])
        style = _text(note.get(Name.DA, None))
        note.Subtype, note.FT, note.Ff, note.DA = Name.Widget, Name.Tx, _MULTILINE, String(_fitting(style, value, *_size(note)))
        if _numbers(note.get(Name.C, None), _COLOUR):
            note.MK = Dictionary(BG=note.C)
        yield _Field(note, value, is_plain=False, is_choice=False, has_style="Tf" in style)


def _fitting(style: str, value: str, width: float, height: float) -> str:
    """A default appearance whose letters are as large as the rectangle allows (0 Tf), where the size it says is too large: what is cut off is lost."""
    said = _SIZE.search(style)
    size = float(said[1]) if said else 0.0
    lines = sum(max(1, math.ceil(len(row) * _LETTER_WIDTH * size / max(width - 4, 1.0))) for row in value.splitlines())
    return style if lines * _LEADING * size <= height else _SIZE.sub(r"0\2", style)


def _size(field: Dictionary) -> tuple[float, float]:
    """Width and height of a field in points."""
    x0, y0, x1, y1 = (float(edge) for edge in field.Rect)
    return abs(x1 - x0), abs(y1 - y0)


def _numbers(value: object, counts: tuple[int, ...]) -> list[float] | None:
    """The numbers of an array that has one of these counts of them; None for anything else."""
    try:
        found = [float(one) for one in value] if isinstance(value, Array) else []
    except (TypeError, ValueError):
        return None
    return found if len(found) in counts else None


def _text(value: object) -> str:
    """A string or a name as text; bytes that are none in its own encoding as Latin-1."""
    if isinstance(value, Name):
        return _NAMED_BYTE.sub(lambda code: bytes((int(code[1], 16),)), value.unparse()[1:]).decode("latin-1")
    try:
        return str(value) if isinstance(value, String) else ""
    except ValueError:
        return bytes(cast("String", value)).decode("latin-1")


def _value_of(own: dict[Name, Object]) -> str:
    """A field's value as it is shown: long texts may be streams, odd ones names, lists have several values, and a choice's code stands for its name."""
    value = own.get(Name.V)
    if isinstance(value, Stream):
        return _text(String(value.read_bytes()))
    chosen = [_text(one) for one in (value if isinstance(value, Array) else [value]) if isinstance(one, String | Name)]
    listed = own.get(Name.Opt)
    pairs = [one for one in listed if isinstance(one, Array) and len(one) > 1] if isinstance(listed, Array) else []
    names = {_text(code): _text(name) for code, name, *_ in pairs}
    return "\n".join(names.get(one, one) for one in chosen)


def _listed(node: Dictionary, name: Name) -> list[Dictionary]:
    listed = node.get(name, None)
    return [one for one in listed if isinstance(one, Dictionary)] if isinstance(listed, Array) else []


def _shows(drawn: Stream, value: str) -> bool:
    """Whether an appearance has every word of the value in so many letters; one that says it in glyph numbers is made anew, which harms nothing."""
    content = drawn.read_bytes()
    return all(word.encode("latin-1", "replace") in content for word in value.split())
