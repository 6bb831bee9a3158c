"""The guard in front of every route: who may speak to a gateway without keys, what headers leave it, and what a surprise becomes.

Without keys the only protection is that the gateway listens on loopback. A web page on the same machine's browser could still reach it by
DNS rebinding or by a form that posts across sites, so the Host must be one of the bound names and a request that changes something must come
from the gateway's own page or from no page at all. docs/security.md has the threats.
"""

import logging
import secrets
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from docmill.errors import NotAllowed
from docmill.gateway.problems import plain_problem, problem
from docmill.logs import log_ids

log = logging.getLogger(__name__)

LINK_PATHS: Final = ("/files/", "/livez")
"""What may be reached under the public name too: links carry their own proof."""

REQUEST_ID: Final = "X-Request-ID"
"""Sent with every answer, and a field of what is logged meanwhile."""

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PROXY_HEADERS: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host")

SECURITY_HEADERS: MappingProxyType[str, str] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    },
)
"""Sent unless a route has said something else."""


def bound_names(port: int) -> frozenset[str]:
    """What Host may say to a gateway that listens on loopback."""
    names = ("127.0.0.1", "localhost", "[::1]")
    return frozenset({f"{name}:{port}" for name in names} | (set(names) if port == 80 else set()))  # noqa: PLR2004 - HTTP's own port is left out of Host


class Guard:
    """ASGI middleware.

    Args:
        app: what is guarded.
        names: values of Host for everything.
        link_names: further values of Host for LINK_PATHS only.
        has_keys: whether requests show keys: then a proxy may stand before the gateway.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str], link_names: Iterable[str] = (), *, has_keys: bool = False) -> None:
        self._app, self._has_keys = app, has_keys
        self._names = frozenset(names)
        self._link_names = self._names | frozenset(link_names)
        self._schemes = ("http", "https") if has_keys else ("http",)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)  # not the caller's: that may be a text that must not be logged
        with log_ids(request_id=request_id):
            await self._guarded(scope, receive, send, request_id)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        has_begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refusal(scope)
        if refused is not None:
            await refused(scope, receive, send_guarded)
            return
        try:
            await self._app(scope, receive, send_guarded)
        except Exception as error:  # noqa: BLE001 - whatever broke, its text stays inside
            # not raised further: the server would log a text that may name files or hold what a document says
            log.error("the gateway broke: %s", type(error).__name__)  # noqa: TRY400 - as above
            if has_begun:
                raise ConnectionAbortedError("the answer broke off") from None
            await plain_problem(500, scope["path"])(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, path = Headers(scope=scope), scope["path"]
        host = headers.get("host", "").lower()
        is_link = path.startswith(LINK_PATHS)
        if host not in (self._link_names if is_link else self._names):
            return problem(NotAllowed("this gateway does not answer to that host name"), path)
        if not (is_link or self._has_keys) and any(name in headers for name in _PROXY_HEADERS):
            return problem(NotAllowed("without API keys the gateway serves its own machine only, not a proxy"), path)
        if scope["method"] not in SAFE_METHODS and not _is_own(headers, host, self._schemes):
            return problem(NotAllowed("requests from other origins may not change anything"), path)
        return None


def _is_own(headers: Headers, host: str, schemes: Iterable[str]) -> bool:
    origin = headers.get("origin")
    if origin is not None and origin.lower() not in {f"{scheme}://{host}" for scheme in schemes}:
        return False
    return headers.get("sec-fetch-site", "none") in {"none", "same-origin"}
