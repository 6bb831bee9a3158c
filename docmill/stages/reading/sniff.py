"""Which type the first bytes of a file name. Pure Python on bytes, no parser, so it is safe outside the cell; intake calls it.

The name of a file proves nothing; `refuse_lie` refuses a name that claims another type than the bytes have.
"""

import codecs
import contextlib
import re
from collections.abc import Callable

from docmill.errors import Damaged, UnsupportedType
from docmill.stages.reading import charsets, container_head
from docmill.stages.reading.media_types import BMP, EML, GIF, HTML, INTERCHANGEABLE, JP2, JPEG, PDF, PNG, SUFFIXES, TEXT, TIFF, WEBP, XML
from docmill.stages.reading.unlabelled import DEFAULT, codec_by_letters

HEAD_BYTES = 4096
"""How much of the file's beginning `media_type_of` wants to see."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),  # BigTIFF
    (b"MM\x00+", TIFF),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", JP2),
    (b"\xff\x4f\xff\x51\x00", JP2),  # a bare codestream
)
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEIF_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"))  # ISO 23008-12
# readers accept junk (a mail or HTTP header, a BOM) before the header, within the first 1024 bytes
_PDF_HEADER_WITHIN_BYTES = 1024
_PDF_HEADER = re.compile(rb"(?:\A|[^ -~])%PDF-|%PDF-\d\.\d\s*[\r\n]+%[\x80-\xff]")
_BLOCK = 4096  # bytes; disks and tapes have none larger
# text that is a program for another reader, not something a person reads as it is
_FOREIGN_TEXT = re.compile(r"\s*(?:%!PS|\{\\rtf|<svg)", re.IGNORECASE)
_HTML_START = re.compile(r"\s*(?:<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>])", re.IGNORECASE)
# a memo also begins with From and To; only what a mail program wrote has lines that no person types
_HEADER_LINE = re.compile(r"(?:From [^\n]*\n)?(?:([A-Za-z][A-Za-z0-9-]*):[^\n]*\n(?:[ \t][^\n]*\n)*)")
_MACHINE_HEADERS = {"message-id", "mime-version", "received", "return-path", "content-type", "delivered-to", "dkim-signature"}
_PERSON_HEADERS = {"from", "to", "subject", "date"}
_XML_PROLOG = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>\s*)*", re.DOTALL)
_XML_ROOT = re.compile(r"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)([^>]*)")
_CII_ROOTS = ("CrossIndustryInvoice", "CrossIndustryDocument")
_UBL_ROOTS = ("Invoice", "CreditNote")
_UBL_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"


def media_type_of(head: bytes, size: int) -> str:
    """The media type of a file.

    Args:
        head: its first bytes, up to HEAD_BYTES.
        size: its whole length in bytes.

    Returns:
        One of MEDIA_TYPES; `application/xml` only for an e-invoice (CII or UBL by its root element).

    Raises:
        Damaged: the file is empty.
        UnsupportedType: none of the supported types.
    """
    if size == 0 or not head:
        raise Damaged("the file is empty", size_bytes=size)
    if head.startswith(_COMPOUND_FILE):
        raise UnsupportedType("an old Office file (DOC, XLS, MSG), or one with a password: send DOCX, XLSX or PDF without a password")
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if _is_bmp(head):
        return BMP
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        raise UnsupportedType(
            "a HEIC or AVIF picture: send it as JPEG or PNG (a telephone writes JPEG when its camera is set to the most compatible format)"
        )
    if head.startswith(container_head.MAGICS):
        return container_head.type_of_head(head)
    if _PDF_HEADER.search(head[:_PDF_HEADER_WITHIN_BYTES]):
        return PDF
    return _type_of_text(head, cut=size > len(head))


def refuse_lie(media_type: str, file_name: str) -> None:
    """Refuse a file whose name claims a supported type that its bytes do not have; any other name is let pass.

    Raises:
        UnsupportedType: for example text named .pdf.
    """
    suffix = "." + file_name.rpartition(".")[2].lower() if "." in file_name else ""
    claimed = SUFFIXES.get(suffix, media_type)
    if claimed == media_type or any({claimed, media_type} <= group for group in INTERCHANGEABLE):
        return
    raise UnsupportedType(f"the name says {claimed}, the bytes are {media_type}", claimed=claimed, media_type=media_type)


def decode_text(data: bytes, *, cut: bool = False) -> str | None:
    """The text of bytes in UTF-8, UTF-16, UTF-32 (by mark or zero bytes) or an older encoding, guessed by its letters; None when it is not text.

    UTF-8 with a few bad bytes stays UTF-8; they become U+FFFD. Zeros and Ctrl-Z that fill up the last block of a file are none of its text.

    Args:
        data: the whole file or its beginning.
        cut: whether `data` may end in the middle of a character.
    """
    return decode_unlabelled(data, cut=cut)[0]


def decode_unlabelled(data: bytes, *, cut: bool = False) -> tuple[str | None, str | None]:
    """As `decode_text`; and Python's name of the encoding where it was guessed, None where the bytes say it themselves."""
    for encoding, holds in _WIDE:
        if holds(data):
            try:
                text = codecs.getincrementaldecoder(encoding)().decode(data, final=not cut)
            except UnicodeDecodeError:
                continue
            return text if _reads_as_text(text) else None, None
    data = _without_filling(data)
    with contextlib.suppress(UnicodeDecodeError):
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=not cut)
        return text if _reads_as_text(text) else None, None
    mended = charsets.with_gaps(data, "utf-8-sig", cut=cut)
    if mended is not None:
        return mended if _reads_as_text(mended.replace("\ufffd", "")) else None, None
    if 0 in data:
        return None, None
    for guess in dict.fromkeys((codec_by_letters(data), DEFAULT)):
        with contextlib.suppress(UnicodeDecodeError):
            text = codecs.getincrementaldecoder(guess)().decode(data, final=not cut)
            return (text, guess) if _reads_as_text(text) else (None, None)
    return None, None


