"""Reading a multipart upload as a stream: files go to disk as they come, fields stay small, and a limit ends it early."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from docmill.errors import InvalidOptions, TooLarge
from docmill.services.uploads import Received

if TYPE_CHECKING:  # the parser's module has the type for checkers only
    from python_multipart.multipart import MultipartCallbacks

MOST_FILES: Final = 100
MOST_FIELDS: Final = 200
FIELD_BYTES: Final = 64 * 1024
NAME_CHARACTERS: Final = 255
DRAINED_BYTES: Final = 64 * 1024 * 1024
"""After a limit is passed so much more is read and thrown away: a client that is still sending would not see the answer."""


@dataclass(slots=True)
class Form:
    """What came: files in their order with the media type the client says, and fields."""

    files: list[Received] = field(default_factory=list)
    media_types: list[str | None] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)


async def read_form(request: Request, folder: Path, *, max_file_bytes: int) -> Form:
    """Read the body of a request.

    Args:
        request: its body has not been read.
        folder: where files go; the caller removes it.
        max_file_bytes: largest file.

    Raises:
        HTTPException: 415 when it is no multipart form, 400 when it is a broken one.
        TooLarge: a file is over the limit.
        InvalidOptions: too many files or fields, or a field that is too long or not UTF-8.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise HTTPException(415, "the body must be multipart/form-data")
    reader = _Reader(folder, max_file_bytes)
    stream = request.stream()
    try:
        parser = MultipartParser(options[b"boundary"], reader.callbacks())
        async for chunk in stream:
            await run_in_threadpool(parser.write, chunk)
        parser.finalize()
    except FormParserError:
        raise HTTPException(400, "the multipart body is broken") from None
    except ClientDisconnect:
        raise HTTPException(400, "the upload was broken off") from None
    except (TooLarge, InvalidOptions):
        await _drain(stream)
        raise
    finally:
        reader.close()
    if not reader.is_whole:
        raise HTTPException(400, "the multipart body ends too early")
    return reader.form


async def _drain(stream: AsyncIterator[bytes]) -> None:
    left = DRAINED_BYTES
    with suppress(ClientDisconnect):
        async for chunk in stream:
            left -= len(chunk)
            if left < 0:
                return


class _Reader:
    """The parser's callbacks; the part under way is either a file or a field."""

    def __init__(self, folder: Path, max_file_bytes: int) -> None:
        self.form, self.is_whole = Form(), False
        self._folder, self._max_file_bytes = folder, max_file_bytes
        self._headers: dict[bytes, bytes] = {}
        self._header, self._value, self._data = b"", b"", bytearray()
        self._name, self._size = "", 0
        self._file: IO[bytes] | None = None

    def callbacks(self) -> "MultipartCallbacks":
        """By the parser's names."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._part,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def close(self) -> None:
        """Close the file under way."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self) -> None:
        self._headers, self._header, self._value = {}, b"", b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header, self._value = b"", b""

    def _part(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._size = 0
        if b"filename" not in options:
            self._data = bytearray()
            if len(self.form.fields) >= MOST_FIELDS:
                raise InvalidOptions(f"more than {MOST_FIELDS} fields")
            return
        if self._name != "file":
            raise InvalidOptions("files come in the field `file`")
        if len(self.form.files) >= MOST_FILES:
            raise InvalidOptions(f"more than {MOST_FILES} files in one request")
        path = self._folder / f"{len(self.form.files):04d}"
        self._file = path.open("xb")
        self.form.files.append(Received(path, safe_name(options[b"filename"].decode("utf-8", "replace"))))
        said = self._headers.get(b"content-type")
        self.form.media_types.append(said.decode("latin-1")[:NAME_CHARACTERS] if said else None)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._file is not None:
            if self._size > self._max_file_bytes:
                raise TooLarge(f"a file is over {self._max_file_bytes} bytes (DOCMILL_MAX_BYTES)")
            self._file.write(data[start:end])
            return
        if self._size > FIELD_BYTES:
            raise InvalidOptions(f"a field is over {FIELD_BYTES} bytes")
        self._data += data[start:end]

    def _part_end(self) -> None:
        if self._file is not None:
            self.close()
            return
        try:
            self.form.fields.append((self._name, self._data.decode()))
        except UnicodeDecodeError:
            raise InvalidOptions("a field is not UTF-8") from None

    def _end(self) -> None:
        self.is_whole = True


def safe_name(name: str) -> str:
    """A file name without folders and control characters; it is only ever shown and offered for downloads, never opened."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(c for c in last if c.isprintable()).strip()
    return (clean if clean.strip(".") else "document")[-NAME_CHARACTERS:]
