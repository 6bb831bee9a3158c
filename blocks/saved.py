"""Loading a saved block, or the in-code default when none is saved."""

from typing import TypeVar

from prefect.blocks.core import Block
from pydantic import HttpUrl

DEFAULT_NAME = "default"

DOCUMENTATION_URL = HttpUrl("http://127.0.0.1:8000/docs")
"""The gateway's own page, served by `docmill up`: nothing outside the machine is asked for."""

AnyBlock = TypeVar("AnyBlock", bound=Block)


def saved_or_default(kind: type[AnyBlock], name: str = DEFAULT_NAME) -> AnyBlock:
    """The block saved under a name; without one, the in-code defaults, which come from docmill's settings (only for the name `default`).

    Raises:
        ValueError: a block with another name than `default` is not there.
        TypeError: called inside a running event loop; flows and tasks here are synchronous.
    """
    try:
        found = kind.load(name)
    except ValueError:
        if name != DEFAULT_NAME:
            raise
        return kind()
    if not isinstance(found, kind):
        raise TypeError(f"{kind.__name__} can only be loaded by synchronous flows and tasks")
    return found
