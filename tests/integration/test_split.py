"""`docmill split`: each document of a PDF as a PDF of its own, with its pages and nothing else of the file."""

import json
import sys
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest
import typer
from pikepdf import Array, Dictionary, Name, String
from reading_pages import read, text_pdf
from typer.testing import CliRunner

from docmill.cli import extract, split
from docmill.errors import Damaged, InvalidOptions, NotFound, UnsupportedType
from docmill.stages.reading.splitting import write_parts

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from invoice_generator import sale
from sale_papers import write_package

SECRETS = (b"app.alert", b"attached-secret", b"typed-on-page-two", b"picture-of-page-two", b"note-of-nobody", b"bookmark-secret")


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    app = typer.Typer()
    split.add_to(app)
    extract.add_to(app)  # an app of one command would take its name for an argument
    return app


def armed(path: Path) -> Path:
    """The PDF with all that must not come along: scripts, an attachment, a form over two pages, a picture that all pages name, tags, bookmarks."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        first, second = pdf.pages[0], pdf.pages[1]
        script = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
        pdf.Root.OpenAction = script
        first.obj.AA = Dictionary(O=script)
        pdf.attachments["a.txt"] = b"attached-secret"
        shared = Dictionary(
            XObject=Dictionary(Second=pdf.make_stream(b"%picture-of-page-two", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 1, 1]))
        )
        shared.Font = first.obj.Resources.Font
        second.obj.Contents = pdf.make_stream(second.obj.Contents.read_bytes() + b"\n/Second Do\n")
        first.obj.Resources = second.obj.Resources = pdf.make_indirect(shared)
        field = pdf.make_indirect(
            Dictionary(FT=Name.Tx, T=String("f"), V=String("typed-on-page-two"), DA=String("/Helv 8 Tf"), Kids=Array())
        )
        for sheet in (first, second):
            box = Dictionary(Type=Name.Annot, Subtype=Name.Widget, Rect=[1, 1, 9, 9], Parent=field, P=sheet.obj, F=2)
            note = Dictionary(
                Type=Name.Annot, Subtype=Name.Link, Rect=[1, 1, 9, 9], Dest=[second.obj, Name.Fit], Contents=String("note-of-nobody")
            )
            field.Kids.append(pdf.make_indirect(box))
            sheet.obj.Annots = Array([field.Kids[-1], pdf.make_indirect(note)])
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("bookmark-secret", 1))
        pdf.save(path)
    return path


def text_of(path: Path) -> list[str]:
    document = pdfium.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


def bare(path: Path) -> bytes:
    """Every object of a PDF in the open."""
    with pikepdf.open(path) as pdf:
        parts = [one.unparse(resolved=True) + (one.read_bytes() if isinstance(one, pikepdf.Stream) else b"") for one in pdf.objects]
        assert not pdf.attachments
        assert set(pdf.Root.keys()) == {"/Type", "/Pages"}
    return b"\n".join(parts)


def test_each_document_is_written_with_its_own_pages(tmp_path: Path, cli: typer.Typer) -> None:
    sales = sale(1), sale(2), sale(5)
    file, out = write_package(tmp_path / "a.pdf", *sales), tmp_path / "deep" / "parts"
    done = CliRunner().invoke(cli, ["split", str(file), "--out", str(out), "--json", "--language", "en"])
    assert done.exit_code == 0, done.output
    names = [f"part-{n}_invoice_page-{n}.pdf" for n in (1, 2, 3)]
    assert json.loads(done.stdout) == {
        "parts": [{"file": str(out / name), "kind": "invoice", "first_page": n, "last_page": n} for n, name in enumerate(names, 1)]
    }
    assert sorted(path.name for path in out.iterdir()) == names
    for one, name in zip(sales, names, strict=True):
        (told,) = text_of(out / name)
        assert one.number in told
        assert not [other.number for other in sales if other is not one and other.number in told]
        assert (out / name).stat().st_mode & 0o077 == 0
    again = CliRunner().invoke(cli, ["split", str(file), "--out", str(out)])
    assert isinstance(again.exception, InvalidOptions)


def test_nothing_but_what_the_pages_show_is_taken_over(tmp_path: Path) -> None:
    file = armed(write_package(tmp_path / "a.pdf", sale(1), sale(2), sale(5)))
    first, rest = tmp_path / "1.pdf", tmp_path / "2.pdf"
    write_parts(file, [(1, 1, first), (2, 3, rest)])
    assert [len(text_of(path)) for path in (first, rest)] == [1, 2]
    assert not [secret for secret in SECRETS if secret in bare(first)]
    assert [secret for secret in SECRETS if secret in bare(rest)] == [b"picture-of-page-two"]
    assert text_of(first) + text_of(rest) == text_of(file)


def test_what_was_filled_in_and_hidden_layers_look_as_before(tmp_path: Path) -> None:
    file, out = write_package(tmp_path / "a.pdf", sale(1), sale(2)), tmp_path / "1.pdf"
    with pikepdf.open(file, allow_overwriting_input=True) as pdf:
        drawn = pdf.make_stream(b"1 0 0 rg 0 0 40 40 re f", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 40, 40])
        stamp = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=[10, 10, 50, 50], AP=Dictionary(N=drawn), F=4)
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("l")))
        pdf.Root.OCProperties = Dictionary(OCGs=[layer], D=Dictionary(OFF=[layer], Order=[]))
        page = pdf.pages[0]
        page.obj.Annots = Array([pdf.make_indirect(stamp)])
        page.obj.Resources.Properties = Dictionary(L=layer)
        page.contents_add(b"/OC /L BDC 0 1 0 rg 100 10 40 40 re f EMC")
        pdf.save(file)
    write_parts(file, [(1, 1, out)])
    before, after = (pdfium.PdfDocument(path)[0].render(scale=1).to_pil() for path in (file, out))
    assert before.getpixel((30, 842 - 30)) == after.getpixel((30, 842 - 30)) == (255, 0, 0)
    assert before.tobytes() == after.tobytes()


def test_what_viewers_draw_by_themselves_is_in_the_part(tmp_path: Path) -> None:
    file, out = text_pdf(tmp_path / "a.pdf", pages=2, size=(500, 300)), tmp_path / "b.pdf"
    with pikepdf.open(file, allow_overwriting_input=True) as pdf:
        shown = (
            {"Contents": String("Note: pay Mrs Thornbury"), "Subtype": Name.FreeText},
            {"FT": Name.Tx, "V": String("Счёт 4711"), "Subtype": Name.Widget},
        )
        drawn = [
            pdf.make_indirect(Dictionary(Type=Name.Annot, Rect=[40, at, 300, at + 24], T="n", F=4, **said))
            for at, said in zip((40, 80), shown, strict=True)
        ]
        pdf.pages[1].obj.Annots, pdf.Root.AcroForm = Array(drawn), Dictionary(Fields=drawn[1:], NeedAppearances=True)
        pdf.save(file)
    write_parts(file, [(2, 2, out)])
    whole, part = read(file, tmp_path, 2).text, read(out, tmp_path).text
    assert part == whole
    assert {"Note: pay Mrs Thornbury", "Счёт 4711"} <= set(part.split("\n"))
    with pikepdf.open(out) as pdf:
        assert Name.Annots not in pdf.pages[0].obj
        assert Name.AcroForm not in pdf.Root


def test_one_document_is_left_as_it_is(tmp_path: Path, cli: typer.Typer) -> None:
    file, out = write_package(tmp_path / "a.pdf", sale(1)), tmp_path / "parts"
    done = CliRunner().invoke(cli, ["split", str(file), "--out", str(out)])
    assert (done.exit_code, done.stdout) == (0, "No second document was found in this file; nothing is written.\n")
    assert json.loads(CliRunner().invoke(cli, ["split", str(file), "--out", str(out), "--json"]).stdout) == {"parts": []}
    assert not out.exists()


def test_other_files_than_pdfs_are_refused_with_what_to_do(tmp_path: Path, cli: typer.Typer) -> None:
    pictures = []
    for number, one in enumerate((sale(1), sale(2))):
        document = pdfium.PdfDocument(write_package(tmp_path / f"{number}.pdf", one))
        pictures.append(document[0].render(scale=200 / 72).to_pil())
        document.close()
    file, out = tmp_path / "a.tif", tmp_path / "parts"
    pictures[0].save(file, save_all=True, append_images=pictures[1:], dpi=(200, 200))
    refused = CliRunner().invoke(cli, ["split", str(file), "--out", str(out), "--language", "en"])
    assert isinstance(refused.exception, UnsupportedType)
    assert "--format pdf" in refused.exception.message
    assert not out.exists()


def test_what_cannot_be_split(tmp_path: Path, cli: typer.Typer) -> None:
    missing = CliRunner().invoke(cli, ["split", str(tmp_path / "none.pdf"), "--out", str(tmp_path)])
    assert isinstance(missing.exception, NotFound)
    file = write_package(tmp_path / "a.pdf", sale(1), sale(2))
    (tmp_path / "taken").write_text("a file")
    taken = CliRunner().invoke(cli, ["split", str(file), "--out", str(tmp_path / "taken"), "--language", "en"])
    assert isinstance(taken.exception, InvalidOptions)
    with pytest.raises(Damaged):
        write_parts(file, [(1, 3, tmp_path / "b.pdf")])
