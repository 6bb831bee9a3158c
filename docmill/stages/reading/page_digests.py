"""A digest of what each page of a PDF shows, so that a page that is the same in another version of the file need not be read again.

It covers decoded content streams, the resources they reach, boxes, rotation and what annotations draw; not object numbers, compression or
metadata, which change when a file is merely written anew. A file that qpdf must mend, or that is too big to walk, has no digests.
"""

import hashlib
import re
import zlib
from pathlib import Path
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from docmill.stages.reading.limits import MIB

_INHERITED: Final = (Name.Resources, Name.MediaBox, Name.CropBox, Name.Rotate)
_OWN: Final = (Name.Contents, Name.UserUnit, Name.Group)
_OF_FIELD: Final = (Name.FT, Name.Ff, Name.V, Name.DA, Name.Q, Name.Opt, Name.MaxLen)
_OF_A_FORM: Final = frozenset(("/Widget", "/FreeText"))
_OF_FORM: Final = (Name.NeedAppearances, Name.DA, Name.DR, Name.Q)
_DRAWN_ANNOTATION: Final = re.compile(
    "/(?:Subtype|Rect|AP|AS|F|Ff|MK|Contents|DA|DS|RC|FT|V|C|IC|CA|BS|BE|RD|Border|QuadPoints|InkList|L|Vertices|Q|Name|Opt|MaxLen|OC)"
)
_UNSEEN: Final = frozenset(
    ("/Parent", "/P", "/Metadata", "/PieceInfo", "/LastModified", "/StructParent", "/StructParents", "/Length", "/Dest")
)
_NAMED: Final = frozenset(
    ("/XObject", "/Font", "/ExtGState", "/Pattern", "/Shading", "/ColorSpace", "/Properties", "/CharProcs", "/N", "/R", "/D")
)
"""Entries whose keys are names that somebody chose: there /Parent and /Length are names like others."""
_PACKING: Final = frozenset(("/Filter", "/DecodeParms"))
_PACKERS: Final = frozenset(("/FlateDecode", "/LZWDecode", "/RunLengthDecode"))
_TEXT_FORMS: Final = frozenset(("/ASCII85Decode", "/ASCIIHexDecode"))
_DEEPEST: Final = 60
_MOST_BYTES: Final = 512 * MIB
_SMALL_BYTES: Final = 256 * 1024  # other filters than a single Flate are only decoded for streams below this
_BLOCK_BYTES: Final = 64 * 1024
_UNDONE_BYTES: Final = 128 * MIB  # the rows of larger pictures keep their predictor: undoing it takes memory for all of them at once


class _Unfit(Exception):
    """The file cannot be walked within the limits."""


def page_digests(path: Path, page_count: int) -> list[str]:
    """SHA-256 of each page, hexadecimal; empty when the file has no reliable ones.

    Args:
        path: the PDF.
        page_count: how many pages reading sees; a file in which qpdf sees others has no digests.
    """
    try:
        with pikepdf.open(path) as pdf:
            if len(pdf.pages) != page_count:
                return []
            walk = _Walk(pdf)
            found = [walk.page(page) for page in pdf.pages]
            # warnings mean that something was mended, perhaps in another way than the reader mends it
            return [] if pdf.get_warnings() else found
    except (pikepdf.PdfError, _Unfit, RuntimeError, ValueError, TypeError, KeyError, zlib.error):
        return []


