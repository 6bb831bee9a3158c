"""Word, Excel, HTML and mail as pages of words: what a reader sees, in its order, under limits."""

import contextlib
import datetime as dt
import zipfile
from email.message import EmailMessage

import docx
import openpyxl
import pytest
from docx.enum.text import WD_BREAK

from docmill.errors import Damaged, Encrypted, TooLarge, UnsupportedType
from docmill.stages.reading import verbs
from docmill.values.page import Page

LIMITS = {"max_pages": 20, "max_bytes": 20_000_000, "max_unpacked_bytes": 30_000_000, "max_members": 60, "max_ratio": 100}
HTML = (
    "<!DOCTYPE html><html><head><title>no page text</title><style>p{}</style></head><body><h1>Invoice 4711</h1><script>var x='hidden'</script>"
    "<p>Gr&uuml;&szlig;e <b>aus</b> K&ouml;ln<table><tr><td>Chair</td><td>2</td><td>80.00</td></tr>"
    "<tr><td>Desk lamp</td><td>10</td><td>9.50</td></tr></table><p style='display:none'>unseen</p></body></html>"
)


def pages(file, folder, limits=None):
    kept = {**LIMITS, **(limits or {})}
    found = verbs.inspect(str(file), kept)
    out = folder / "page.json"
    read = []
    for number in range(1, found["page_count"] + 1):
        verbs.read_page(str(file), found["media_type"], number, "en", "auto", str(folder), str(out), kept)
        read.append(Page.model_validate_json(out.read_bytes()))
    return found["media_type"], read


def word_file(file):
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Miller & Sons Ltd"
    document.sections[0].footer.paragraphs[0].text = "Registered in Leeds"
    document.add_heading("Invoice 4711", 1)
    document.add_paragraph("Payment within 14 days")
    table = document.add_table(rows=2, cols=3)
    for cell, text in zip([c for row in table.rows for c in row.cells], ["Chair", "2", "80.00", "Desk lamp", "10", "9.50"], strict=True):
        cell.text = text
    document.add_paragraph("Carried forward").add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("second page", style="List Bullet")
    document.save(file)
    return file


def workbook(file):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Invoice"
    for row in (["Item", "Sum"], ["Chair", 80], ["Lamp", 1234.5], ["Date", dt.datetime(2024, 3, 1)], ["Share", 0.19]):  # noqa: DTZ001 - Excel knows no zones
        sheet.append(row)
    sheet["B3"].number_format, sheet["B5"].number_format = "#,##0.00", "0%"
    book.create_sheet("Second").append(["far", None, None, "apart"])
    book.save(file)
    return file


def test_word(tmp_path):
    media_type, (first, second) = pages(word_file(tmp_path / "kept without a suffix"), tmp_path)
    assert media_type.endswith("wordprocessingml.document")
    assert first.text.split("\n") == [
        "Miller & Sons Ltd", "Invoice 4711", "Payment within 14 days", "Chair 2 80.00", "Desk lamp 10 9.50", "Carried forward"
    ]  # fmt: skip
    assert second.text == "- second page\nRegistered in Leeds"
    sums = [w.box for w in first.words if w.text in {"80.00", "9.50"}]
    assert sums[0].x1 == sums[1].x1  # numbers stand under one another
    assert {w.confidence for w in first.words} == {1.0}


def test_excel(tmp_path):
    media_type, (first, second) = pages(workbook(tmp_path / "kept without a suffix"), tmp_path)
    assert media_type.endswith("spreadsheetml.sheet")
    assert first.text == "Invoice\nItem Sum\nChair 80\nLamp 1234.50\nDate 2024-03-01\nShare 19%"
    assert second.text == "Second\nfar apart"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("", "utf-8"),
        ("<!-- c --><!DOCTYPE html>", "utf-8"),
        ('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>', "utf-8"),
        ("", "utf-16"),
    ],
)
def test_html(tmp_path, head, encoding):
    (tmp_path / "a.html").write_bytes((head + HTML).encode(encoding))
    media_type, (page,) = pages(tmp_path / "a.html", tmp_path)
    assert media_type == "text/html"
    assert page.text == "Invoice 4711\nGrüße aus Köln\nChair 2 80.00\nDesk lamp 10 9.50"


