"""Archives taken apart: which members are documents, and how they are called."""

import zipfile

import pytest

from docmill.errors import Damaged, UnsupportedType
from docmill.stages.reading import verbs
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.unpacking import members_of

LIMITS = {"max_members": 60, "max_unpacked_bytes": 1_000_000, "max_ratio": 100}


def archive(file, *names):
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, b"Invoice 4711")
    return file


def unpacked(file, folder):
    out = folder / "out"
    out.mkdir()
    found = verbs.unpack(str(file), "application/zip", str(out), LIMITS)
    return [row[0] for row in found["members"]], found["is_document"]


def test_folders_named_like_those_of_office_files_are_folders(tmp_path):
    names = ["word/letter.txt", "xl/sums.txt", "ppt/talk.txt", "META-INF/notes.txt", "mimetype"]
    assert unpacked(archive(tmp_path / "a.zip", *names), tmp_path) == (
        ["letter.txt", "sums.txt", "talk.txt", "notes.txt", "mimetype"],
        False,
    )


def test_an_office_file_is_known_by_what_stands_last_in_its_directory(tmp_path):
    many = [f"word/media/image{i}.png" for i in range(50)]
    assert unpacked(archive(tmp_path / "a.zip", *many, "[Content_Types].xml"), tmp_path) == ([], True)
    with pytest.raises(UnsupportedType):
        verbs.unpack(
            str(archive(tmp_path / "b.zip", "ppt/slides/slide1.xml", "[Content_Types].xml")), "application/zip", str(tmp_path), LIMITS
        )


def test_litter_is_told_by_whole_names(tmp_path):
    litter = ["__MACOSX/._a.txt", "sub/__MACOSX/a.txt", "sub/Thumbs.db", "thumbs.db", "desktop.ini", ".DS_Store"]
    kept = ["__MACOSX2/real.txt", "Thumbs.dbx.txt", "desktop.ini.pdf", "sub/a.txt"]
    assert unpacked(archive(tmp_path / "a.zip", *litter, *kept), tmp_path)[0] == ["real.txt", "Thumbs.dbx.txt", "desktop.ini.pdf", "a.txt"]


@pytest.mark.parametrize(("written", "shown"), [("Müße.txt".encode(), "Müße.txt"), ("Müße.txt".encode("cp437"), "Müße.txt")])
def test_names_in_utf8_without_the_bit_that_says_so(tmp_path, written, shown):
    file = archive(tmp_path / "a.zip", "x" * len(written))
    file.write_bytes(file.read_bytes().replace(b"x" * len(written), written))
    assert unpacked(file, tmp_path)[0] == [shown]


def test_a_damaged_member_leaves_the_others_readable(tmp_path):
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("a.txt", "Invoice 4711 " * 500)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as made:
        made.writestr("b.txt", "good")
    data = bytearray(file.read_bytes())
    data[47:59] = b"\xff" * 12
    file.write_bytes(data)
    first, second = members_of(file, "application/zip", tmp_path, Limits())
    assert (first.name, type(first.error)) == ("a.txt", Damaged)
    assert (second.name, second.error, second.path.read_bytes()) == ("b.txt", None, b"good")


def test_a_forwarded_message_whose_boundary_is_not_ascii_is_kept_as_it_came(tmp_path):
    inner = b'From: q@example.org\nContent-Type: multipart/mixed; boundary="R\xfcck"\n\n--R\xfcck\n\nhello\n--R\xfcck--'
    outer = b'From: a@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="X"\n\n'
    file = tmp_path / "a.eml"
    file.write_bytes(outer + b"--X\n\nhi\n--X\nContent-Type: message/rfc822\n\n" + inner + b"\n--X--\n")
    (member,) = members_of(file, "message/rfc822", tmp_path, Limits())
    assert (member.error, member.path.read_bytes().rstrip(b"\n")) == (None, inner)
