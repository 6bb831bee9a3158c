"""The note that `docmill up` leaves under home about the servers it runs, so that other commands find them and `docmill down` ends them."""

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


def _note(found: Settings) -> Path:
    return found.home / "up.json"


def running_stack(found: Settings) -> Stack | None:
    """The embedded set of this home, if it runs."""
    with suppress(OSError, ValidationError, json.JSONDecodeError, psutil.Error):
        stack = Stack.model_validate_json(_note(found).read_bytes())
        if abs(psutil.Process(stack.pid).create_time() - stack.started) < 1.0:
            return stack
    return None


def note_stack(found: Settings, prefect_api_url: str, gateway_url: str) -> None:
    """Remember this process as the embedded set."""
    me = psutil.Process()
    stack = Stack(pid=me.pid, started=me.create_time(), prefect_api_url=prefect_api_url, gateway_url=gateway_url)
    _note(found).write_text(stack.model_dump_json(), encoding="utf-8")


def forget_stack(found: Settings) -> None:
    """Remove the note."""
    _note(found).unlink(missing_ok=True)
