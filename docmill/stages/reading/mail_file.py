"""A mail message (RFC 5322) as plain text: who, to whom, when, about what, the body, and the names of what is attached."""

from codecs import BOM_UTF8
from email import policy
from email.message import EmailMessage, Message, MIMEPart
from email.parser import BytesParser
from pathlib import Path
from typing import Final

from docmill.errors import Damaged
from docmill.stages.reading.html_file import decoded, plain_decoded, rendered
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.mail_parts import ENCRYPTED, Leaf, leaves_of
from docmill.stages.reading.media_types import EML, HTML

_SHOWN_HEADERS: Final = ("From", "To", "Cc", "Date", "Subject")

ODD_MAIL: Final = (ValueError, LookupError, AttributeError, TypeError)
"""What the parser raises, whenever one asks, for headers and parts that are not as they should be."""


def mail_text(path: Path, limits: Limits) -> str:
    """The text of a message; every part of its body that is shown, of alternatives the plain one unless it is a stub.

    Raises:
        TooLarge: more bytes than limits.max_bytes.
        Damaged: it cannot be parsed.
    """
    limits.check_bytes(path.stat().st_size)
    try:
        message = message_of(path)
        head = [f"{name}: {_one_line(message.get(name))}" for name in _SHOWN_HEADERS if message.get(name)]
        leaves = leaves_of(message, part_text)
        body = "\n".join(part_text(leaf.part).strip("\n") for leaf in leaves if leaf.is_shown)
        attached = [f"Attachment: {name}" for leaf in leaves if (name := _name_of(leaf))]
        return "\n".join([*head, "", body, *(["", *attached] if attached else [])])
    except Damaged:
        raise
    except ODD_MAIL as error:
        raise Damaged("the message cannot be parsed") from error


def message_of(path: Path) -> EmailMessage:
    """The message in a file.

    Raises:
        Damaged: its parts nest too deep for the parser, which calls itself for each.
    """
    try:
        with path.open("rb") as file:
            # a mark before the first header would make the parser take all headers for the body
            file.seek(len(BOM_UTF8) if file.read(len(BOM_UTF8)) == BOM_UTF8 else 0)
            message = BytesParser(policy=policy.default).parse(file)
        for part in message.walk():
            _drop_odd_charset(part)
    except RecursionError as error:
        raise Damaged("the parts of the message nest too deep") from error
    return message


def _drop_odd_charset(part: Message) -> None:
    """Take away a charset that Python knows but that decodes nothing, as `undefined`: asking such a part for its bytes would raise."""
    label = part.get_param("charset") if "Content-Type" in part else None
    if isinstance(label, str):
        try:
            b"\xfc".decode(label, "replace")
        except LookupError:
            return  # the parser gets by with names that nobody knows
        except ValueError:
            part.del_param("charset")


def _one_line(value: object) -> str:
    return " ".join(str(value).split())


def _name_of(leaf: Leaf) -> str:
    """How an attachment is called; a message without a name by its subject. Pictures are named, but those that HTML shows in its midst."""
    part, name = leaf.part, _one_line(leaf.part.get_filename() or "")
    if not leaf.is_attached:
        is_beside = part.get_content_maintype() == "image" and not part.get("Content-ID")
        return name if is_beside else ""
    if name or part.get_content_type() != EML:
        return name or f"({part.get_content_type()})"
    inner = part.get_content()
    subject = _one_line(inner.get("Subject", "")) if isinstance(inner, EmailMessage) else ""
    return f"(message) {subject}".strip()


def part_text(part: MIMEPart) -> str:
    """The text of a part of the body, HTML as what it shows; a remark where it needs a key."""
    kind = part.get_content_type()
    if kind in ENCRYPTED:
        is_signed = part.get_param("smime-type", "") == "signed-data"
        return "[signed body not read]" if is_signed else "[encrypted body not read]"
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    if kind == HTML:
        return rendered(decoded(data, part.get_content_charset()))
    return plain_decoded(data, part.get_content_charset())