class _Walk:
    """The walk over one document: what several pages share is digested once."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._known: dict[tuple[tuple[int, int], bool], bytes] = {}
        self._above: set[tuple[int, int]] = set()
        self._bytes = 0
        layers, form = pdf.Root.get(Name.OCProperties, None), pdf.Root.get(Name.AcroForm, None)
        listed = layers.get(Name.OCGs, None) if isinstance(layers, Dictionary) else None
        for index, layer in enumerate(listed if isinstance(listed, Array) else ()):
            if isinstance(layer, Dictionary) and layer.is_indirect:  # two of the same name are two
                self._known[layer.objgen, False] = _joined(b"layer", str(index).encode(), self._fresh(layer, 0))
        self._layers = self.digest(layers, 0)  # which are shown is said for the whole document
        # so is how fields without an appearance are drawn
        self._form = b"".join(self.digest(form.get(name, None), 0) for name in _OF_FORM) if isinstance(form, Dictionary) else b""

    def page(self, page: pikepdf.Page) -> str:
        parts = [self._layers]
        for name in (*_INHERITED, *_OWN):
            value = _inherited(page.obj, name) if name in _INHERITED else page.obj.get(name, None)
            parts += [str(name).encode(), self.digest(value, 0)]
        for annotation in page.obj.get(Name.Annots, Array()):
            if isinstance(annotation, Dictionary):
                parts += [self._form] if str(annotation.get(Name.Subtype, "")) in _OF_A_FORM else []
                drawn: dict[str, object] = {key: annotation[key] for key in annotation.keys() if _DRAWN_ANNOTATION.fullmatch(key)}  # noqa: SIM118 - not a dict
                if Name.Parent in annotation:  # a field's value may be its parent's
                    drawn |= {str(name): found for name in _OF_FIELD if (found := _inherited(annotation, name)) is not None}
                parts += [part for key in sorted(drawn) for part in (key.encode(), self.digest(drawn[key], 0))]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def digest(self, value: object, depth: int, *, is_named: bool = False) -> bytes:
        """The digest of a value and all it reaches; `is_named` where its keys are names that somebody chose."""
        if depth > _DEEPEST:
            raise _Unfit
        number = value.objgen if isinstance(value, pikepdf.Object) else (0, 0)
        if number == (0, 0):
            return self._fresh(value, depth, is_named=is_named)
        if number in self._above:
            return b"circle"
        if (number, is_named) not in self._known:
            self._above.add(number)
            self._known[number, is_named] = self._fresh(value, depth, is_named=is_named)
            self._above.discard(number)
        return self._known[number, is_named]

    def _fresh(self, value: object, depth: int, *, is_named: bool = False) -> bytes:
        if isinstance(value, Stream):
            data, is_unpacked = self._data(value)
            return _joined(b"stream", self._entries(value.stream_dict, depth, unseen=_UNSEEN | _PACKING if is_unpacked else _UNSEEN), data)
        if isinstance(value, Dictionary):
            return _joined(b"dictionary", self._entries(value, depth, unseen=frozenset() if is_named else _UNSEEN))
        if isinstance(value, Array):
            return _joined(b"array", *(self.digest(one, depth + 1) for one in value))
        return _joined(type(value).__name__.encode(), bytes(value) if isinstance(value, pikepdf.String) else str(value).encode())

    def _entries(self, value: pikepdf.Object, depth: int, *, unseen: frozenset[str]) -> bytes:
        # a page that is reached through a link or a form is no part of what this page draws
        names = sorted(key for key in value.keys() if key not in unseen)  # noqa: SIM118 - not a dict
        return _joined(*(part for key in names for part in (key.encode(), self.digest(value[key], depth + 1, is_named=key in _NAMED))))

    def _data(self, stream: Stream) -> tuple[bytes, bool]:
        """The digest of a stream's bytes, and whether they were unpacked."""
        raw = stream.read_raw_bytes()
        filters = stream.get(Name.Filter, None)
        names = [str(one) for one in filters] if isinstance(filters, Array) else [str(filters)] if filters is not None else []
        if names == ["/FlateDecode"]:
            hashed, size = self._inflated(raw)
            if Name.DecodeParms not in stream:
                return hashed, True
            # the size is known, so this cannot swell; whoever writes the file anew may leave the predictor out
            return (hashlib.sha256(stream.read_bytes()).digest(), True) if size <= _UNDONE_BYTES else (hashed, False)
        if names and len(raw) < _SMALL_BYTES and sum(name in _PACKERS for name in names) == 1 and {*names} <= _PACKERS | _TEXT_FORMS:
            return self._hashed(stream.read_bytes()), True
        return self._hashed(raw), not names

    def _inflated(self, raw: bytes) -> tuple[bytes, int]:
        """The digest of what a Flate stream holds, in blocks, and its size in bytes; a predictor is not undone."""
        hashed, inflate, data, size = hashlib.sha256(), zlib.decompressobj(), raw, 0
        while data and not inflate.eof:
            block = inflate.decompress(data, _BLOCK_BYTES)
            self._count(len(block))
            size += len(block)
            hashed.update(block)
            data = inflate.unconsumed_tail
        return hashed.digest(), size

    def _hashed(self, data: bytes) -> bytes:
        self._count(len(data))
        return hashlib.sha256(data).digest()

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > _MOST_BYTES:
            raise _Unfit


def _inherited(node: Dictionary, name: Name) -> object:
    for _ in range(_DEEPEST):
        if name in node:
            return node[name]
        parent = node.get(Name.Parent, None)
        if not isinstance(parent, Dictionary):
            return None
        node = parent
    raise _Unfit


def _joined(*parts: bytes) -> bytes:
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(len(part).to_bytes(8, "big") + part)
    return hashed.digest()
