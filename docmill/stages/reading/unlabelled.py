"""The encoding of text that states none and is neither UTF-8 nor UTF-16: by the letters that it would have. Pure Python, so it is safe outside the cell.

Windows-1252 unless another fits far better. Text in another alphabet has whole words outside ASCII: then the encoding is taken under which most
letters are the frequent ones of its alphabet. Western text has single such letters: then signs within words say that 1252 is wrong. Short texts
say little, so what was assumed is told with the result.
"""

import codecs
import io
import re
from collections import Counter
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

DEFAULT: Final = "cp1252"
_SAMPLE_BYTES: Final = 16 * 1024
_HIGH: Final = re.compile(rb"[\x80-\xff]")
_RUN: Final = re.compile(rb"[\x80-\xff]{3,}")
_LEAST_HIGH_BYTES: Final = 6
_LEAST_FIT: Final = 0.3
_LEAST_ERRORS: Final = 2
_FAR_BETTER: Final = 5  # times fewer errors

_CYRILLIC: Final = frozenset("оеаинтсрвл")
_ALPHABETS: Final = MappingProxyType(
    {
        "cp1251": _CYRILLIC, "koi8-r": _CYRILLIC, "cp866": _CYRILLIC, "iso8859-5": _CYRILLIC, "mac_cyrillic": _CYRILLIC,
        "cp1253": frozenset("αοιετσνηρυόίάέή"), "cp1255": frozenset("יוהלאמרתבש"), "cp1256": frozenset("اليمنتروبه"),
    }
)  # fmt: skip
"""The ten letters that make up some two thirds of a text, in small."""

_PUNCTUATION: Final = frozenset("\xab\xbb\u2013\u2014\u201e\u201c\u201d\u2018\u2019\u2026\u2116\xa7\xb0\u20ac\xb7\xa0")
_WESTERN: Final = ("cp1252", "cp1250", "iso8859-2", "cp850", "mac_roman")
_WITHIN_WORDS: Final = frozenset("-\u2018\u2019\xb4\xb7\u2013\u2014\xad")
_NO_WORD: Final = frozenset("ªºƒ")
_KANA, _HANGUL, _IDEOGRAPHS = range(0x3041, 0x30FF), range(0xAC00, 0xD7A4), range(0x4E00, 0xA000)
_IDEOGRAPHIC_PUNCTUATION: Final = range(0x3000, 0x3021)
_FULL_WIDTH: Final = range(0xFF01, 0xFF5F)
_FREQUENT_LEADS: Final = MappingProxyType({"gb18030": range(0xB0, 0xD8), "big5": range(0xA4, 0xC7)})


def codec_by_letters(data: bytes) -> str:
    """Python's name of the encoding that text without zero bytes is most likely in."""
    sample = _sample_of(data)
    high = sum(1 for byte in sample if byte > 0x7F)  # noqa: PLR2004 - the end of ASCII
    if high < _LEAST_ERRORS:
        return DEFAULT
    in_runs = sum(len(run) for run in _RUN.findall(sample))
    if high >= _LEAST_HIGH_BYTES and 2 * in_runs > high:
        fits = [(fit, codec) for codec, judge in _JUDGES.items() if (fit := _judged(sample, codec, judge)) is not None]
        best, codec = max(fits, key=lambda one: one[0], default=(0.0, DEFAULT))
        return codec if best >= _LEAST_FIT else DEFAULT
    return _western(sample)


def _sample_of(data: bytes) -> bytes:
    """Lines with more than ASCII in them, wherever they stand: a file may begin with a thousand lines of codes and amounts."""
    first = _HIGH.search(data)
    if first is None:
        return b""
    at = data.rfind(b"\n", 0, first.start()) + 1
    file = io.BytesIO(data)
    file.seek(at if first.start() - at < _SAMPLE_BYTES // 2 else first.start())
    lines: list[bytes] = []
    left = _SAMPLE_BYTES
    for line in file:
        if not line.isascii():
            lines.append(line[:left])
            left -= len(lines[-1])
        if not left:
            break
    return b"".join(lines)


def _decoded(sample: bytes, codec: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(codec)().decode(sample)  # the sample may end within a character
    except UnicodeError:
        return None


def _judged(sample: bytes, codec: str, judge: Callable[[Counter[str], str], float]) -> float | None:
    text = _decoded(sample, codec)
    counts = Counter(c for c in text or "" if c > "\x7f")
    return judge(counts, codec) / counts.total() if counts else None


def _of_alphabet(counts: Counter[str], codec: str) -> float:
    frequent = _ALPHABETS[codec]
    fit = 0.0
    for letter, count in counts.items():
        if letter.lower() in frequent:
            fit += count * (1.0 if letter in frequent else 0.9)
        elif not letter.isalpha() and letter not in _PUNCTUATION:
            fit -= count
    return fit


def _japanese(counts: Counter[str], _codec: str) -> float:
    weights = ((_KANA, 1.0), (_IDEOGRAPHS, 0.6), (_IDEOGRAPHIC_PUNCTUATION, 0.6), (_FULL_WIDTH, 0.3))
    return sum(count * next((weight for codes, weight in weights if ord(c) in codes), -1.0) for c, count in counts.items())


def _korean(counts: Counter[str], _codec: str) -> float:
    return sum(count * (0.8 if ord(c) in _HANGUL else 0.0 if ord(c) in _IDEOGRAPHIC_PUNCTUATION else -1.0) for c, count in counts.items())


def _chinese(counts: Counter[str], codec: str) -> float:
    fit = 0.0
    for letter, count in counts.items():
        if ord(letter) in _IDEOGRAPHS:
            pair = letter.encode(codec)
            fit += count * (0.7 if pair[0] in _FREQUENT_LEADS[codec] and (codec == "big5" or pair[-1] > 0xA0) else -0.2)  # noqa: PLR2004 - GB 2312's
        else:
            fit += count * (0.5 if ord(letter) in _IDEOGRAPHIC_PUNCTUATION or ord(letter) in _FULL_WIDTH else -1.0)
    return fit


_JUDGES: Final = MappingProxyType(
    {
        **dict.fromkeys(_ALPHABETS, _of_alphabet), "cp932": _japanese, "euc_jp": _japanese, "gb18030": _chinese, "big5": _chinese, "cp949": _korean
    }
)  # fmt: skip


def _western(sample: bytes) -> str:
    errors = {codec: _errors(text) if (text := _decoded(sample, codec)) is not None else len(sample) for codec in _WESTERN}
    best = min(errors, key=lambda codec: errors[codec])  # of equals the first
    return best if errors[DEFAULT] >= _LEAST_ERRORS and errors[best] * _FAR_BETTER <= errors[DEFAULT] else DEFAULT


def _errors(text: str) -> int:
    """Signs within words, and capitals within small letters."""
    found = 0
    for at, sign in enumerate(text):
        if sign > "\x7f" and at and text[at - 1].isalpha():
            follows = text[at + 1 : at + 2]
            if sign.isalpha() and sign not in _NO_WORD:
                found += sign.isupper() and follows.islower()
            else:
                found += follows.isalpha() and sign not in _WITHIN_WORDS
    return found
