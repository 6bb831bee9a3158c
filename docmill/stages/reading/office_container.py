"""ZIP containers: which kind one is, and whether it keeps the limits before anything in it is unpacked.

Word and Excel files are ZIPs too. Pure Python on the central directory; what members hold is not looked at here.
"""

import lzma
import zipfile
import zlib
from pathlib import Path
from typing import Final

from docmill.errors import Damaged, Encrypted, TooLarge
from docmill.stages.reading.container_head import kind_of
from docmill.stages.reading.limits import MIB, Limits

_RATIO_FROM_BYTES: Final = 16 * MIB  # below this any ratio is harmless
_IS_ENCRYPTED: Final = 0x1

DAMAGED_MEMBER: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError)
"""What unpacking a member raises when its bytes are damaged, by how it is packed, or when nothing here unpacks it (NotImplementedError)."""


def type_of(path: Path) -> str:
    """DOCX, XLSX or ZIP, by the names of all members.

    Raises:
        Damaged: the central directory cannot be read.
        UnsupportedType: a document of another kind that comes in a ZIP, such as slides.
    """
    with opened(path) as archive:
        return kind_of(archive.namelist())


def opened(path: Path) -> zipfile.ZipFile:
    """The archive.

    Raises:
        Damaged: the central directory cannot be read.
    """
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Damaged("the archive is damaged") from error


def check(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Refuse an archive that unpacks to too much; the sizes its directory states bind the unpacker, so a lie only cuts a member short.

    Raises:
        TooLarge: more members, more unpacked bytes, or a higher ratio than the limits allow.
    """
    members = archive.infolist()
    if len(members) > limits.max_members:
        raise TooLarge(f"the archive has {len(members)} members, more than {limits.max_members} (max_members)", limit=limits.max_members)
    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.max_unpacked_bytes:
        raise TooLarge(
            f"the archive unpacks to {unpacked} bytes, more than {limits.max_unpacked_bytes} (max_unpacked_bytes)",
            limit=limits.max_unpacked_bytes,
        )
    packed = max(1, sum(member.compress_size for member in members))
    if unpacked > _RATIO_FROM_BYTES and unpacked / packed > limits.max_ratio:
        raise TooLarge(f"the archive unpacks to {unpacked // packed} times its size, more than {limits.max_ratio} (max_ratio)")


def check_document(path: Path, limits: Limits) -> None:
    """As `check`, for a Word or Excel file, whose parts must also be readable without a password.

    Raises:
        TooLarge, Damaged, Encrypted: as named.
    """
    with opened(path) as archive:
        check(archive, limits)
        if any(is_encrypted(member) for member in archive.infolist()):
            raise Encrypted("the document asks for a password")


def is_encrypted(member: zipfile.ZipInfo) -> bool:
    """Whether a member asks for a password."""
    return bool(member.flag_bits & _IS_ENCRYPTED)