def _is_bmp(head: bytes) -> bool:
    # BM + file size + 4 reserved zero bytes (some writers use them) + offset of the pixels + size of a known header
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in {12, 40, 52, 56, 64, 108, 124}


def _type_of_text(head: bytes, *, cut: bool) -> str:
    text = decode_text(head, cut=cut) or _by_own_statement(head, cut=cut)
    if text is None:
        raise UnsupportedType("the bytes are of no supported type")
    if _FOREIGN_TEXT.match(text):
        raise UnsupportedType("the file is PostScript, RTF or SVG")
    if is_einvoice_xml(text):
        return XML
    prolog = _XML_PROLOG.match(text)
    if _HTML_START.match(text) or (prolog and _HTML_START.match(text, prolog.end())):
        return HTML
    if re.match(r"\s*<\?xml\b", text):
        raise UnsupportedType("the file is XML, but no e-invoice")
    return EML if _is_mail(text) else TEXT


def _by_own_statement(head: bytes, *, cut: bool) -> str | None:
    """HTML in an encoding that it names and that looks like no text otherwise, as Shift JIS does."""
    for name in filter(None, map(charsets.codec_of, charsets.stated_in(head))):
        text = charsets.with_gaps(head, name, cut=cut)
        if text is not None and _reads_as_text(text):
            return text
    return None


def _is_mail(text: str) -> bool:
    names, at = set(), 0
    text = text.replace("\r\n", "\n")
    while header := _HEADER_LINE.match(text, at):
        names.add(header[1].lower())
        at = header.end()
    return bool(names & _MACHINE_HEADERS) and bool(names & _PERSON_HEADERS)


def is_einvoice_xml(text: str) -> bool:
    """Whether this text begins an XML e-invoice: UN/CEFACT CII (also ZUGFeRD 1) or OASIS UBL, by the root element's name.

    The prolog is skipped by pattern; nothing is parsed and no entity is followed.
    """
    prolog = _XML_PROLOG.match(text)
    root = _XML_ROOT.match(text, prolog.end() if prolog else 0)
    if not root:
        return False
    return root[2] in _CII_ROOTS or (root[2] in _UBL_ROOTS and _UBL_NAMESPACE in root[3])


def _reads_as_text(text: str) -> bool:
    if not text:
        return False
    odd = sum(1 for c in text if (c < " " and c not in "\t\n\r\f") or "\x7f" <= c <= "\x9f" or c == "\ufffd")
    return odd == 0 or odd <= len(text) // 200


def _without_filling(data: bytes) -> bytes:
    text = data.rstrip(b"\0\x1a")
    return text if len(data) - len(text) < _BLOCK else data


def _zeros_at(data: bytes, first: int) -> bool:
    # UTF-16 without a mark: nearly every second byte of Western text is zero, and none of the others
    return len(data) >= 4 and data[first::2].count(0) > len(data) // 3 and data[1 - first :: 2].count(0) == 0  # noqa: PLR2004 - two units


def _is_utf_32(data: bytes, letters_at: int) -> bool:
    # code points end at 0x10ffff: one byte of four is always zero, and in nearly all texts two
    units = len(data) // 4
    high, higher = (3, 2) if letters_at == 0 else (0, 1)
    return units > 1 and data[high::4].count(0) >= units and data[higher::4].count(0) > units // 2 > data[letters_at::4].count(0)


_WIDE: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("utf-32", lambda d: d[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)),
    ("utf-32-le", lambda d: _is_utf_32(d, 0)),
    ("utf-32-be", lambda d: _is_utf_32(d, 3)),
    ("utf-16", lambda d: d[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)),
    ("utf-16-le", lambda d: _zeros_at(d, 1)),
    ("utf-16-be", lambda d: _zeros_at(d, 0)),
)
