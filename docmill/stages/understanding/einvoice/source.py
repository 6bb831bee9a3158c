"""The bytes of the XML: the file itself, or the file embedded in a PDF. No meaning here."""

from pathlib import Path
from typing import Final

import pypdfium2 as pdfium

from docmill.errors import Damaged, TooLarge
from docmill.stages.understanding.einvoice.xml_tree import MOST_BYTES

BARE: Final = "bare"
"""The attachment name that stands for a file that is XML itself."""

_MOST_ATTACHMENTS: Final = 50


def einvoice_bytes(path: Path, attachment: str) -> bytes:
    """The XML of an e-invoice.

    Args:
        path: the original document.
        attachment: the name of the embedded file as inspection found it, or BARE.

    Raises:
        TooLarge: more bytes than the limit.
        Damaged: the PDF or its attachment cannot be read.
    """
    if attachment == BARE:
        if path.stat().st_size > MOST_BYTES:
            raise TooLarge("the XML is larger than the limit", limit=MOST_BYTES)
        return path.read_bytes()
    try:
        document = pdfium.PdfDocument(path)
        try:
            for index in range(min(document.count_attachments(), _MOST_ATTACHMENTS)):
                found = document.get_attachment(index)
                if str(found.get_name()) == attachment:
                    return bytes(found.get_data())
        finally:
            document.close()
    except pdfium.PdfiumError:
        raise Damaged("the embedded XML cannot be taken out of the PDF") from None
    raise Damaged("the embedded XML is no longer in the PDF")