def test_html_by_its_stated_charset(tmp_path):
    (tmp_path / "a.html").write_bytes('<html><meta charset="iso-8859-2"><body>Łódź'.encode("iso-8859-2"))
    assert pages(tmp_path / "a.html", tmp_path)[1][0].text == "Łódź"


def test_html_nests_deep(tmp_path):
    (tmp_path / "a.html").write_text("<html>before " + "<div>" * 1500 + "deep down" + "</div>" * 1500 + "after")
    assert pages(tmp_path / "a.html", tmp_path)[1][0].text.split() == ["before", "deep", "down", "after"]


def test_html_that_nests_too_deep_is_not_read_in_part(tmp_path):
    (tmp_path / "a.html").write_text("<html>before" + "<div>" * 50_000 + "deep down" + "</div>" * 50_000)
    with pytest.raises(Damaged):
        pages(tmp_path / "a.html", tmp_path)


def message(**parts):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ann <ann@example.org>", "bob@example.org", "Rechnung für März"
    mail["Message-ID"] = "<1@example.org>"
    mail.set_content(parts["plain"]) if "plain" in parts else None
    if "html" in parts:
        (mail.add_alternative if "plain" in parts else mail.set_content)(parts["html"], subtype="html")
    for name in parts.get("files", ()):
        mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename=name)
    return mail.as_bytes()


@pytest.mark.parametrize(
    ("parts", "body"),
    [
        ({"plain": "Total: 9.50 €"}, "Total: 9.50 €"),
        ({"html": HTML}, "Invoice 4711\nGrüße aus Köln\nChair 2 80.00\nDesk lamp 10 9.50"),
        (
            {"plain": "Invoice 4711, the plain one", "html": "<html><body><p>Invoice 4711, the rich one</p></body></html>"},
            "Invoice 4711, the plain one",
        ),
        ({"plain": "the plain one", "html": HTML}, "Invoice 4711\nGrüße aus Köln\nChair 2 80.00\nDesk lamp 10 9.50"),
        ({"plain": "see the file", "files": ["invoice.pdf"]}, "see the file\nAttachment: invoice.pdf"),
    ],
)
def test_mail(tmp_path, parts, body):
    (tmp_path / "a.eml").write_bytes(message(**parts))
    media_type, (page,) = pages(tmp_path / "a.eml", tmp_path)
    assert media_type == "message/rfc822"
    assert page.text == f"From: Ann <ann@example.org>\nTo: bob@example.org\nSubject: Rechnung für März\n{body}"


def test_a_body_goes_on_behind_an_attachment(tmp_path):
    mail = EmailMessage()
    mail["From"], mail["Message-ID"] = "ann@example.org", "<1@example.org>"
    mail.set_content("first part")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", disposition="inline", filename="a.pdf")
    mail.add_attachment("second part")
    mail.add_attachment("of its own", filename="note.txt")
    del mail.get_payload()[2]["Content-Disposition"]
    (tmp_path / "a.eml").write_bytes(mail.as_bytes())
    read = pages(tmp_path / "a.eml", tmp_path)[1][0].text.splitlines()
    assert read == ["From: ann@example.org", "first part", "second part", "Attachment: a.pdf", "Attachment: note.txt"]


def test_a_memo_is_text_and_no_mail(tmp_path):
    (tmp_path / "a.txt").write_text("From: Ann\nTo: Bob\nSubject: chairs\nOur ref: 7\n\nPlease send them.\n")
    media_type, (page,) = pages(tmp_path / "a.txt", tmp_path)
    assert media_type == "text/plain"
    assert "Our ref: 7" in page.text


def zipped(file, members, *, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file


def test_notes_of_a_word_file_come_last(tmp_path):
    source = word_file(tmp_path / "a.docx")
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name).decode("utf-8", "surrogateescape") for name in archive.namelist()}
    words = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    for kind in ("footnote", "endnote"):
        members[f"word/{kind}s.xml"] = (
            f'<w:{kind}s xmlns:w="{words}"><w:{kind} w:type="separator" w:id="-1"><w:p><w:r><w:t>rule</w:t></w:r></w:p></w:{kind}>'
            f'<w:{kind} w:id="1"><w:p><w:r><w:t>See the </w:t></w:r><w:r><w:t>{kind} 7</w:t></w:r></w:p></w:{kind}></w:{kind}s>'
        )
        relation = f'<Relationship Id="n{kind}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}s" Target="{kind}s.xml"/>'
        members["word/_rels/document.xml.rels"] = members["word/_rels/document.xml.rels"].replace(
            "</Relationships>", relation + "</Relationships>"
        )
        typed = f'<Override PartName="/word/{kind}s.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}s+xml"/>'
        members["[Content_Types].xml"] = members["[Content_Types].xml"].replace("</Types>", typed + "</Types>")
    file = zipped(tmp_path / "b.docx", {name: text.encode("utf-8", "surrogateescape") for name, text in members.items()})
    (_, second) = pages(file, tmp_path)[1]
    assert second.text.split("\n")[-2:] == ["See the footnote 7", "See the endnote 7"]


