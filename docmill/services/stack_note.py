"""The note that `docmill up` leaves under home about the servers it runs, so that other processes find them. Writing it is the command line's."""

import json
from contextlib import suppress
from pathlib import Path

import psutil
from pydantic import ValidationError

from docmill.settings import Settings
from docmill.values.model import Value


class Stack(Value):
    """The embedded set: `pid` is that of `docmill up`, `started` its creation time, so that a reused pid is not taken for it."""

    pid: int
    started: float
    prefect_api_url: str
    gateway_url: str


def stack_note_file(found: Settings) -> Path:
    """Where the note lies."""
    return found.home / "up.json"


def running_stack(found: Settings) -> Stack | None:
    """The embedded set of this home, if it runs."""
    with suppress(OSError, ValidationError, json.JSONDecodeError, psutil.Error):
        stack = Stack.model_validate_json(stack_note_file(found).read_bytes())
        if abs(psutil.Process(stack.pid).create_time() - stack.started) < 1.0:
            return stack
    return None


def prefect_address(found: Settings) -> str | None:
    """The API of the Prefect server to ask: the embedded set's, else the one that the settings name; None when there is neither."""
    stack = running_stack(found)
    return stack.prefect_api_url if stack else found.prefect_api_url


def prefect_ui(found: Settings) -> str | None:
    """Where people see Prefect's runs; None when there is no server."""
    api_url = prefect_address(found)
    return api_url.rstrip("/").removesuffix("/api") if api_url else None
