"""Word documents as plain text: headers, paragraphs, tables and text boxes in the order of the document, then footers and notes."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docmill.errors import Damaged
from docmill.stages.reading.docx_walk import W, Walk
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.office_container import check_document

if TYPE_CHECKING:
    from docx.document import Document

_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NOTES: Final = (f"{_RELATIONS}/footnotes", f"{_RELATIONS}/endnotes")
_SECTIONS: Final = ".//w:sectPr[not(parent::w:sectPrChange)]"


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
    walk = Walk(document.styles.element)
    yield from _margins(document, walk, "headerReference")
    yield from walk.blocks(document.element.body)
    yield from _margins(document, walk, "footerReference")
    yield from _notes(document, walk)


def _margins(document: "Document", walk: Walk, kind: str) -> Iterator[str]:
    """Headers or footers that some page may show, each text once.

    A file keeps those of first and even pages when their switch is turned off again. A section without one of its own has that of the section
    before, also when that section itself does not show it.
    """
    by_page: dict[str, str] = {}
    given: set[str] = set()
    with_even = document.settings.odd_and_even_pages_header_footer
    for section in document.element.body.xpath(_SECTIONS):
        by_page.update({one.get(f"{W}type", "default"): one.get(f"{{{_RELATIONS}}}id") for one in section.findall(W + kind)})
        for page, in_force in (("first", section.titlePg_val), ("default", True), ("even", with_even)):
            if in_force and page in by_page:
                text = "\n".join(walk.blocks(document.part.related_parts[by_page[page]].element))
                if text not in given:
                    given.add(text)
                    yield text


def _notes(document: "Document", walk: Walk) -> Iterator[str]:
    """Footnotes, then endnotes, each in a line of its own; the library has no access to them."""
    from docx.oxml import parse_xml  # noqa: PLC0415 - as above

    parts = {rel.reltype: rel.target_part for rel in document.part.rels.values() if not rel.is_external}
    for kind in _NOTES:
        for note in parse_xml(parts[kind].blob) if kind in parts else ():
            if note.get(f"{W}type") in {None, "normal"}:  # the others are the lines that part notes from text
                yield " ".join(" ".join(walk.blocks(note)).split())
