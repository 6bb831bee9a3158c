"""Text that states no encoding: read as what its letters say, and the guess is told."""

import pytest

from docmill.errors import UnsupportedType
from docmill.stages.reading import verbs
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.plain_text import read_text_page

RUSSIAN = (
    "\u0421\u0447\u0435\u0442 \u043d\u043e\u043c\u0435\u0440 48213 \u043e\u0442 \u043f\u043e\u0441\u0442\u0430\u0432\u0449\u0438\u043a\u0430"
    " \u0418\u0432\u0430\u043d\u043e\u0432."
)
GREEK = (
    "\u03a4\u03bf \u03c3\u03c5\u03bd\u03bf\u03bb\u03b9\u03ba\u03cc \u03c0\u03bf\u03c3\u03cc \u03b5\u03af\u03bd\u03b1\u03b9"
    " \u03c0\u03bb\u03b7\u03c1\u03c9\u03c4\u03ad\u03bf 1482,50."
)
HEBREW = (
    "\u05d7\u05e9\u05d1\u05d5\u05e0\u05d9\u05ea \u05de\u05e1\u05e4\u05e8 48213. \u05d4\u05e1\u05db\u05d5\u05dd"
    " \u05d4\u05db\u05d5\u05dc\u05dc \u05dc\u05ea\u05e9\u05dc\u05d5\u05dd."
)
JAPANESE = "\u8acb\u6c42\u66f8\u756a\u53f7 48213 \u5408\u8a08\u91d1\u984d\u306f\u5343\u5186\u3067\u3059\u3002"
CHINESE = "\u53d1\u7968\u53f7\u7801 48213 \u5317\u4eac\u67d0\u67d0\u79d1\u6280\u6709\u9650\u516c\u53f8\uff0c\u4ef7\u7a0e\u5408\u8ba1\u3002"
KOREAN = "\uc138\uae08\uacc4\uc0b0\uc11c \ubc88\ud638 48213 \uacf5\uae09\uac00\uc561 \ud569\uacc4\ub294 1,482\uc6d0\uc785\ub2c8\ub2e4."
POLISH = "Za\u017c\u00f3\u0142\u0107 g\u0119\u015bl\u0105 ja\u017a\u0144 48213"
GERMAN = "M\u00fcller Stra\u00dfe Gr\u00f6\u00dfe \u00dcberweisung 48213"
FRENCH = "Le r\u00e8glement n\u00b0 7 est d\u00fb apr\u00e8s l\u2019\u00e9t\u00e9 : 48 \u20ac, Soci\u00e9t\u00e9 G\u00e9n\u00e9rale, Besan\u00e7on."


def read(folder, data):
    (folder / "a.txt").write_bytes(data)
    assert verbs.inspect(str(folder / "a.txt"), {})["media_type"] == "text/plain"
    return read_text_page(folder / "a.txt", "text/plain", 1, "en", Limits())


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "cp1251"), (RUSSIAN.upper(), "cp1251"), (RUSSIAN, "koi8-r"), (RUSSIAN, "cp866"), (RUSSIAN, "iso8859-5"), (GREEK, "cp1253"),
        (HEBREW, "cp1255"), (JAPANESE, "cp932"), (JAPANESE, "euc_jp"), (CHINESE, "gb18030"), (KOREAN, "cp949"), (POLISH, "cp1250"),
        (POLISH, "iso8859-2"), (GERMAN, "cp850"), (GERMAN, "mac_roman"), (GERMAN, "cp1252"), (FRENCH, "cp1252")
    ],
)  # fmt: skip
def test_the_letters_say_the_encoding(tmp_path, text, encoding):
    page = read(tmp_path, f"{text}\n{text}\n".encode(encoding))
    assert page.text == f"{text}\n{text}"
    assert page.quality_reasons == (f"no encoding stated: read as {encoding}",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_encoding_that_the_bytes_show_is_no_guess(tmp_path, encoding):
    assert read(tmp_path, RUSSIAN.encode(encoding)).quality_reasons == ()


def test_bytes_without_text_are_no_text_in_any_encoding(tmp_path):
    with pytest.raises(UnsupportedType):
        read(tmp_path, bytes(1 + (i * i * 31 + i * 7) % 255 for i in range(4096)))


@pytest.mark.parametrize("between", ["\r\n", " "])
def test_letters_that_come_late_are_looked_at(tmp_path, between):
    page = read(tmp_path, (f"id;amount;code{between}" * 1250 + RUSSIAN).encode("cp1251"))
    assert page.quality_reasons == ("no encoding stated: read as cp1251",)
