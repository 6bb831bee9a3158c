"""Which parts of a mail a reader sees in its body, in order, and which are attached. RFC 2046 gives the tree, mail programs its use."""

import re
from collections.abc import Callable, Sequence
from email.message import EmailMessage, MIMEPart
from itertools import pairwise
from typing import Final, NamedTuple

from docmill.errors import Damaged
from docmill.stages.reading.media_types import EML, HTML, TEXT

ENCRYPTED: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted"})
"""Bodies that need a key, or that lie inside an opaque signature."""

_SOURCE_CODE: Final = frozenset({"text/css", "text/javascript", "text/rtf", "text/richtext", "text/x-amp-html"})
_SEALS: Final = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-encrypted"}
)
"""What stands beside a signed or encrypted body; nobody reads it."""

_STUB_WORDS: Final = 60
_STUB: Final = frozenset({"html", "browser", "client", "viewer", "webmail"})
"""A text that stands in for the HTML ("your program cannot show HTML") is short and often has one of these words, whatever its language."""

_TIMES_LONGER: Final = 4
_TIFF_MARKS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class Leaf(NamedTuple):
    """A part without parts: how deep it lies, and whether it is shown, attached, or neither."""

    part: MIMEPart
    depth: int
    is_shown: bool
    is_attached: bool


def leaves_of(message: MIMEPart, text_of: Callable[[MIMEPart], str]) -> list[Leaf]:
    """The parts of a message in its order; of alternatives one is shown, attachments are found in all.

    Args:
        message: not looked into: messages that are attached to it.
        text_of: gives the text of a `text/...` part, for choosing between alternatives.

    Raises:
        Damaged: parts nest too deep.
    """
    try:
        return _walked(message, text_of, 0, is_choice=False)
    except RecursionError as error:
        raise Damaged("the parts of the message nest too deep") from error


def _walked(part: MIMEPart, text_of: Callable[[MIMEPart], str], depth: int, *, is_choice: bool) -> list[Leaf]:
    children = part.get_payload()
    if part.get_content_maintype() != "multipart" or not isinstance(children, list):
        return [_leaf(part, depth, is_choice=is_choice or depth == 0)]
    is_choice = part.get_content_subtype() == "alternative"
    branches = [_walked(one, text_of, depth + 1, is_choice=is_choice) for one in children if isinstance(one, MIMEPart)]
    if is_choice:
        taken = _best(branches, text_of)
        branches = [branch if at == taken else [leaf._replace(is_shown=False) for leaf in branch] for at, branch in enumerate(branches)]
    found = [leaf for branch in branches for leaf in branch]
    if part.get_content_type() in ENCRYPTED:
        found.insert(0, Leaf(part, depth, is_shown=True, is_attached=False))
    elif depth == 0 and not any(leaf.is_shown for leaf in found):
        found = _with_named_body(found)
    return found


def _leaf(part: MIMEPart, depth: int, *, is_choice: bool) -> Leaf:
    """A part by itself; a name makes text an attachment only where it is neither the whole message nor an alternative."""
    kind, main = part.get_content_type(), part.get_content_maintype()
    says_attached, name = part.get_content_disposition() == "attachment", part.get_filename()
    if kind in ENCRYPTED:
        return Leaf(part, depth, is_shown=True, is_attached=depth > 0 and bool(says_attached or name))
    if main in {"text", "multipart"} and (depth == 0 or not says_attached) and (is_choice or not name):
        return Leaf(part, depth, kind not in _SOURCE_CODE, is_attached=False)
    return Leaf(part, depth, is_shown=False, is_attached=says_attached or kind == EML or _is_document(part, is_named=bool(name)))


def _is_document(part: MIMEPart, *, is_named: bool) -> bool:
    """Whether a part that nothing calls an attachment is one: scanners and fax gateways send PDFs without a name, also as the whole message."""
    main = part.get_content_maintype()
    if main == "image":
        return is_fax(part)
    # what programs tell one another has no name: delivery reports, and the keys and seals of a body
    return is_named or (main != "message" and part.get_content_type() not in _SEALS)


def is_fax(part: MIMEPart) -> bool:
    """Whether a part is a TIFF of several pages, which no mail program shows in the midst of a text: more than its first page counts."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes) or not data.startswith(_TIFF_MARKS):
        return False
    from docmill.stages.reading.image_file import has_frames  # noqa: PLC0415 - loads NumPy and Pillow, only for TIFFs

    return has_frames(data)


def _with_named_body(leaves: list[Leaf]) -> list[Leaf]:
    """Some programs name even the body: where nothing else is shown, the first text that is not sent as an attachment is it."""
    for at, leaf in enumerate(leaves):
        if leaf.part.get_content_type() in {TEXT, HTML} and leaf.part.get_content_disposition() != "attachment":
            return [*leaves[:at], leaf._replace(is_shown=True, is_attached=False), *leaves[at + 1 :]]
    return leaves


def _best(branches: list[list[Leaf]], text_of: Callable[[MIMEPart], str]) -> int:
    """Which alternative is shown: the plain one where it says what the HTML says, else the HTML, else the last with text."""
    kinds = [{leaf.part.get_content_type() for leaf in branch if leaf.is_shown} for branch in branches]

    def words(at: int) -> list[str]:
        shown = [leaf.part for leaf in branches[at] if leaf.is_shown and leaf.part.get_content_maintype() == "text"]
        try:
            text = "\n".join(map(text_of, shown))
        except Damaged:
            return []  # the other one is read then
        return re.findall(r"\w+", re.sub(r"https?:\S+", " ", text).lower())

    plain = next((at for at, kind in enumerate(kinds) if kind == {TEXT}), None)
    rich = next((at for at in reversed(range(len(kinds))) if HTML in kinds[at]), None)
    if plain is None or rich is None:
        last = max((at for at, kind in enumerate(kinds) if kind), default=0)
        return next((at for at in (plain, rich) if at is not None and words(at)), last)
    said = words(plain)
    if len(said) > _STUB_WORDS:
        return plain
    shown = words(rich)
    return rich if shown and (not said or _is_stub(said, shown)) else plain


def _is_stub(said: Sequence[str], shown: Sequence[str]) -> bool:
    """Whether a short plain text stands in for the HTML, by the words of both."""
    is_much_more = len(shown) > _TIMES_LONGER * len(said)
    known = set(shown)
    if not _STUB.isdisjoint(said):
        return is_much_more or 2 * sum(word in known for word in said) < len(said)
    # any long text has most of the small words ("your", "not", "this") of a stub, hardly ever two of its words side by side
    ways, seen = list(pairwise(said)), set(pairwise(shown))
    foreign = sum(way not in seen for way in ways) if ways else sum(word not in known for word in said)
    return is_much_more and 2 * foreign > max(1, len(ways))


def attachments_of(message: EmailMessage, text_of: Callable[[MIMEPart], str]) -> list[MIMEPart]:
    """What is attached, the outer parts first."""
    return [leaf.part for leaf in sorted(leaves_of(message, text_of), key=lambda leaf: leaf.depth) if leaf.is_attached]
