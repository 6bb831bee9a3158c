"""Archives taken apart: which members are documents, and how they are called."""

import zipfile

import pytest

from docmill.errors import UnsupportedType
from docmill.stages.reading import verbs

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
