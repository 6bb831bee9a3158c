"""A small tree from untrusted XML, and how to look things up in it.

Hardened: a document type declaration is refused at its first character, so there are no entities to expand, no external ones to fetch and
no defaults to inject; size, depth and number of elements are limited. The parser is expat, which fetches nothing by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from docmill.errors import Damaged, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 10 * 1024 * 1024
MOST_ELEMENTS = 200_000
MOST_DEPTH = 50


@dataclass(slots=True)
class Node:
    """One element: its name and namespace, attributes by local name, its own text, its children."""

    name: str
    namespace: str
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The element's own text, white space at both ends removed."""
        return "".join(self.parts).strip()

    def all(self, path: str) -> Iterator[Node]:
        """Every element at a path of local names: `A/B|C` is any B or C inside any A."""
        first, _, rest = path.partition("/")
        names = first.split("|")
        for child in self.children:
            if child.name in names:
                if rest:
                    yield from child.all(rest)
                else:
                    yield child

    def first(self, path: str) -> Node | None:
        """The first element at a path."""
        return next(self.all(path), None)

    def value(self, path: str) -> str | None:
        """The first text at a path that isn't empty, white space folded."""
        return next((folded for node in self.all(path) if (folded := " ".join(node.text.split()))), None)


class _Refused(Exception):
    """Raised inside a handler, where expat's caller takes it up."""


class _Builder:
    def __init__(self) -> None:
        self.root: Node | None = None
        self.open: list[Node] = []
        self.elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MOST_ELEMENTS or len(self.open) >= MOST_DEPTH:
            raise TooLarge("the XML has too many or too deeply nested elements", limit=MOST_ELEMENTS)
        namespace, _, local = name.rpartition(" ")
        node = Node(local, namespace, {key.rpartition(" ")[2]: value for key, value in attributes.items()})
        if self.open:
            self.open[-1].children.append(node)
        else:
            self.root = node
        self.open.append(node)

    def end(self, _name: str) -> None:
        self.open.pop()

    def data(self, text: str) -> None:
        self.open[-1].parts.append(text)

    def doctype(self, *_declaration: object) -> None:
        raise _Refused


def parse_xml(data: bytes) -> Node:
    """The root element of an XML document.

    Raises:
        TooLarge: more bytes, elements or depth than the limits.
        Damaged: not well-formed, or it declares a document type (DTD), which no e-invoice has.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge("the XML is larger than the limit", limit=MOST_BYTES)
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(data, True)  # noqa: FBT003 - expat's own signature
    except _Refused:
        raise Damaged("the XML declares a document type, which is refused") from None
    except (expat.ExpatError, LookupError, UnicodeError, ValueError):
        raise Damaged("the XML is not well-formed") from None
    if builder.root is None:
        raise Damaged("the XML is empty")
    return builder.root
