"""Runs the gateway and its threads: uvicorn on loopback (elsewhere with keys), on the wanted port or the next free one.

There is no access log: paths and queries hold signatures.
"""

import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import uvicorn

from docmill.errors import NotAllowed, SettingsInvalid, StoreUnavailable
from docmill.gateway.app import create_app
from docmill.gateway.desk import Desk
from docmill.gateway.guard import bound_names
from docmill.gateway.limits import UploadLimits
from docmill.services.api_keys import has_keys
from docmill.services.backup.sealing import remove_unfinished_keys
from docmill.services.dispatch_thread import DispatchThread, PrefectFinder
from docmill.services.fresh_home import open_home
from docmill.services.notifying import AppriseChannel
from docmill.services.outbox import Channel
from docmill.services.outbox_thread import OutboxThread
from docmill.services.running.room import Room
from docmill.services.uploads import queue
from docmill.services.webhooks import webhooks
from docmill.services.webhooks_sending import WebhookChannel
from docmill.settings import Settings
from docmill.storage.objects import open_signer
from docmill.storage.objects.spec import gateway_address_file

HOST = "127.0.0.1"
PORTS_TRIED = 50
GRACE_S = 5
"""How long downloads may go on after Ctrl-C."""


def serve(settings: Settings, port: int, *, host: str = HOST, on_listening: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; then return.

    While it runs, its address lies in a file under home, so that links made by other processes find it on whatever port it got, and a
    dispatcher runs beside it unless another gateway of this home has one.

    Args:
        settings: of this process.
        port: first port to try; 0 takes any free one.
        host: an IP address; beyond loopback only with API keys, and with DOCMILL_GATEWAY_URL, whose name requests must ask for.
        on_listening: called with the address (http://127.0.0.1:port) before the first request is served.

    Raises:
        NotAllowed: the host is not loopback and there is no API key; without keys nobody else may be let in.
        SettingsInvalid: none of the ports is free, or the store's URL cannot be used.
        LedgerOutdated, LedgerUnavailable: there is no ledger to work with.
    """
    needs_keys = settings.require_keys or not _is_loopback(host)
    if needs_keys:
        _refuse_without_keys(settings, host)
    with free_socket(port, host) as listening:
        bound_port = listening.getsockname()[1]
        address = f"http://{f'[{host}]' if ':' in host else host}:{bound_port}"
        own = settings.model_copy(update={"gateway_url": settings.gateway_url or address})
        with open_home(own) as room, _dispatching(room) as dispatcher, _noted(settings, address), _ended_by_signals():
            public = frozenset([urlsplit(settings.gateway_url).netloc.lower()] if settings.gateway_url else [])
            app = create_app(
                _desk(room, dispatcher),
                open_signer(room.store_spec),
                names=bound_names(bound_port) | (public if needs_keys else frozenset()),
                link_names=public,
                needs_keys=needs_keys,
            )
            # h11 alone would name the server in every answer; nobody needs to know
            config = uvicorn.Config(app, access_log=False, log_level="warning", server_header=False, timeout_graceful_shutdown=GRACE_S)
            if on_listening:
                on_listening(address)
            uvicorn.Server(config).run(sockets=[listening])


def _refuse_without_keys(settings: Settings, host: str) -> None:
    with open_home(settings) as room:
        if not has_keys(room.ledger, room.tenant):
            raise NotAllowed("without API keys the gateway binds to loopback only; `docmill keys create` makes one")
    if not _is_loopback(host) and settings.gateway_url is None:
        raise SettingsInvalid("DOCMILL_GATEWAY_URL: beyond loopback the gateway must know the name it is asked for")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _desk(room: Room, dispatcher: DispatchThread) -> Desk:
    finder = PrefectFinder(room)
    desk = Desk(
        room=room,
        limits=UploadLimits(lambda: queue(room)),
        wake=dispatcher.wake,
        prefect_answers=lambda: finder() is not None,
    )
    desk.sweep()
    with suppress(StoreUnavailable):  # the clean-up tells of it
        remove_unfinished_keys(room)
    return desk


@contextmanager
def _dispatching(room: Room) -> Iterator[DispatchThread]:
    """The threads beside the routes: the dispatcher and the outbox."""
    dispatcher, deliveries = DispatchThread(room), OutboxThread(room, _channels(room))
    dispatcher.start()
    deliveries.start()
    try:
        yield dispatcher
    finally:
        dispatcher.stop()
        deliveries.stop()


def _channels(room: Room) -> list[Channel]:
    """Who is told of what happened; another channel is added here."""
    found = room.settings
    told = found.notify_urls.get_secret_value().split() if found.notify_urls else []
    webhook = WebhookChannel(lambda: webhooks(found.home), room.ledger.now, private_allowed=found.webhooks_to_private)
    return [webhook, AppriseChannel(told)] if told else [webhook]


def free_socket(port: int, host: str = HOST) -> socket.socket:
    """A listening socket on loopback, on `port` or the next free one; listening, so that nobody takes it before the server starts.

    Raises:
        SettingsInvalid: none of the ports is free.
    """
    for candidate in range(port, min(port + PORTS_TRIED, 65536)):
        with suppress(OSError):
            return socket.create_server((host, candidate), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
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
    whole = file.with_suffix(".writing")  # whoever finds the file must find all of it
    whole.write_text(address, encoding="ascii")
    whole.replace(file)
    try:
        yield
    finally:
        with suppress(OSError):
            if file.read_text(encoding="ascii") == address:  # another gateway may have noted its own since
                file.unlink()
