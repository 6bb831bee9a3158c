"""A copy of a locked PDF that asks for no password any more, so that everything behind it reads files without secrets.

A password is tried as the owner's and as the user's one. Does not belong here: how it came, and where the copy is kept.
"""

import contextlib
import stringprep
import unicodedata
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
from pypdfium2 import raw

from docmill.errors import Damaged, Encrypted
from docmill.stages.reading.pdf_file import open_pdf

_ENCODINGS = ("utf-8", "cp1252", "mac-roman")
"""Of a password's letters: ISO 32000-2 wants UTF-8; up to AES-128 it is PDFDocEncoding, and old programs took what their system had."""


def unlock_pdf(path: Path, password: str, out: Path) -> bool:
    """Write a copy without encryption to `out`; False, and no copy, when the PDF opens without a password.

    Raises:
        Encrypted: the password does not open it, or none would.
        Damaged: it is damaged beyond repair.
    """
    try:
        open_pdf(path)
    except Encrypted:
        pass
    else:
        return False
    if not any(_unlocked(path, form, out) for form in _forms(password)):
        raise Encrypted("the password does not open the PDF")
    open_pdf(out)
    return True


def _forms(password: str) -> list[bytes]:
    """The password in every encoding that has its letters, each form once."""
    forms = [_prepared(password).encode()]
    for encoding in _ENCODINGS:
        with contextlib.suppress(UnicodeEncodeError):
            forms.append(password.encode(encoding))
    return list(dict.fromkeys(forms))


def _prepared(password: str) -> str:
    """By SASLprep's mapping and normalization (RFC 4013, 2.1 and 2.2), which AES-256 wants."""
    mapped = (" " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c))
    return unicodedata.normalize("NFKC", "".join(mapped))


def _unlocked(path: Path, password: bytes, out: Path) -> bool:
    try:
        with pikepdf.open(path, password=password) as pdf:
            pdf.save(out, encryption=False, deterministic_id=True, fix_metadata_version=False)
    except pikepdf.PasswordError:
        return False
    except Exception:  # noqa: BLE001 - the library raises what damage makes of it; PDFium may still read the file
        return _unlocked_by_pdfium(path, password, out)
    return True


def _unlocked_by_pdfium(path: Path, password: bytes, out: Path) -> bool:
    try:
        document = pdfium.PdfDocument(path, password=password.decode("latin-1"))
    except pdfium.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            return False
        raise Damaged("the PDF is damaged beyond repair") from error
    try:
        document.save(out, flags=raw.FPDF_REMOVE_SECURITY)
    finally:
        document.close()
    return True
