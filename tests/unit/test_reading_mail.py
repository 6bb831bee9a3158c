"""A mail is read as a reader sees it: every part that is shown, in order; what is attached is a document of its own."""

import base64
import io

import pytest
from PIL import Image

from docmill.stages.reading.embedded_pictures import count_pictures
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.mail_file import mail_text
from docmill.stages.reading.unpacking import members_of

HEAD = "From: ann@example.org\nMessage-ID: <1@example.org>\nMIME-Version: 1.0\n"
PLAIN = "Content-Type: text/plain; charset=utf-8\n\nplain words of the body"
WEB = "Content-Type: text/html; charset=utf-8\n\n<p>rich words of the body</p>"
FOOTER = "Content-Type: text/plain\nContent-Disposition: inline\n\nlist footer"
PDF = 'Content-Type: application/pdf; name="a.pdf"\nContent-Disposition: attachment; filename="a.pdf"\n\nx'
INLINE_PDF = 'Content-Type: application/pdf; name="b.pdf"\nContent-Disposition: inline; filename="b.pdf"\n\nx'
NOTE = 'Content-Type: text/plain; name="note.txt"\n\nof its own'
FORWARDED = "Content-Type: message/rfc822\n\nFrom: bob@example.org\nSubject: Chairs\n\ninner"
STUB = "Content-Type: text/plain\n\nThis mail is in HTML. Please use another program."
LONG = "Content-Type: text/html\n\n<p>" + "This mail asks you to please use the chairs. " * 20 + "</p>"
NAMELESS = "Content-Type: application/pdf\nContent-Disposition: inline\n\nx"
SEAL = "Content-Type: application/pgp-signature\n\nx"
REPORT = "Content-Type: message/delivery-status\n\nAction: failed"
PHOTO = 'Content-Type: image/png; name="p.png"\n\nx'
ENCRYPTED = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Disposition: attachment; filename=smime.p7m\n\nMIIB"


def many(kind, *parts):
    mark = f"q{abs(hash(parts))}"
    return f'Content-Type: multipart/{kind}; boundary="{mark}"\n\n' + "".join(f"--{mark}\n{part}\n" for part in parts) + f"--{mark}--\n"


def read(tmp_path, body, before=b""):
    file = tmp_path / "a.eml"
    file.write_bytes(before + (HEAD + body).encode())
    lines = [line.strip() for line in mail_text(file, Limits()).splitlines()[1:] if line.strip()]
    return lines, [one.name for one in members_of(file, "message/rfc822", tmp_path, Limits())]


P, W, F, A = "plain words of the body", "rich words of the body", "list footer", "Attachment: a.pdf"


@pytest.mark.parametrize(
    ("body", "lines", "members"),
    [
        (many("mixed", WEB, FOOTER), [W, F], []),
        (many("mixed", many("alternative", PLAIN, WEB), FOOTER), [P, F], []),
        (many("mixed", PLAIN, PDF, WEB), [P, W, A], ["a.pdf"]),
        (many("alternative", PLAIN, many("mixed", WEB, PDF, WEB)), [P, A], ["a.pdf"]),
        (many("alternative", "Content-Type: text/plain\n\n \n", WEB), [W], []),
        (many("alternative", STUB, WEB), [W], []),
        (many("alternative", STUB, LONG), ["This mail asks you to please use the chairs. " * 19 + "This mail asks you to please use the chairs."], []),
        (many("alternative", "Content-Type: text/plain\n\nsee below", LONG.replace("<p>", "<p>see below ", 1)), ["see below"], []),
        (many("alternative", "Content-Type: text/html\n\n<!-- -->", PLAIN), [P], []),
        (many("mixed", PLAIN, NOTE, INLINE_PDF), [P, "Attachment: note.txt", "Attachment: b.pdf"], ["note.txt", "b.pdf"]),
        (many("mixed", PLAIN, NAMELESS), [P, "Attachment: (application/pdf)"], ["attachment 1"]),
        ("Content-Type: application/pdf\n\nx", ["Attachment: (application/pdf)"], ["attachment 1"]),
        (many("mixed", PLAIN, SEAL, REPORT, PHOTO), [P, "Attachment: p.png"], []),
        (many("mixed", NOTE, PDF), ["of its own", A], ["a.pdf"]),
        (many("mixed", PLAIN, FORWARDED), [P, "Attachment: (message) Chairs"], ["attachment 1"]),
        (ENCRYPTED, ["[encrypted body not read]"], []),
        (many("mixed", ENCRYPTED, FOOTER), ["[encrypted body not read]", F, "Attachment: smime.p7m"], ["smime.p7m"]),
        ("Content-Type: text/calendar\n\nSUMMARY:Meeting", ["SUMMARY:Meeting"], []),
        ("Content-Type: text/plain; charset=undefined\n\nfor Müller", ["for Müller"], []),
        ("Content-Type: text/plain\nContent-Disposition: attachment\n\nall there is", ["all there is"], []),
    ],
)  # fmt: skip
def test_what_is_shown_and_what_is_attached(tmp_path, body, lines, members):
    assert read(tmp_path, body) == (lines, members)


@pytest.mark.parametrize(("pages", "members", "pictures"), [(2, ["fax.tif"], 0), (1, [], 1)])
def test_a_fax_of_several_pages_is_attached(tmp_path, pages, members, pictures):
    data = io.BytesIO()
    Image.new("1", (800, 400)).save(data, "TIFF", save_all=True, append_images=[Image.new("1", (800, 400))] * (pages - 1))
    coded = base64.b64encode(data.getvalue()).decode()
    fax = f'Content-Type: image/tiff\nContent-Disposition: inline; filename="fax.tif"\nContent-Transfer-Encoding: base64\n\n{coded}'
    assert read(tmp_path, many("mixed", PLAIN, fax)) == ([P, "Attachment: fax.tif"], members)
    assert count_pictures(tmp_path / "a.eml", "message/rfc822", Limits()) == pictures


@pytest.mark.parametrize(
    "stub",
    [
        "Ihr E-Mail-Programm kann diese Nachricht nicht darstellen.",
        "Votre logiciel de messagerie ne prend pas en charge ce format.",
        "This message contains rich content.",
        "-",
    ],
)
def test_a_stub_in_any_words_does_not_hide_the_invoice(tmp_path, stub):
    rows = "Diese Rechnung geht an Ihr Haus, eine Nachricht per Mail kann nicht this message ce format en charge de. "
    html = f"Content-Type: text/html; charset=utf-8\n\n<p>Rechnung 4711</p><p>{rows * 4}</p>"
    assert "Rechnung 4711" in read(tmp_path, many("alternative", f"Content-Type: text/plain\n\n{stub}", html))[0]


def test_a_byte_order_mark_before_the_headers(tmp_path):
    assert read(tmp_path, many("alternative", PLAIN, WEB), before=b"\xef\xbb\xbf") == ([P], [])


def test_latin1_in_a_mail_is_windows_1252(tmp_path):
    body = "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n5 =80"
    assert read(tmp_path, body) == (["5 €"], [])
