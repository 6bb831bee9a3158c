"""A mail message (RFC 5322) as plain text: who, to whom, when, about what, the body, and the names of what is attached."""

from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from pathlib import Path
from typing import Final

from docmill.errors import Damaged
from docmill.stages.reading.html_file import decoded, rendered
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.media_types import HTML, TEXT

_SHOWN_HEADERS: Final = ("From", "To", "Cc", "Date", "Subject")

ODD_MAIL: Final = (ValueError, LookupError, AttributeError, TypeError)
"""What the parser raises, whenever one asks, for headers and parts that are not as they should be."""


def mail_text(path: Path, limits: Limits) -> str:
    """The text of a message; the plain version of its body where it has one, else its HTML as text.

    Raises:
        TooLarge: more bytes than limits.max_bytes.
        Damaged: it cannot be parsed.
    """
    limits.check_bytes(path.stat().st_size)
    try:
        message = message_of(path)
        head = [f"{name}: {_one_line(message.get(name))}" for name in _SHOWN_HEADERS if message.get(name)]
        attached = [f"Attachment: {name}" for part in message.iter_attachments() if (name := part.get_filename())]
        return "\n".join([*head, "", _body(message), *(["", *attached] if attached else [])])
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
            return BytesParser(policy=policy.default).parse(file)
    except RecursionError as error:
        raise Damaged("the parts of the message nest too deep") from error


def _one_line(value: object) -> str:
    return " ".join(str(value).split())


def _body(message: EmailMessage) -> str:
    """The body, and what goes on behind an attachment that stands in the middle of it."""
    body = message.get_body(preferencelist=("plain", "html"))
    later = (part for part in message.iter_attachments() if _goes_on(part))
    return "\n".join(_text(part).strip("\n") for part in (body, *later) if part is not None)


def _goes_on(part: MIMEPart) -> bool:
    return part.get_content_type() in {TEXT, HTML} and part.get_content_disposition() != "attachment" and not part.get_filename()


def _text(part: MIMEPart) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    text = decoded(data, part.get_content_charset())
    return rendered(text) if part.get_content_subtype() == "html" else text
