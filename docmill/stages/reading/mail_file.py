"""A mail message (RFC 5322) as plain text: who, to whom, when, about what, the body, and the names of what is attached."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Final

from docmill.errors import Damaged
from docmill.stages.reading.html_file import decoded, rendered
from docmill.stages.reading.limits import Limits

_SHOWN_HEADERS: Final = ("From", "To", "Cc", "Date", "Subject")


def mail_text(path: Path, limits: Limits) -> str:
    """The text of a message; the plain version of its body where it has one, else its HTML as text.

    Raises:
        TooLarge: more bytes than limits.max_bytes.
        Damaged: it cannot be parsed.
    """
    limits.check_bytes(path.stat().st_size)
    try:
        with path.open("rb") as file:
            message = BytesParser(policy=policy.default).parse(file)
        head = [f"{name}: {_one_line(message.get(name))}" for name in _SHOWN_HEADERS if message.get(name)]
        attached = [f"Attachment: {name}" for part in message.iter_attachments() if (name := part.get_filename())]
        return "\n".join([*head, "", _body(message).strip("\n"), *(["", *attached] if attached else [])])
    except Damaged:
        raise
    except (ValueError, LookupError, KeyError, IndexError, AttributeError, TypeError) as error:  # what the parser makes of odd headers
        raise Damaged("the message cannot be parsed") from error


def _one_line(value: object) -> str:
    return " ".join(str(value).split())


def _body(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = part.get_content_charset()
    text = decoded(data, charset)
    return rendered(text) if part.get_content_subtype() == "html" else text
