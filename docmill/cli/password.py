"""`--password-file`: how a password for locked PDFs reaches a command. Never as an argument: other users see those in the list of processes."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from docmill.errors import InvalidOptions, NotFound

PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        help="File whose first line is the password of locked PDFs; `-` reads standard input, on a terminal it asks.",
        allow_dash=True,
        metavar="FILE|-",
    ),
]


def read_password(source: Path | None) -> SecretStr | None:
    """The password that a file, standard input or the person at the terminal gives; None when none was offered.

    Raises:
        NotFound: there is no such file.
        InvalidOptions: the first line is empty, or not UTF-8.
    """
    if source is None:
        return None
    line = _first_line(source)
    if not line:
        raise InvalidOptions("--password-file: the first line is empty")
    return SecretStr(line)


def _first_line(source: Path) -> str:
    if str(source) == "-":
        if sys.stdin.isatty():
            return getpass.getpass("Password of the PDF: ")
        data = typer.get_binary_stream("stdin").readline()
    elif source.is_file():
        with source.open("rb") as stream:
            data = stream.readline()
    else:
        raise NotFound("--password-file: there is no such file")
    try:
        return data.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise InvalidOptions("--password-file: the first line is not UTF-8") from None
