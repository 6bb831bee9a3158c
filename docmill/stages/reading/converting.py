"""Which documents are text at heart, and what turns each into plain text, of which plain_text.py makes pages."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from docmill.stages.reading.docx_file import docx_text
from docmill.stages.reading.html_file import html_text
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.mail_file import mail_text
from docmill.stages.reading.media_types import DOCX, EML, HTML, TEXT, XLSX, XML
from docmill.stages.reading.sniff import decode_text
from docmill.stages.reading.xlsx_file import xlsx_text


def _plain(path: Path, limits: Limits) -> str:
    limits.check_bytes(path.stat().st_size)
    data = path.read_bytes()
    text = decode_text(data)
    return text if text is not None else data.decode("utf-8", "replace")


CONVERTERS: Mapping[str, Callable[[Path, Limits], str]] = MappingProxyType(
    {TEXT: _plain, XML: _plain, HTML: html_text, EML: mail_text, DOCX: docx_text, XLSX: xlsx_text}
)
"""Media type -> what gives its text; a form feed in it begins a page. Raises Damaged, Encrypted or TooLarge."""
