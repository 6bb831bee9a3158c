"""Bytes become the characters that a browser shows, whatever label stands over them."""

import pytest

from docmill.stages.reading.charsets import codec_of, decoded_as
from docmill.stages.reading.html_file import decoded, html_text
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.sniff import decode_text, media_type_of

PAGE = '<html><head><meta charset="{}"></head><body>{}</body></html>'


def page(label, text, encoding):
    return PAGE.format(label, text).encode(encoding)


@pytest.mark.parametrize(
    ("label", "text", "encoding"),
    [
        ("iso-8859-1", "1.482,50 € “quoted” … Müller", "cp1252"),
        ("latin1", "5 €", "cp1252"),
        ("us-ascii", "5 €", "cp1252"),
        ("us-ascii", "5 € für Łódź", "utf-8"),
        ("iso-8859-9", "Ağşi 5 €", "cp1254"),
        ("gb2312", "发票 镕基 髙橋", "gb18030"),
        ("GBK", "发票 €", "gb18030"),
        ("shift_jis", "①髙橋 請求書", "cp932"),
        ("x-sjis", "①髙橋 請求書", "cp932"),
        ("utf-16", "5 € für Łódź", "utf-8"),
        ("koi8-r", "Счёт", "koi8-r"),
    ],
)
def test_a_label_means_what_browsers_make_of_it(tmp_path, label, text, encoding):
    data = page(label, text, encoding)
    (tmp_path / "a.html").write_bytes(data)
    assert media_type_of(data, len(data)) == "text/html"
    assert html_text(tmp_path / "a.html", Limits()).strip() == text


@pytest.mark.parametrize("label", ["undefined", "idna", "punycode", "rot13", "base64", "unicode_escape", "no-such", "utf-8.x", "x" * 500])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_label_of_no_charset_is_passed_over(label, encoding):
    assert codec_of(label) is None
    assert "Müller 5 €" in decoded(page(label, "Müller 5 €", encoding))


@pytest.mark.parametrize("label", ["", None, "\0", "ütf-8", " \n"])
def test_odd_labels_name_nothing(label):
    assert codec_of(label) is None
    assert decoded_as(b"\xfc", [label]) is None


def test_the_prolog_of_xhtml_states_its_encoding():
    html = (
        "<?xml version='1.0' encoding='iso-8859-15'?>\n<!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'><body>5 € Š</body></html>"
    )
    assert decoded(html.encode("iso-8859-15")) == html


def test_a_byte_order_mark_is_believed_before_a_label():
    assert decoded(b"\xef\xbb\xbf" + page("iso-8859-1", "5 €", "utf-8")) == PAGE.format("iso-8859-1", "5 €")
    assert decoded(page("iso-8859-1", "5 €", "utf-16")) == PAGE.format("iso-8859-1", "5 €")


@pytest.mark.parametrize("label", ["utf-8", ""])
def test_two_bad_bytes_are_replaced_and_the_rest_is_read_as_what_it_is(label):
    data = page(label, "Größe Müller 5 € A?B", "utf-8").replace(b"?", b"\xff \xe4")
    assert "Größe Müller 5 € A\ufffd \ufffdB" in decoded(data)


def test_text_in_utf8_with_two_bad_bytes_stays_utf8():
    data = "Größe Müller 5 €\n".encode() * 3 + b"\xff \xe4\n"
    assert media_type_of(data, len(data)) == "text/plain"
    assert decode_text(data) == "Größe Müller 5 €\n" * 3 + "\ufffd \ufffd\n"


def test_a_page_that_does_not_keep_its_charset():
    assert "Müller für Köln" in decoded(page("utf-8", "Müller für Köln " + "text " * 1000, "cp1252"))
    assert decode_text("Müller für Köln".encode("cp1252")) == "Müller für Köln"
