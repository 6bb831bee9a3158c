"""Runs the gateway: uvicorn on loopback, on the wanted port or the next free one. No access log: paths and queries hold signatures."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn

from docmill.errors import SettingsInvalid
from docmill.gateway.app import create_app
from docmill.settings import Settings
from docmill.storage.objects import StoreSpec, open_signer, open_store
from docmill.storage.objects.spec import gateway_address_file

HOST = "127.0.0.1"
PORTS_TRIED = 50
GRACE_S = 5
"""How long downloads may go on after Ctrl-C."""


def serve(settings: Settings, port: int, *, on_listening: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; then return.

    While it runs, its address lies in a file under home, so that links made by other processes find it on whatever port it got.

    Args:
        settings: of this process.
        port: first port to try; 0 takes any free one.
        on_listening: called with the address (http://127.0.0.1:port) before the first request is served.

    Raises:
        SettingsInvalid: none of the ports is free, or the store's URL cannot be used.
    """
    spec = StoreSpec.from_settings(settings)
    app = create_app(open_store(spec), open_signer(spec))
    # h11 alone would name the server in every answer; nobody needs to know
    config = uvicorn.Config(app, access_log=False, log_level="warning", server_header=False, timeout_graceful_shutdown=GRACE_S)
    with free_socket(port) as listening:
        address = f"http://{HOST}:{listening.getsockname()[1]}"
        with _noted(settings, address), _ended_by_signals():
            if on_listening:
                on_listening(address)
            uvicorn.Server(config).run(sockets=[listening])


def free_socket(port: int) -> socket.socket:
    """A listening socket on loopback, on `port` or the next free one; listening, so that nobody takes it before the server starts.

    Raises:
        SettingsInvalid: none of the ports is free.
    """
    for candidate in range(port, min(port + PORTS_TRIED, 65536)):
        with suppress(OSError):
            return socket.create_server((HOST, candidate))
    raise SettingsInvalid(f"no port is free from {port} on", port=port)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Uvicorn ends in order and then raises the signal again: it must not kill the process before this room has tidied up."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals never come here
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _noted(settings: Settings, address: str) -> Iterator[None]:
    file = gateway_address_file(settings)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(address, encoding="ascii")
    try:
        yield
    finally:
        with suppress(OSError):
            if file.read_text(encoding="ascii") == address:  # another gateway may have noted its own since
                file.unlink()
