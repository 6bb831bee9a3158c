"""Types by magic bytes: every supported one, lookalikes, text in its encodings, e-invoices, and names that lie."""

import codecs

import pytest

from docmill.errors import Damaged, UnsupportedType
from docmill.stages.reading.sniff import decode_text, media_type_of, refuse_lie

CII = '<?xml version="1.0"?>\n<!-- a > b -->\n<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100">'
UBL = '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">'
XXE = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<rsm:CrossIndustryDocument xmlns:rsm="u">&x;'
BMP = b"BM" + bytes(12) + (40).to_bytes(4, "little") + bytes(36)

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def zip_head(*names):
    """The beginning of a ZIP with these members."""
    return b"".join(b"PK\x03\x04" + bytes(22) + len(name).to_bytes(2, "little") + bytes(2) + name.encode() + b"data" for name in names)


KNOWN = [
    (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
    (b"HTTP/1.1 200 OK\r\n\r\n%PDF-1.4\r\n%\xe2\xe3\xcf\xd3", "application/pdf"),
    (b"\xef\xbb\xbf%PDF-1.4", "application/pdf"),
    (b"\x00" * 900 + b"%PDF-1.4", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
    (b"II*\0\x08\0\0\0", "image/tiff"),
    (b"MM\0*\0\0\0\x08", "image/tiff"),
    (b"II+\0\x08\0\0\0", "image/tiff"),
    (b"MM\0+\0\x08\0\0", "image/tiff"),
    (BMP, "image/bmp"),
    (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
    (b"GIF87a\x01\0\x01\0\x80\0\0", "image/gif"),
    (b"GIF89a\x01\0\x01\0\x80\0\0", "image/gif"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x4f\xff\x51\0\x29", "image/jp2"),
    (b"Invoice 7\nTotal 9.00\n", "text/plain"),
    ("Grüße aus Köln".encode(), "text/plain"),
    ("Grüße aus Köln".encode("cp1252"), "text/plain"),
    ("Grüße aus Köln".encode("utf-16"), "text/plain"),
    ("Total due: 9.00 EUR".encode("utf-16-le"), "text/plain"),
    *[("Grüße aus Köln für 3 €".encode(name), "text/plain") for name in ("utf-32", "utf-32-le", "utf-32-be")],
    (codecs.BOM_UTF32_BE + "Grüße 😀 aus Köln".encode("utf-32-be"), "text/plain"),
    (b"Invoice 7\nTotal 9.00\n".ljust(512, b"\0"), "text/plain"),
    (b"Invoice 7\r\nTotal 9.00\r\n\x1a", "text/plain"),
    (b"<!DOCTYPE html><html><body>hi", "text/html"),
    (b"\xef\xbb\xbf\n<HTML>", "text/html"),
    (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x">\n<html xmlns="http://www.w3.org/1999/xhtml">', "text/html"),
    (b"a report about <html> tags", "text/plain"),
    (b"Received: from a\r\n by b\r\nFrom: ann@example.org\r\nSubject: x\r\n\r\nhi", "message/rfc822"),
    (b"From ann Mon Jan 1 00:00:00 2024\nMessage-ID: <1@a>\nTo: bob\n\nhi", "message/rfc822"),
    (b"From: Ann\nTo: Bob\nDate: today\nOur ref: 7\n\nPlease", "text/plain"),
    (zip_head("[Content_Types].xml", "word/document.xml"), DOCX),
    (zip_head("docProps/app.xml", "xl/workbook.xml"), XLSX),
    (zip_head("a.txt"), "application/zip"),
    (zip_head("word/letter.txt", "xl/sums.txt", "ppt/talk.txt", "META-INF/notes.txt"), "application/zip"),
    (b"PK\x05\x06" + bytes(18), "application/zip"),
    (b"BMW invoice, 3 pages", "text/plain"),
    (b"a report about %PDF-1.4 headers", "text/plain"),
    (CII.encode(), "application/xml"),
    (("\ufeff" + CII).encode(), "application/xml"),
    (CII.encode("utf-16"), "application/xml"),
    (UBL.encode(), "application/xml"),
    (XXE.encode(), "application/xml"),
]

REFUSED = [
    b"\0" * 2000 + b"%PDF-1.4",
    b"AB".ljust(5000, b"\0"),
    bytes(64),
    b"GIF90a\x01\0\x01\0\x80\0\0",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504),
    zip_head("mimetype", "META-INF/manifest.xml"),
    zip_head("[Content_Types].xml", "ppt/presentation.xml"),
    b"\x7fELF\x02\x01\x01\0",
    b"\0\0\0\x0cjP  \r\n\n\n",
    b"{\\rtf1\\ansi Hello}",
    b"%!PS-Adobe-3.0\n%%Pages: 1",
    b'<?xml version="1.0"?><note>hi</note>',
    b'<?xml version="1.0"?><Invoice xmlns="urn:other">',
    bytes(range(256)),
]


@pytest.mark.parametrize(("head", "expected"), KNOWN, ids=range(len(KNOWN)))
def test_bytes_name_the_type(head, expected):
    assert media_type_of(head, len(head)) == expected


@pytest.mark.parametrize("head", REFUSED, ids=range(len(REFUSED)))
def test_other_bytes_are_refused(head):
    with pytest.raises(UnsupportedType):
        media_type_of(head, len(head))


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_pictures_of_telephones_are_refused_with_what_to_do(brand):
    with pytest.raises(UnsupportedType, match="JPEG or PNG"):
        media_type_of(b"\0\0\0\x18ftyp" + brand + bytes(200), 212)


def test_an_empty_file_is_damaged():
    with pytest.raises(Damaged):
        media_type_of(b"", 0)


def test_a_character_cut_by_the_end_of_the_head_is_no_damage():
    text = ("ä" * 3000).encode()
    assert media_type_of(text[:4095], len(text)) == "text/plain"
    assert decode_text(text[:4095]) != "ä" * 2047  # without `cut` it is not taken for UTF-8


@pytest.mark.parametrize(
    ("media_type", "name", "is_lie"),
    [
        ("text/plain", "invoice.pdf", True),
        ("application/pdf", "scan.JPG", True),
        ("application/pdf", "invoice.PDF", False),
        ("application/pdf", "no suffix", False),
        ("image/jpeg", "photo.png", False),
        ("application/xml", "note.txt", False),
        ("text/plain", "table.csv", False),
        ("text/plain", "page.html", False),
        ("application/zip", "letter.docx", False),
        ("application/zip", "scan.pdf", True),
    ],
)
def test_a_name_that_claims_another_type_is_refused(media_type, name, is_lie):
    if is_lie:
        with pytest.raises(UnsupportedType) as caught:
            refuse_lie(media_type, name)
        assert name not in caught.value.message
    else:
        refuse_lie(media_type, name)
