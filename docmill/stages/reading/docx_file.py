"""Word documents as plain text: headers, paragraphs, tables and text boxes in the order of the document, then footers and notes."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docmill.errors import Damaged
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.office_container import check_document
from docmill.stages.reading.text_table import aligned

if TYPE_CHECKING:
    from docx.document import Document
    from docx.section import _Footer, _Header
    from docx.table import Table
    from docx.text.hyperlink import Hyperlink
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

_BOX_TEXT: Final = ".//w:txbxContent//w:p[not(ancestor::mc:Fallback)]"
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NOTES: Final = (f"{_RELATIONS}/footnotes", f"{_RELATIONS}/endnotes")
_PAGE_BREAK: Final = './w:br[@w:type="page"]'


def docx_text(path: Path, limits: Limits) -> str:
    """The text; a form feed where the author began a new page.

    Raises:
        TooLarge, Encrypted, Damaged: it cannot be read, or not within the limits.
    """
    check_document(path, limits)
    import docx  # noqa: PLC0415 - loads in 0.1 s, only where Word files are read

    try:
        document = docx.Document(str(path))
        return "\n".join(_blocks(document))
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # the library raises what the damage makes of it
        raise Damaged("the Word document cannot be parsed") from error


def _blocks(document: "Document") -> Iterator[str]:
    sections = list(document.sections)
    for section in sections:
        yield from _margin(section.header)
    for block in document.iter_inner_content():
        yield _block(block)
    for section in sections:
        yield from _margin(section.footer)
    yield from _notes(document)


def _notes(document: "Document") -> Iterator[str]:
    """Footnotes, then endnotes, each in a line of its own; the library has no access to them."""
    from docx.oxml import parse_xml  # noqa: PLC0415 - as above
    from docx.oxml.ns import qn  # noqa: PLC0415 - as above

    parts = {rel.reltype: rel.target_part for rel in document.part.rels.values() if not rel.is_external}
    for kind in _NOTES:
        for note in parse_xml(parts[kind].blob) if kind in parts else ():
            if note.get(qn("w:type")) in {None, "normal"}:  # the others are the lines that part notes from text
                paragraphs = ("".join(text.text or "" for text in one.iter(qn("w:t"))) for one in note.iter(qn("w:p")))
                yield " ".join(" ".join(paragraphs).split())


def _block(block: "Paragraph | Table") -> str:
    from docx.table import Table  # noqa: PLC0415 - as above

    return _table(block) if isinstance(block, Table) else _paragraph(block)


def _margin(part: "_Header | _Footer") -> Iterator[str]:
    # one that is linked to the section before is the same again
    if not part.is_linked_to_previous:
        for block in part.iter_inner_content():
            yield _block(block)


def _paragraph(paragraph: "Paragraph") -> str:
    element = paragraph._p  # noqa: SLF001 - boxes and breaks have no public accessor
    boxes = ["".join(node.text or "" for node in one.iter(f"{{{one.nsmap['w']}}}t")) for one in element.xpath(_BOX_TEXT)]
    text = "".join(_with_breaks(part) for part in paragraph.iter_inner_content())
    style = paragraph.style.name if paragraph.style is not None else ""
    mark = "- " if (style or "").startswith("List") else ""
    return "\n".join([mark + text, *boxes])


def _with_breaks(part: "Run | Hyperlink") -> str:
    """The text of a run, which the library gives without its page breaks."""
    text, breaks = part.text.replace("\f", ""), part._element.xpath(_PAGE_BREAK)  # noqa: SLF001 - as above
    if not breaks:
        return text
    return "\f" + text if breaks[0].getprevious() is None else text + "\f"


def _table(table: "Table") -> str:
    rows = []
    for row in table.rows:
        seen: list[object] = []
        cells = []
        for cell in row.cells:  # a merged cell comes once for each of its columns
            if cell._tc not in seen:  # noqa: SLF001 - the identity of a merged cell
                seen.append(cell._tc)  # noqa: SLF001 - as above
                cells.append(" ".join(" ".join(map(_block, cell.iter_inner_content())).split()))
        rows.append(cells)
    return aligned(rows)
