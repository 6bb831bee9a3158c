"""`docmill redact`, then `docmill verify` by a stranger: what is right passes, whatever is damaged is caught; the other commands beside them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfgen.canvas import Canvas
from typer.testing import CliRunner, Result

from docmill.cli.main import app
from docmill.services.certificate_keys import HASH_FILE, PUBLIC_FILE, keys_of
from docmill.services.certificates import make_certificate
from docmill.settings import settings
from docmill.stages.privacy.redaction.evidence import Evidence

LETTER = ("Dear Uwe Sommer,", "we write to uwe.sommer@posteo.example now.", "Your order 4711-2231 stays as it is.")
FOUND = 23
pytestmark = pytest.mark.usefixtures("home")


def run(*args: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(a) for a in args], input=stdin)


def letter(path: Path) -> Path:
    canvas = Canvas(str(path), pagesize=(400, 300), invariant=1)
    canvas.setTitle("Uwe Sommer")
    canvas.setFont("Helvetica", 12)
    for row, line in enumerate(LETTER):
        canvas.drawString(40, 240 - 30 * row, line)
    canvas.save()
    return path


@pytest.fixture(scope="module")
def redacted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with copy.pdf, copy.json and the home that signed."""
    folder = tmp_path_factory.mktemp("redacted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCMILL_HOME", str(folder / "signer"))
        settings.cache_clear()
        result = run("redact", letter(folder / "a.pdf"), "-o", folder / "copy.pdf", "--certificate", folder / "copy.json")
        settings.cache_clear()
    assert result.exit_code == 0, result.output
    assert "1 EMAIL_ADDRESS, 1 PERSON" in result.stderr
    return folder


@pytest.fixture
def folder(redacted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(redacted, tmp_path / "work"))


def verify(folder: Path, *more: object) -> tuple[int, dict[str, object]]:
    result = run("verify", folder / "copy.pdf", folder / "copy.json", "--json", *more)
    return result.exit_code, json.loads(result.stdout)


def failed(body: dict[str, object]) -> list[str]:
    return [c["name"] for c in body["checks"] if not c["passed"]]  # type: ignore[index,union-attr]


def test_a_stranger_can_verify_but_not_know_the_signer(folder: Path) -> None:
    code, body = verify(folder)
    assert (code, failed(body), body["passed"]) == (0, [], True)
    assert "not authenticated" in str(body["remarks"])
    assert len(str(body["fingerprint"])) == 79
    assert not (folder.parent / "home").exists()  # verifying makes no keys


def test_with_both_keys_nothing_is_left_open(folder: Path) -> None:
    code, body = verify(folder, "--trusted-key", folder / "signer" / PUBLIC_FILE, "--hash-key", folder / "signer" / HASH_FILE)
    assert (code, body["remarks"]) == (0, [])
    assert [c["name"] for c in body["checks"]] == ["signature", "signer", "file", "gates", "values"]  # type: ignore[index,union-attr]
    plain = run("verify", folder / "copy.pdf", folder / "copy.json").stdout
    assert "ok   gates" in plain
    assert str(body["fingerprint"]) in plain


def test_another_key_is_not_trusted_and_another_hash_key_proves_nothing(folder: Path, tmp_path: Path) -> None:
    keys_of(tmp_path / "other")
    assert failed(verify(folder, "--trusted-key", tmp_path / "other" / PUBLIC_FILE)[1]) == ["signer"]
    code, body = verify(folder, "--hash-key", tmp_path / "other" / HASH_FILE)
    assert (code, failed(body)) == (FOUND, ["values"])


def _edit(change: Callable[[pikepdf.Pdf], None]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with pikepdf.open(path, allow_overwriting_input=True) as pdf:
            change(pdf)
            pdf.save(path)

    return damage


def _title(pdf: pikepdf.Pdf) -> None:
    pdf.docinfo["/Title"] = "x"


def _word(pdf: pikepdf.Pdf) -> None:
    font = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica))
    pdf.pages[0].Resources.Font["/F9"] = font
    pdf.pages[0].contents_add(b"BT 3 Tr /F9 12 Tf 40 20 Td (Uwe Sommer) Tj ET")


