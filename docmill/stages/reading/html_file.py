"""HTML as plain text: what a reader sees, tables as columns. Nothing is fetched, no script is run, so that what is for readers without scripts is read."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docmill.errors import Damaged
from docmill.stages.reading import charsets
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.sniff import decode_text

if TYPE_CHECKING:
    from inscriptis.model.config import ParserConfig
    from lxml.html import HtmlElement

_UNSEEN: Final = frozenset(("template", "datalist"))
_UNSEEN_STYLE: Final = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))\s*(?:!|;|$)", re.IGNORECASE)
_WITHOUT_VALUE: Final = frozenset(("hidden", "password", "file", "image", "color", "range"))  # types of `input` that show no text of theirs
_BLOCKS: Final = (
    "center", "dd", "details", "dialog", "dl", "dt", "fieldset", "form", "hr", "legend", "menu", "optgroup", "search", "section", "summary"
)  # fmt: skip
_SPACING: Final = re.compile(r"(?:padding|margin)[\w-]*\s*:[^;]*;?", re.IGNORECASE)
_DEEPEST: Final = 200  # nested elements; the renderer calls itself for each


def html_text(path: Path, limits: Limits) -> str:
    """The text of an HTML file.

    Raises:
        TooLarge: more bytes than limits.max_bytes.
        Damaged: no parser makes sense of it.
    """
    limits.check_bytes(path.stat().st_size)
    return rendered(decoded(path.read_bytes()))


def decoded(data: bytes, charset: str | None = None) -> str:
    """The characters of an HTML file: by the charset given, by its own statement, or as text is decoded."""
    return plain_decoded(data, charset, *charsets.stated_in(data))


def plain_decoded(data: bytes, *labels: str | None) -> str:
    """The characters of text by the first of these charsets that it keeps to, else as text is decoded."""
    text = charsets.decoded_as(data, labels)
    if text is None:
        text = decode_text(data)
    return text if text is not None else data.decode("utf-8", "replace")


def rendered(html: str) -> str:
    """The text that HTML shows.

    Raises:
        Damaged: no parser makes sense of it.
    """
    from inscriptis.html_engine import Inscriptis  # noqa: PLC0415 - loads in 0.1 s, only where HTML is read
    from lxml import etree  # noqa: PLC0415 - as above
    from lxml import html as lxml_html  # noqa: PLC0415 - as above

    try:
        # the parser sees bytes: it refuses text that states an encoding
        # and gives up without a word where elements nest deeper than 256, or with huge_tree 2,048
        parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True)
        tree = lxml_html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
        if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
            raise Damaged("the HTML nests its elements deeper than 2,048, so that what follows cannot be read")
        _drop_unseen(tree)
        _show_form_values(tree)
        _set_apart(tree)
        _flatten(tree)
        return str(Inscriptis(tree, _as_browsers_set()).get_text())
    except (etree.LxmlError, ValueError, AssertionError, IndexError) as error:
        if isinstance(error, etree.ParserError):
            return ""  # nothing but comments or blanks
        raise Damaged("the HTML cannot be parsed") from error


def _drop_unseen(tree: "HtmlElement") -> None:
    """Take out what no reader sees; rules of style sheets are not looked at."""
    for element in list(tree.iter()):
        is_closed = element.tag == "dialog" and "open" not in element.attrib
        is_hidden = element.tag in _UNSEEN or "hidden" in element.attrib or _UNSEEN_STYLE.search(element.get("style", ""))
        if (is_closed or is_hidden) and element.tag not in {"html", "body"}:
            element.drop_tree()


def _show_form_values(tree: "HtmlElement") -> None:
    """Write out what the fields of a form hold, which stands in attributes, and leave of closed lists what is chosen."""
    for area in list(tree.iter("textarea")):
        area.tag = "pre"  # its line ends are shown
    for select in list(tree.iter("select")):
        _show_choice(select)
    for field in list(tree.iter("input")):
        kind = field.get("type", "text").strip().lower()
        if kind in {"checkbox", "radio"}:
            field.text = " \N{BALLOT BOX WITH X} " if "checked" in field.attrib else " \N{BALLOT BOX} "
        elif kind not in _WITHOUT_VALUE:
            field.text = f" {field.get('value', '')} "
        field.tag = "span"


def _show_choice(select: "HtmlElement") -> None:
    options = list(select.iter("option"))
    for option in options:
        if not (option.text or len(option)):
            option.text = option.get("label")
        option.tag = "div"
    if "multiple" not in select.attrib and options:
        chosen = [option for option in options if "selected" in option.attrib][-1:] or options[:1]
        shown = " ".join("".join(option.text_content() for option in chosen).split())
        for child in list(select):
            select.remove(child)
        select.text = f" {shown} "


def _set_apart(tree: "HtmlElement") -> None:
    """Give tables within cells lines of their own, and take away spacing: it says nothing, and inscriptis writes every pixel of it as a blank."""
    from lxml.html import builder  # noqa: PLC0415 - as above

    for table in list(tree.iterfind(".//td//table")) + list(tree.iterfind(".//th//table")):
        table.addprevious(builder.BR())
    for element in tree.iter():
        if "style" in element.attrib:
            element.set("style", _SPACING.sub("", element.get("style")))


def _as_browsers_set() -> "ParserConfig":
    """Which elements stand on lines of their own, where inscriptis sets them within a line."""
    from inscriptis.css_profiles import RELAXED_CSS_PROFILE  # noqa: PLC0415 - as above
    from inscriptis.html_properties import Display  # noqa: PLC0415 - as above
    from inscriptis.model.config import ParserConfig  # noqa: PLC0415 - as above
    from inscriptis.model.html_element import HtmlElement as Style  # noqa: PLC0415 - as above

    blocks = {name: Style(display=Display.block) for name in _BLOCKS}
    return ParserConfig(css={**RELAXED_CSS_PROFILE, **blocks, "button": Style(prefix=" ", suffix=" ")})


def _flatten(tree: "object") -> None:
    """Lift what is nested too deep for a renderer that calls itself."""
    stack = [(tree, 0)]
    while stack:
        element, depth = stack.pop()
        children = list(element)  # type: ignore[call-overload] # an lxml element
        if depth >= _DEEPEST:
            text = " ".join(part.strip() for part in element.itertext() if part.strip())  # type: ignore[attr-defined] # as above
            for child in children:
                element.remove(child)  # type: ignore[attr-defined] # as above
            element.text = text  # type: ignore[attr-defined] # as above
            continue
        stack += [(child, depth + 1) for child in children]
