"""The text that Word shows of a piece of WordprocessingML: paragraphs, tables and text boxes, in the order of the document.

One walk for body, cells, boxes, headers and notes. Text may lie below any number of elements that say something about it and show nothing
themselves (`_TRANSPARENT`): tracked insertions, content controls, fields. What isn't named here isn't gone into, so that deletions
(`w:del`, `w:moveFrom`), the reading aids of ruby text, properties and instructions of fields stay out. Hidden text stays out too.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from docmill.stages.reading.docx_symbols import symbol
from docmill.stages.reading.text_table import aligned

if TYPE_CHECKING:
    from docx.oxml.xmlchemy import BaseOxmlElement as Element

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_TRANSPARENT: Final = frozenset(
    W + name
    for name in (
        "ins", "moveTo", "sdt", "sdtContent", "customXml", "smartTag", "fldSimple", "hyperlink", "bdo", "dir", "ruby", "rubyBase"
    )
)  # fmt: skip
_DRAWN: Final = frozenset(W + name for name in ("drawing", "pict", "object"))
_SIGNS: Final = {W + "tab": "\t", W + "ptab": "\t", W + "cr": "\n", W + "noBreakHyphen": "-"}
_BREAKS: Final = {"textWrapping": "\n", "page": "\f"}  # a break of a column shows nothing
_LONGEST_LABEL: Final = 200
_OFF: Final = frozenset(("0", "false", "off"))


class Walk:
    """Reads elements of one document, whose styles say what is a list and what is hidden."""

    def __init__(self, styles: "Element") -> None:
        """`styles`: the root of the document's styles part."""
        self._styles = {str(style.get(W + "styleId")): style for style in styles.findall(W + "style")}

    def blocks(self, parent: "Element") -> Iterator[str]:
        """The text of every paragraph, with a form feed where the author began a page, and of every table below `parent`."""
        for node in _shown(parent):
            if node.tag == W + "p":
                yield self._paragraph(node)
            elif node.tag == W + "tbl":
                yield self._table(node)

    def _paragraph(self, paragraph: "Element") -> str:
        style = _value(paragraph, "pPr", "pStyle")
        text, boxes = [], []
        for piece in self._pieces(paragraph, hidden=self._style_hides(style)):
            if isinstance(piece, str):
                text.append(piece)
            else:  # a page does not end inside a box
                boxes += [block.replace("\f", "") for block in self.blocks(piece)]
        line = "".join(text)
        mark = "- " if line.strip() and self._style_name(style).startswith("List") else ""
        return "\n".join([mark + line, *boxes])

    def _pieces(self, parent: "Element", *, hidden: bool) -> "Iterator[str | Element]":
        """Text, and the content of text boxes where they are anchored."""
        for node in _shown(parent):
            if node.tag == W + "r":
                if not self._is_hidden(node, paragraph_hides=hidden):
                    yield from self._pieces(node, hidden=hidden)
            elif node.tag == W + "t":
                yield node.text or ""
            elif node.tag == W + "br":
                yield _BREAKS.get(node.get(W + "type", "textWrapping"), "")
            elif node.tag in _SIGNS:
                yield _SIGNS[node.tag]
            elif node.tag == W + "sym":
                yield symbol(node.get(W + "font", ""), node.get(W + "char", ""))
            elif node.tag in _DRAWN:
                yield from _boxes(node)

    def _table(self, table: "Element") -> str:
        rows, above = [], dict[int, str]()
        for row in _shown(table):
            if row.tag != W + "tr" or row.find(f"{W}trPr/{W}del") is not None:
                continue
            at, here, texts = int(_value(row, "trPr", "gridBefore") or 0), dict[int, str](), []
            for cell in _shown(row):
                if cell.tag == W + "tc":
                    # a cell that goes on downwards has an empty cell in every row that it covers
                    if _goes_on(cell) and at in above:
                        here[at] = above[at]
                        texts.append(here[at])
                    else:
                        texts.append(" ".join(" ".join(self.blocks(cell)).split()))
                        here[at] = _repeated(cell, texts[-1])
                    at += int(_value(cell, "tcPr", "gridSpan") or 1)
            rows.append(texts)
            above = here
        return aligned(rows)

    def _is_hidden(self, run: "Element", *, paragraph_hides: bool) -> bool:
        own = _switch(run, "vanish")
        # a property that styles toggle: a hidden style in a hidden style is seen (ISO 29500-1, 17.7.3)
        return own if own is not None else paragraph_hides != self._style_hides(_value(run, "rPr", "rStyle"))

    def _style_hides(self, style_id: str | None) -> bool:
        seen: set[str] = set()
        while style_id in self._styles and style_id not in seen:
            seen.add(style_id)
            style = self._styles[style_id]
            own = _switch(style, "vanish")
            if own is not None:
                return own
            style_id = _value(style, "basedOn")
        return False

    def _style_name(self, style_id: str | None) -> str:
        return (_value(self._styles[style_id], "name") or "") if style_id in self._styles else ""


def _shown(parent: "Element") -> "Iterator[Element]":
    """What stands below an element, as if the transparent ones were not there."""
    for node in parent:
        if node.tag in _TRANSPARENT:
            yield from _shown(node)
        elif node.tag == _MC + "AlternateContent":
            yield from _shown(_branch(node))
        else:
            yield node


def _branch(alternate: "Element") -> "Element":
    """The one way of several to say the same that is read: the first with text. For a smiley only the fallback has one."""
    return next((one for one in alternate if next(one.iter(W + "t"), None) is not None), alternate[0] if len(alternate) else alternate)


def _boxes(parent: "Element") -> "Iterator[Element]":
    for node in parent:
        if node.tag == W + "txbxContent":
            yield node
        else:
            yield from _boxes(_branch(node) if node.tag == _MC + "AlternateContent" else node)


def _goes_on(cell: "Element") -> bool:
    merge = cell.find(f"{W}tcPr/{W}vMerge")
    return merge is not None and merge.get(W + "val", "continue") == "continue"


def _repeated(cell: "Element", text: str) -> str:
    """What the rows below say of a cell that goes on: a label, so that they can be read alone.

    Nothing of long texts and of tables, whose copies would multiply with every table that such a cell stands in.
    """
    return text if len(text) <= _LONGEST_LABEL and next(cell.iter(W + "tbl"), None) is None else ""


def _switch(element: "Element", name: str) -> bool | None:
    """What the run properties of a run or a style say of an on-off property; None when they do not say."""
    found = element.find(f"{W}rPr/{W}{name}")
    return None if found is None else found.get(W + "val", "1") not in _OFF


def _value(element: "Element", *path: str) -> str | None:
    found = element.find("/".join(W + name for name in path))
    return None if found is None else found.get(W + "val")
