"""A folder store that fails on purpose: a real LocalStore whose chosen calls raise StoreUnavailable as often as asked."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from docmill.errors import StoreUnavailable
from docmill.storage.objects import opening
from docmill.storage.objects.local import LocalStore

SCHEME = "faulty"


@dataclass
class Fault:
    """The next `times` calls of a method on names that match fail."""

    method: str
    names: str
    times: int = 10**9
    met: int = 0


@dataclass
class Hold:
    """Calls of a method on names that match wait until something is so, each ten seconds at most."""

    method: str
    names: str
    until: Callable[[], bool]
    most_s: float = 10.0

    def wait(self) -> None:
        end = time.monotonic() + self.most_s
        while not self.until() and time.monotonic() < end:
            time.sleep(0.01)


FAULTS: list[Fault] = []
HOLDS: list[Hold] = []
CALLS: list[tuple[str, str]] = []


def _meet(method: str, name: str) -> None:
    CALLS.append((method, name))
    for fault in FAULTS:
        if fault.method == method and fault.met < fault.times and re.search(fault.names, name):
            fault.met += 1
            raise StoreUnavailable(f"on purpose: {method}")
    for hold in HOLDS:
        if hold.method == method and re.search(hold.names, name):
            hold.wait()


class FaultyStore(LocalStore):
    """Fails where FAULTS say so."""

    def create(self, name, data, *, media_type="application/octet-stream"):
        _meet("create", name)
        return super().create(name, data, media_type=media_type)

    def read(self, name):
        _meet("read", name)
        return super().read(name)

    def fetch(self, name, directory):
        _meet("fetch", name)
        return super().fetch(name, directory)

    def replace(self, name, data):
        _meet("replace", name)
        super().replace(name, data)

    def exists(self, name):
        _meet("exists", name)
        return super().exists(name)

    def list(self, prefix):
        _meet("list", prefix)
        return super().list(prefix)


def use_faulty_store(monkeypatch, folder: Path) -> None:
    """Let DOCMILL_STORE_URL name a faulty store in this process, with no fault yet."""

    def open_it(spec, url):
        return FaultyStore(Path(urlsplit(spec.url).path), opening._signer(spec))

    FAULTS.clear()
    HOLDS.clear()
    CALLS.clear()
    monkeypatch.setattr(opening, "OPENERS", MappingProxyType({**opening.OPENERS, SCHEME: open_it}))
    monkeypatch.setenv("DOCMILL_STORE_URL", f"{SCHEME}://{folder}")
