"""The demo documents are what they say: readable, different, reproducible, and broken exactly where they should be."""

import os
import re
import shutil
import subprocess
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pikepdf
import pypdfium2
import pytesseract
import pytest
from PIL import Image

from docmill.services.samples import content, write_samples, write_scans, write_tiny
from docmill.services.samples.demo import PASSWORD
from docmill.services.samples.paper import rendered
from docmill.services.samples.receipt import receipt_rows

WORD = re.compile(r"\w[\w.,:/@-]*")
NAMES = (
    "1-invoice.pdf", "2-invoice-scanned.pdf", "3-receipt-photo.jpg", "4-letter-two-languages.pdf", "5-minutes-mixed.pdf", "6-damaged.pdf",
    "7-password.pdf",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("samples") / "demo"
    assert tuple(p.name for p in write_samples(path)) == NAMES
    return path


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "OMP_THREAD_LIMIT", "1")


def text_of(path: Path, page: int = 1) -> str:
    document = pypdfium2.PdfDocument(path)
    try:
        return str(document[page - 1].get_textpage().get_text_range())
    finally:
        document.close()


def recall(truth: str, image: Image.Image) -> float:
    """Share of the true words that Tesseract finds, as multisets."""
    read = pytesseract.image_to_string(image, config="--dpi 200")
    wanted, found = (Counter(WORD.findall(text.lower())) for text in (truth, read))
    return 1 - sum((wanted - found).values()) / wanted.total()


def is_iban(number: str) -> bool:
    return int("".join(str(int(c, 36)) for c in number[4:] + number[:4])) % 97 == 1


def digests(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_same_bytes_every_time(folder: Path, tmp_path: Path) -> None:
    before = digests(folder)
    assert set(before) == set(NAMES), "no other file is left behind"
    shutil.copy(folder / "7-password.pdf", tmp_path)  # salted by chance, hence kept when it is there
    write_samples(tmp_path)
    assert digests(tmp_path) == before


def test_sums_and_account_numbers_are_right(folder: Path) -> None:
    text = text_of(folder / "1-invoice.pdf")
    amounts = [float(a) for a in re.findall(r"(\d+\.\d\d)\r?$", text, re.MULTILINE)]
    subtotal, tax, total = amounts[-3:]
    assert subtotal == pytest.approx(sum(item.quantity * float(item.price) for item in content.INVOICE.items))
    assert total == pytest.approx(subtotal + tax)
    assert tax == pytest.approx(0.2 * subtotal, abs=0.01)
    assert total == 617.88
    for number in (content.SELLER_IBAN, content.LETTER_IBAN):
        assert is_iban(number)
        assert len(number) == 22
        assert not is_iban(number[:-1] + str((int(number[-1]) + 1) % 10))


def test_a_known_iban_has_the_known_check_digits() -> None:
    assert content.iban("GB", "WEST12345698765432") == "GB82WEST12345698765432"  # the example of the IBAN registry


def test_personal_data_is_invented_by_construction(folder: Path) -> None:
    text = text_of(folder / "4-letter-two-languages.pdf")
    assert all(domain.endswith(".example") for domain in re.findall(r"@([\w.]*\w)", text))
    assert re.search(r"\(\d{3}\) 555-01\d\d", text)
    assert re.search(r"\+49 30 23125 \d{3}\b", text)
    assert "12.05.1984" in text
    assert "für" in text
    assert "Grüßen" in text


def test_the_scan_and_the_photo_can_be_read(folder: Path) -> None:
    assert text_of(folder / "2-invoice-scanned.pdf").strip() == ""
    assert recall(text_of(folder / "1-invoice.pdf"), rendered(folder / "2-invoice-scanned.pdf", 1, 200)) >= 0.9
    with Image.open(folder / "3-receipt-photo.jpg") as photo:
        assert photo.mode == "RGB"
        assert recall("\n".join(" ".join(row) for row in receipt_rows()), photo) >= 0.8


def test_the_mixed_document_has_text_on_its_first_page_only(folder: Path) -> None:
    path = folder / "5-minutes-mixed.pdf"
    assert content.REPORT[0] in text_of(path, 1)
    assert text_of(path, 2).strip() == ""
    assert recall(" ".join(content.REPORT_SCANNED), rendered(path, 2, 200)) >= 0.95


def test_no_reader_opens_the_damaged_one(folder: Path) -> None:
    path = folder / "6-damaged.pdf"
    assert path.read_bytes().startswith(b"%PDF-")
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(path)
    with pytest.raises(pikepdf.PdfError):
        pikepdf.open(path)
    assert (
        subprocess.run(
            ["/usr/bin/env", "pdftoppm", "-r", "20", str(path), str(folder / "none")], capture_output=True, check=False
        ).returncode
        != 0
    )


def test_the_password_is_asked_for(folder: Path) -> None:
    path = folder / "7-password.pdf"
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(path)
    with pikepdf.open(path, password=PASSWORD) as document:
        assert (document.encryption.R, document.encryption.bits) == (6, 256)


def test_tiny_documents_differ_and_repeat(tmp_path: Path) -> None:
    paths = write_tiny(tmp_path / "a", 50)
    assert len(set(digests(tmp_path / "a").values())) == len(paths) == 50
    write_tiny(tmp_path / "b", 50)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    write_tiny(tmp_path / "c", 5, first=50)
    assert not set(digests(tmp_path / "a").values()) & set(digests(tmp_path / "c").values())
    (pdf, _) = write_tiny(tmp_path / "pdf", 2, kind="pdf")
    assert paths[0].read_text().strip() in " ".join(text_of(pdf).split())


def test_scans_are_images_of_text_that_can_be_read(tmp_path: Path) -> None:
    paths = write_scans(tmp_path / "a", 2, 2, dpi=150)
    write_scans(tmp_path / "b", 2, 2, dpi=150)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert len(set(digests(tmp_path / "a").values())) == 2
    with pikepdf.open(paths[0]) as document:
        assert len(document.pages) == 2
    assert text_of(paths[0], 2).strip() == ""
    read = pytesseract.image_to_string(rendered(paths[0], 1, 150), config="--dpi 150")
    assert "Folio 1" in read
    assert 380 < len(read.split()) < 460
