"""Taking apart what holds documents: the members of a ZIP, the attachments of a mail and of mails in it. Each becomes a file of its own.

Members are written under numbers, never under names of theirs. One that cannot be unpacked comes as it lies in the archive, with the reason.
"""

import contextlib
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import EmailPolicy
from pathlib import Path
from shutil import copyfileobj
from typing import Final, NamedTuple

from docmill.errors import Damaged, DocmillError, Encrypted, TooLarge, UnsupportedType
from docmill.stages.reading import office_container
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.mail_file import ODD_MAIL, message_of, part_text
from docmill.stages.reading.mail_parts import attachments_of
from docmill.stages.reading.media_types import EML, ZIP

_LOCAL_HEADER_BYTES: Final = 30
_BLOCK_BYTES: Final = 1024 * 1024
_LITTER: Final = frozenset(("__macosx", "thumbs.db", "desktop.ini"))
"""Folders and files that systems leave behind, in small letters."""

_IS_UTF8: Final = 0x800


class Member(NamedTuple):
    """A file that was taken out: how it is called, where it lies, and why it cannot be milled (None when it can)."""

    name: str
    path: Path
    error: DocmillError | None = None


def members_of(path: Path, media_type: str, out_dir: Path, limits: Limits) -> Iterator[Member]:
    """The documents inside a file, written below `out_dir`.

    Args:
        path: the file.
        media_type: ZIP or EML.
        out_dir: an existing folder; belongs to the caller.
        limits: max_members, max_unpacked_bytes, max_ratio.

    Raises:
        TooLarge, Damaged: the whole file cannot be taken apart.
    """
    if media_type == ZIP and office_container.type_of(path) == ZIP:
        yield from _of_archive(path, out_dir, limits)
    elif media_type == EML:
        yield from _of_mail(path, out_dir, limits)


def _of_archive(path: Path, out_dir: Path, limits: Limits) -> Iterator[Member]:
    with office_container.opened(path) as archive:
        office_container.check(archive, limits)
        for at, info in enumerate(archive.infolist(), 1):
            whole = _name_of(info)
            name = _last_part(whole)
            if not info.is_dir() and name and not name.startswith(".") and _LITTER.isdisjoint(whole.lower().replace("\\", "/").split("/")):
                yield _unpacked(archive, info, name, out_dir / f"{at:05}")


def _name_of(info: zipfile.ZipInfo) -> str:
    """The member's name; many programs write UTF-8 and don't set the bit that says so, and then it is taken for the letters of a DOS."""
    if not info.flag_bits & _IS_UTF8:
        with contextlib.suppress(UnicodeError):
            return info.filename.encode("cp437").decode("utf-8")
    return info.filename


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, out: Path) -> Member:
    if office_container.is_encrypted(info):
        out.write_bytes(_as_it_lies(archive, info))
        return Member(name, out, Encrypted("the member of the archive asks for a password"))
    try:
        with archive.open(info) as source, out.open("wb") as target:
            copyfileobj(source, target, _BLOCK_BYTES)
    except NotImplementedError:
        error: DocmillError = UnsupportedType("the archive packs this member in a way that is not read; pack it anew with deflate")
    except office_container.DAMAGED_MEMBER:
        error = Damaged("the member of the archive is damaged")
    else:
        return Member(name, out)
    out.write_bytes(_as_it_lies(archive, info))
    return Member(name, out, error)


def _as_it_lies(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The packed bytes of a member: what can be kept of one that does not unpack."""
    file = archive.fp
    if file is None:
        return b""
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER_BYTES)
    skipped = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    file.seek(info.header_offset + _LOCAL_HEADER_BYTES + skipped)
    return file.read(info.compress_size)


def _of_mail(path: Path, out_dir: Path, limits: Limits) -> Iterator[Member]:
    try:
        parts = list(_attachments(message_of(path)))
    except ODD_MAIL as error:
        raise Damaged("the message cannot be parsed") from error
    written = 0
    for count, part in enumerate(parts, 1):
        if count > limits.max_members:
            raise TooLarge(f"the message has more than {limits.max_members} attachments (max_members)", limit=limits.max_members)
        out = out_dir / f"{count:05}"
        name = f"attachment {count}"
        reason: DocmillError | None = None
        try:
            name = _last_part(part.get_filename() or "") or name
            payload = _payload(part)
        except ODD_MAIL:  # the others can still be read
            payload, reason = b"", Damaged("the attachment cannot be taken out of the message")
        written += out.write_bytes(payload)
        # a forwarded message counts with all that it carries, and so does what it carries
        if written > limits.max_unpacked_bytes:
            raise TooLarge(
                f"the attachments have more than {limits.max_unpacked_bytes} bytes (max_unpacked_bytes)", limit=limits.max_unpacked_bytes
            )
        yield Member(name, out, reason)


def _attachments(message: EmailMessage) -> Iterator[EmailMessage]:
    """What is attached, also inside a part of parts and to a message that is attached itself.

    Pictures that stand in the body are pages of the message (embedded_pictures.py). Some programs say `inline` of every PDF that they attach,
    and nothing of messages.
    """
    waiting = [message]
    while waiting:
        for part in attachments_of(waiting.pop(0), part_text):
            if isinstance(part, EmailMessage):
                yield part
            if part.get_content_type() == EML and isinstance(inner := part.get_content(), EmailMessage):
                waiting.append(inner)


def _payload(part: EmailMessage) -> bytes:
    if part.get_content_maintype() == "message":
        inner = part.get_content()
        return _bytes_of(inner) if isinstance(inner, EmailMessage) else b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _bytes_of(message: EmailMessage) -> bytes:
    """A message as a file; where its boundary is not ASCII, the parser finds no parts and cannot write them, so it is put together as it came."""
    try:
        return message.as_bytes()
    except ODD_MAIL:
        body = message.get_payload(decode=True)
        if not isinstance(body, bytes):
            raise
        as_it_came = EmailPolicy(refold_source="none")
        return b"".join(as_it_came.fold_binary(name, value) for name, value in message.raw_items()) + b"\n" + body


def _last_part(name: str) -> str:
    return name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].strip()
