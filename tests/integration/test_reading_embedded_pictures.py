"""Pictures inside Word, Excel, HTML and mail are pages of their own, behind the text."""

import base64
import io
from email.message import EmailMessage
from pathlib import Path

import docx
import openpyxl
import pytest
from openpyxl.drawing.image import Image as SheetImage
from PIL import Image, ImageDraw

from docmill.errors import Damaged, TooLarge
from docmill.stages.reading import verbs
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.survey import survey
from docmill.stages.reading.unpacking import members_of
from docmill.values.page import Page


def picture(text="", size=(700, 160), kind="PNG"):
    made = Image.new("RGB", size, "white")
    if text:
        ImageDraw.Draw(made).text((30, 50), text, fill="black", font_size=44)
    out = io.BytesIO()
    made.save(out, format=kind)
    return out.getvalue()


SCAN, PHOTO, ICON = picture("RECEIPT TOTAL 48.20"), picture("DELIVERY NOTE 7731", kind="JPEG"), picture(size=(32, 32))


def word(path):
    made = docx.Document()
    made.add_paragraph("Dear customer")
    for data in (SCAN, ICON, PHOTO, SCAN):
        made.add_picture(io.BytesIO(data))
    made.save(path)


def excel(path):
    book = openpyxl.Workbook()
    book.active["A1"] = "Dear customer"
    for at, data in enumerate((SCAN, ICON, PHOTO), 1):
        book.active.add_image(SheetImage(io.BytesIO(data)), f"B{at * 20}")
    book.save(path)


def html(path):
    shown = "".join(f'<img alt="" src="data:image/png;base64,{base64.b64encode(data).decode()}">' for data in (SCAN, ICON, PHOTO))
    path.write_text(f"<html><body>Dear customer {shown}<img src='https://example.com/a.png'></body></html>", encoding="utf-8")


def mail(path):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", "Dear customer"
    message["Message-ID"] = "<1@example.com>"
    message.set_content("see below")
    message.add_alternative('<p>see below</p><img src="cid:one"><img src="cid:two">', subtype="html")
    body = message.get_payload()[1]
    body.add_related(SCAN, "image", "png", cid="<one>")
    body.add_related(ICON, "image", "png", cid="<two>")
    message.add_attachment(picture("ATTACHED"), maintype="image", subtype="png", filename="own.png")
    message.add_attachment(PHOTO, maintype="image", subtype="jpeg", disposition="inline", filename="photo.jpg")
    path.write_bytes(message.as_bytes())


@pytest.mark.parametrize("write", [word, excel, html, mail])
def test_pictures_are_read_behind_the_text(tmp_path, write):
    file, out = tmp_path / "file", tmp_path / "page.json"
    write(file)
    found = survey(file, Limits())
    assert found.page_count == 3
    texts = []
    for number in (1, 2, 3):
        verbs.read_page(str(file), found.media_type, number, "en", "tesseract", str(tmp_path), str(out), {})
        page = Page.model_validate_json(out.read_bytes())
        assert page.number == number
        texts.append(page.text)
    assert "Dear customer" in texts[0]
    assert texts[1:] == ["RECEIPT TOTAL 48.20", "DELIVERY NOTE 7731"]
    assert page.source == "tesseract"
    assert page.reason.startswith("picture 2 in the document")
    assert {one.name for one in tmp_path.iterdir()} == {"file", "page.json"}
    with pytest.raises(Damaged):
        verbs.read_page(str(file), found.media_type, 4, "en", "tesseract", str(tmp_path), str(out), {})


def test_pictures_count_as_pages(tmp_path):
    word(tmp_path / "file")
    with pytest.raises(TooLarge):
        survey(tmp_path / "file", Limits(max_pages=2))


def test_what_is_no_picture_is_no_page(tmp_path):
    nonsense = base64.b64encode(SCAN[:40] + b"x" * 400).decode()
    (tmp_path / "a").write_text(
        f'<html><body>text<img src="data:image/png;base64,{nonsense}"><img src="data:image/png;base64,AAA"></body></html>'
    )
    assert survey(tmp_path / "a", Limits()).page_count == 1


def test_every_attachment_of_a_mail_comes_out(tmp_path: Path):
    inner, message = EmailMessage(), EmailMessage()
    inner.set_content("text")
    inner.add_attachment(b"%PDF-1.4 deep", maintype="application", subtype="pdf", filename="deep.pdf")
    message["From"], message["Message-ID"] = "a@example.com", "<1@example.com>"
    message.set_content("text")
    message.add_attachment(b"%PDF-1.4 inline", maintype="application", subtype="pdf", disposition="inline", filename="inline.pdf")
    message.add_attachment(b"%PDF-1.4 nameless", maintype="application", subtype="pdf")
    message.add_attachment(PHOTO, maintype="image", subtype="jpeg", disposition="inline", filename="photo.jpg")
    message.attach(inner)
    forwarded = EmailMessage()
    forwarded["From"] = "c@example.com"
    forwarded.set_content("for you")
    forwarded.add_attachment(b"%PDF-1.4 forwarded", maintype="application", subtype="pdf", filename="forwarded.pdf")
    message.add_attachment(forwarded)
    del message.get_payload()[-1]["Content-Disposition"]
    (tmp_path / "a.eml").write_bytes(message.as_bytes())
    found = {one.name: one.path.read_bytes() for one in members_of(tmp_path / "a.eml", "message/rfc822", tmp_path, Limits())}
    assert b"for you" in found.pop("attachment 3")
    names = ("inline.pdf", "attachment 2", "deep.pdf", "forwarded.pdf")
    assert found == dict(zip(names, (b"%PDF-1.4 inline", b"%PDF-1.4 nameless", b"%PDF-1.4 deep", b"%PDF-1.4 forwarded"), strict=True))
    with pytest.raises(TooLarge, match="max_unpacked_bytes"):
        list(members_of(tmp_path / "a.eml", "message/rfc822", tmp_path, Limits(max_unpacked_bytes=300)))


def test_parts_nested_too_deep_are_damage(tmp_path):
    body = "x"
    for at in range(2000):
        body = f'Content-Type: multipart/mixed; boundary="q{at}"\n\n--q{at}\n{body}\n--q{at}--\n'
    (tmp_path / "a.eml").write_text(f"From: a@example.com\nMessage-ID: <1@example.com>\nMIME-Version: 1.0\n{body}")
    with pytest.raises(Damaged):
        list(members_of(tmp_path / "a.eml", "message/rfc822", tmp_path, Limits()))
    with pytest.raises(Damaged):
        survey(tmp_path / "a.eml", Limits())
