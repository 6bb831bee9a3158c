"""Whether a PDF carries an e-invoice: the name of the XML file embedded in it. Reading the XML is the understanding stage's work."""

from typing import Final

import pypdfium2 as pdfium

from docmill.stages.reading.sniff import HEAD_BYTES, decode_text, is_einvoice_xml

_NAMES: Final = frozenset({"factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml", "cii.xml", "ubl.xml"})
_MOST_ATTACHMENTS: Final = 50
_MOST_BYTES: Final = 10 * 1024 * 1024


def embedded_einvoice(document: pdfium.PdfDocument) -> str | None:
    """The name of the first embedded file that is an e-invoice in XML, None without one.

    The names are those of Factur-X/ZUGFeRD and XRechnung; an XML file under another name counts by its root element.
    """
    for index in range(min(document.count_attachments(), _MOST_ATTACHMENTS)):
        try:
            attachment = document.get_attachment(index)
            name = str(attachment.get_name())
            if name.lower() in _NAMES:
                return name
            if name.lower().endswith(".xml") and _is_einvoice(attachment):
                return name
        except pdfium.PdfiumError:
            continue  # a broken attachment carries nothing
    return None


def _is_einvoice(attachment: pdfium.PdfAttachment) -> bool:
    data = bytes(attachment.get_data())
    text = decode_text(data[:HEAD_BYTES], cut=len(data) > HEAD_BYTES) if len(data) <= _MOST_BYTES else None
    return text is not None and is_einvoice_xml(text)