def test_a_word_file_that_unpacks_to_too_much(tmp_path):
    file = word_file(tmp_path / "a.docx")
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/image1.bin", bytes(29_000_000))
    with pytest.raises(TooLarge, match="max_ratio"):
        pages(file, tmp_path)
    with pytest.raises(TooLarge, match="max_unpacked_bytes"):
        pages(file, tmp_path, {"max_unpacked_bytes": 1_000_000})
    with pytest.raises(TooLarge, match="max_members"):
        pages(file, tmp_path, {"max_members": 3})


def test_entities_in_word_files_are_not_followed(tmp_path):
    bomb = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {c} "{f"&{p};" * 10}">' for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    body = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&i;</w:t></w:r></w:p></w:body></w:document>'
    source = word_file(tmp_path / "a.docx")
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    file = zipped(tmp_path / "b.docx", {**members, "word/document.xml": f"{bomb}]>{body}"})
    with contextlib.suppress(Damaged):  # refused is as good
        assert "aaaaaaaaaa" not in pages(file, tmp_path)[1][0].text


def test_a_sheet_that_claims_a_million_rows(tmp_path):
    source = workbook(tmp_path / "a.xlsx")
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = (
        members["xl/worksheets/sheet2.xml"]
        .replace(b'r="1"', b'r="1048000"')
        .replace(b'r="A1"', b'r="A1048000"')
        .replace(b'r="D1"', b'r="XFD1048000"')
    )
    assert sheet != members["xl/worksheets/sheet2.xml"]
    _, read = pages(zipped(tmp_path / "b.xlsx", {**members, "xl/worksheets/sheet2.xml": sheet}), tmp_path)
    assert read[1].text == "Second\nfar apart"


def test_more_rows_than_pages(tmp_path):
    book = openpyxl.Workbook()
    for row in range(200):
        book.active.append([row])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(TooLarge):
        pages(tmp_path / "a.xlsx", tmp_path, {"max_pages": 2})


@pytest.mark.parametrize("make", [word_file, workbook])
def test_cut_off_office_files_are_damaged(tmp_path, make):
    file = make(tmp_path / "whole")
    data = file.read_bytes()
    for share in (0.2, 0.6, 0.95):
        (tmp_path / "cut").write_bytes(data[: int(len(data) * share)])
        with pytest.raises(Damaged):
            pages(tmp_path / "cut", tmp_path)


@pytest.mark.parametrize("make", [word_file, workbook])
def test_office_files_without_their_main_part(tmp_path, make):
    file = make(tmp_path / "whole")
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for broken in ("[Content_Types].xml", "word/document.xml", "xl/workbook.xml"):
        if broken in members:
            with pytest.raises(Damaged):
                pages(zipped(tmp_path / "b", {**members, broken: b"<x"}), tmp_path)


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"a.txt": "x"}, UnsupportedType),
        ({"ppt/presentation.xml": "x"}, UnsupportedType),
        ({"mimetype": "application/epub+zip"}, UnsupportedType),
    ],
)
def test_other_containers(tmp_path, members, error):
    with pytest.raises(error):
        pages(zipped(tmp_path / "a.zip", members), tmp_path)


def test_an_encrypted_part_is_named_so(tmp_path):
    file = word_file(tmp_path / "a.docx")
    data = bytearray(file.read_bytes())
    for magic, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(magic)
        while at >= 0:
            data[at + flags_at] |= 1
            at = data.find(magic, at + 4)
    file.write_bytes(bytes(data))
    with pytest.raises(Encrypted):
        pages(file, tmp_path)