def _no_picture(pdf: pikepdf.Pdf) -> None:
    (image,) = pdf.pages[0].Resources.XObject.values()
    image.write(b"\xff" * (int(image.Width) * int(image.Height)))
    image.BitsPerComponent, image.ColorSpace = 8, pikepdf.Name.DeviceGray
    if "/DecodeParms" in image:
        del image["/DecodeParms"]


def _old_revision(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n% an update\n%%EOF\n")


def _turned(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Rotate = 180


def _moved_down(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[0]
    page.contents_add(b"1 0 0 1 0 -30 cm", prepend=True)


DAMAGES = {
    "title": _edit(_title), "word": _edit(_word), "bare picture": _edit(_no_picture), "old revision": _old_revision, "turned": _edit(_turned),
    "page moved under its boxes": _edit(_moved_down), "empty": lambda p: p.write_bytes(b""), "image instead": lambda p: Image.new("L", (9, 9)).save(p, "PNG"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_caught_by_its_hash_and_by_the_gates_alone(folder: Path, name: str) -> None:
    DAMAGES[name](folder / "copy.pdf")
    code, body = verify(folder)
    assert (code, failed(body)) == (FOUND, ["file", "gates"])


def test_a_word_of_the_values_is_found_by_their_hashes(folder: Path) -> None:
    """A signer who lies: a file with the name in its text layer, in docmill's own form, signed as clean."""
    with pikepdf.open(folder / "copy.pdf") as pdf:
        boxes = json.loads((folder / "copy.json").read_text())["certificate"]["evidence"]
        pages = len(pdf.pages)
    assert pages == 1
    evidence = Evidence.model_validate({**boxes, "media_type": "text/plain", "pages": [], "gates": ["text"]})
    keys = keys_of(folder / "signer")
    for text, code in (("the file of UWE  S O M M E R is closed", FOUND), ("the file of [PERSON] is closed", 0)):
        (folder / "copy.pdf").write_text(text)
        made = make_certificate(folder / "copy.pdf", evidence, [("Uwe Sommer", "PERSON")], original_sha256="0" * 64, engines={}, keys=keys)
        (folder / "copy.json").write_bytes(made)
        assert verify(folder)[0] == 0
        assert verify(folder, "--hash-key", folder / "signer" / HASH_FILE)[0] == code


def test_a_value_that_can_only_be_seen_is_found_by_ocr_and_its_hash(folder: Path) -> None:
    """A signer who lies: the box is black and in its place, and the name stands beside it in the picture."""
    keys, boxes = keys_of(folder / "signer"), ((40, 40, 300, 80),)
    page = {"number": 1, "width_px": 900, "height_px": 900, "dpi": 100, "boxes": boxes}
    evidence = Evidence.model_validate({"media_type": "image/png", "pages": [page], "gates": ["pixels_only"]})
    for y, thorough, code in ((100, (), FOUND), (700, (), 0), (700, ("--thorough",), FOUND)):
        image = Image.new("L", (900, 900), 255)
        draw = ImageDraw.Draw(image)
        draw.rectangle((40, 40, 299, 79), fill=0)
        draw.text((60, y), "for Uwe Sommer", fill=0, font=ImageFont.load_default(32))
        image.save(folder / "copy.pdf", "PNG")
        made = make_certificate(folder / "copy.pdf", evidence, [("Uwe Sommer", "PERSON")], original_sha256="0" * 64, engines={}, keys=keys)
        (folder / "copy.json").write_bytes(made)
        assert verify(folder)[0] == 0
        assert verify(folder, "--hash-key", folder / "signer" / HASH_FILE, *thorough)[0] == code, (y, thorough)


def test_missing_files_are_said(tmp_path: Path) -> None:
    for args in (("verify", "a", "b"), ("redact", "a", "-o", "b.pdf"), ("find-pii", "a"), ("check-redactions", "a")):
        assert run(*args).exception is not None


# --- the other commands


def test_labels_can_be_read_and_selected(tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    assert run("redact", letter(tmp_path / "a.pdf"), "-o", out, "--style", "label", "--certificate", tmp_path / "c.json").exit_code == 0
    text = run("read", out).stdout
    assert "Dear [PERSON]" in text
    assert "[EMAIL_ADDRESS] now." in text
    assert "4711-2231" in text
    assert "Uwe" not in text
    assert run("verify", out, tmp_path / "c.json").exit_code == 0
    assert run("check-redactions", out).exit_code == 0  # our own labels are no leak


def test_only_what_is_asked_for_goes_and_a_wrong_ending_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    assert run("redact", letter(tmp_path / "a.pdf"), "-o", out, "--entities", "EMAIL_ADDRESS").exit_code == 0
    assert "Uwe Sommer" in run("read", out).stdout
    assert run("redact", tmp_path / "a.pdf", "-o", tmp_path / "out.png").exception is not None
    assert not (tmp_path / "out.png").exists()


@pytest.mark.slow
def test_find_pii_in_files_text_and_lines(tmp_path: Path) -> None:
    spans = json.loads(run("find-pii", letter(tmp_path / "a.pdf"), "--json").stdout)["spans"]
    assert [(s["page"], s["type"], s["text"]) for s in spans] == [
        (1, "PERSON", "Uwe Sommer"),
        (1, "EMAIL", "uwe.sommer@posteo.example"),
    ]
    spans = json.loads(run("find-pii", "--text", "-", "--json", stdin="Mail ann@example.org").stdout)["spans"]
    assert [(s["start"], s["end"], s["text"]) for s in spans] == [(5, 20, "ann@example.org")]
    lines = "\n".join(json.dumps({"id": i, "text": t}) for i, t in ((7, "Mail ann@example.org"), ("b", "nothing")))
    found = [json.loads(line) for line in run("find-pii", "--jsonl", "-", stdin=lines).stdout.splitlines()]
    assert [one["id"] for one in found] == [7, "b"]
    assert found[1]["spans"] == []
    assert set(found[0]["spans"][0]) >= {"start", "end", "type", "confidence", "text"}
    assert "Uwe Sommer" in run("find-pii", tmp_path / "a.pdf").stdout
    narrow = run("find-pii", "--text", "-", "--json", "--entities", "EMAIL,SSN", stdin="Dear Mr. Sommer, mail ann@example.org").stdout
    assert [s["type"] for s in json.loads(narrow)["spans"]] == ["EMAIL"]
    for bad in ("not json", "[]", '{"id": 1}'):
        assert run("find-pii", "--jsonl", "-", stdin=bad).exception is not None
    assert run("find-pii").exception is not None


def _covered(path: Path, *, cover: str) -> Path:
    canvas = Canvas(str(path), pagesize=(400, 300))
    canvas.setFont("Helvetica", 12)
    if cover == "under":
        canvas.rect(30, 190, 200, 30, stroke=0, fill=1)
        canvas.setFillGray(1)
    canvas.drawString(40, 200, "Uwe Sommer lives here" if cover != "reason" else "Redacted")
    canvas.setFillGray(0)
    if cover in {"black", "reason"}:
        canvas.rect(30, 190, 200, 30, stroke=0, fill=1)
    if cover == "red":
        canvas.setFillColorRGB(0.7, 0, 0)
        canvas.rect(30, 190, 90, 30, stroke=0, fill=1)
    if cover == "burned":
        image = Image.new("L", (400, 300), 255)
        ImageDraw.Draw(image).rectangle((30, 80, 230, 110), fill=0)
        canvas.drawInlineImage(image, 0, 0)
    canvas.save()
    return path


@pytest.mark.parametrize(
    ("cover", "found"),
    [
        ("none", []), ("under", []), ("reason", []), ("black", ["Uwe Sommer lives here"]), ("burned", ["Uwe Sommer lives here"]), ("red", ["Uwe Sommer li"]),
    ],
)  # fmt: skip
def test_text_under_boxes_of_others(tmp_path: Path, cover: str, found: list[str]) -> None:
    result = run("check-redactions", _covered(tmp_path / "a.pdf", cover=cover), "--json")
    texts = [one["text"] for one in json.loads(result.stdout)["found"]]
    assert len(texts) == len(found)
    assert all(one.startswith(two[:10]) for one, two in zip(texts, found, strict=True))
    assert result.exit_code == (FOUND if found else 0)


def test_only_pdfs_can_be_checked_for_text_under_boxes(tmp_path: Path) -> None:
    Image.new("L", (9, 9)).save(tmp_path / "a.png")
    assert run("check-redactions", tmp_path / "a.png").exception is not None
