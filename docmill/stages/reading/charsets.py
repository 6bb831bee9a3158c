"""Which encoding a charset label means, and decoding by it.

Labels mean what browsers make of them (WHATWG encoding standard): `iso-8859-1` is Windows-1252, because that is what programs write under it.
"""

import codecs
import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

_STATED: Final = (
    re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE),
    re.compile(rb"\A\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([A-Za-z0-9_.:-]+)[\"']"),
)
_STATED_WITHIN_BYTES: Final = 4096
_BOMS: Final = (  # that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Python also finds codecs under names that are no charsets: undefined, idna, rot13, base64, unicode_escape
_CHARSETS: Final = re.compile(r"utf|iso8859|iso2022|cp\d|koi8|mac|gb|hz$|big5|euc|shift|johab|tis-620|kz1048|ptcp154|hp-roman8")
_WIDER: Final = MappingProxyType(
    {
        "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874", "gb2312": "gb18030", "gbk": "gb18030",
        "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs",
    }
)  # fmt: skip
_UNKNOWN_TO_PYTHON: Final = MappingProxyType(
    {
        "x-cp1250": "cp1250", "x-cp1251": "cp1251", "x-cp1252": "cp1252", "x-gbk": "gb18030", "gb_2312-80": "gb18030", "x-sjis": "cp932",
        "x-euc-jp": "euc_jp", "x-mac-roman": "mac_roman", "x-mac-cyrillic": "mac_cyrillic", "cn-big5": "big5hkscs", "x-x-big5": "big5hkscs",
        "koi": "koi8-r", "iso-8859-8-i": "iso8859-8", "dos-874": "cp874", "unicode-1-1-utf-8": "utf-8",
    }
)  # fmt: skip


def codec_of(label: str | None) -> str | None:
    """Python's name of the encoding that a label stands for; None for no label, an unknown one, and ASCII, which says nothing of other bytes."""
    plain = (label or "").strip(" \t\r\n\"'").lower()
    if not plain:
        return None
    try:
        name = codecs.lookup(_UNKNOWN_TO_PYTHON.get(plain, plain)).name
    except (LookupError, ValueError):  # ValueError: a zero byte, a letter outside ASCII
        return None
    return _WIDER.get(name, name) if _CHARSETS.match(name) else None


def stated_in(data: bytes) -> list[str]:
    """The charset labels that HTML states itself, in a `meta` element and in the prolog of XHTML."""
    labels = [match[1].decode("ascii") for pattern in _STATED if (match := pattern.search(data[:_STATED_WITHIN_BYTES]))]
    # what is found in single bytes is written in none of two
    return ["utf-8" if label.lower().startswith(("utf-16", "utf-32")) else label for label in labels]


def decoded_as(data: bytes, labels: Iterable[str | None]) -> str | None:
    """The characters by the byte order mark, else by the first label that the bytes keep to, a few bad ones aside; None without any."""
    marked = [codec for mark, codec in _BOMS if data.startswith(mark)]
    names = [*marked, *(name for label in labels if (name := codec_of(label)))]
    for name in names:
        try:
            return data.decode(name)
        except UnicodeError:
            continue  # many pages state a charset that they do not keep
    return next((text for name in names if (text := with_gaps(data, name)) is not None), None)


def with_gaps(data: bytes, codec: str, *, cut: bool = False) -> str | None:
    """The characters with U+FFFD for bad bytes; None where no more than half of what is not ASCII makes sense in this encoding.

    Args:
        data: the whole file or its beginning.
        codec: Python's name of the encoding.
        cut: whether `data` may end in the middle of a character.
    """
    try:
        text = codecs.getincrementaldecoder(codec)("replace").decode(data, final=not cut)
    except UnicodeError:
        return None
    bad = text.count("\ufffd")
    good = sum(1 for c in text if c > "\x9f") - bad
    return text if good and good >= bad else None
