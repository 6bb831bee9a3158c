"""Who may do what, where API keys are on: each request shows a key or a session, which gives its tenant and scopes.

Where keys are off (a gateway on loopback) everybody who gets past the guard may do everything. ASGI, so that no route can forget it: a path
that is not named here needs the scope of documents. Routes learn who asks by `acting.acting_user`.
"""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from http.cookies import CookieError, SimpleCookie
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from docmill.errors import DocmillError, NotAllowed, TooManyRequests, Unauthorized
from docmill.gateway.acting import USER_KEY
from docmill.gateway.guard import SAFE_METHODS
from docmill.gateway.limits import Buckets
from docmill.gateway.problems import problem
from docmill.gateway.sessions import COOKIE, Session, Sessions
from docmill.services.api_keys import OPERATIONS, ORIGINALS, READ, SCOPES, WRITE, Holder
from docmill.services.batches_registering import Asker
from docmill.services.users import LOCAL_USER

log = logging.getLogger(__name__)

OPEN_PATHS: Final = ("/livez", "/readyz", "/login", "/openapi.json", "/docs")
OPEN_FOLDERS: Final = ("/files/", "/web/")
"""Links carry their own proof; assets are the same for everybody."""
OPERATIONS_PATHS: Final = ("/metrics", "/operations")
REQUESTS_PER_S, REQUEST_BURST = 50.0, 500.0
CHALLENGE: Final = MappingProxyType({"WWW-Authenticate": 'Bearer realm="docmill"'})
CSRF_HEADER: Final = "x-csrf-token"

_holder: ContextVar[Holder | None] = ContextVar("docmill_holder", default=None)
_session: ContextVar[Session | None] = ContextVar("docmill_session", default=None)


def may_see_originals() -> bool:
    """Whether whoever makes this request may have links to bytes as they came; everybody where keys are off."""
    holder = _holder.get()
    return holder is None or holder.may(ORIGINALS)


def may_see_original_of(*, redacted: bool) -> bool:
    """Whether pictures of the original may be shown of a task; where keys are off, only of one that redacts nothing."""
    holder = _holder.get()
    return holder.may(ORIGINALS) if holder else not redacted


def asker() -> Asker:
    """Who makes this request, for the audit trail: the id of the user behind the key, `local` where keys are off."""
    holder = _holder.get()
    return Asker(holder.user_id, holder.may(ORIGINALS)) if holder else Asker(LOCAL_USER)


def csrf_token() -> str | None:
    """What this page's script must show when it changes something; None where there is no session."""
    session = _session.get()
    return session.csrf if session else None


def who_acts() -> str:
    """The user and role behind this request, for the page's head; empty where keys are off."""
    holder = _holder.get()
    return f"{holder.user_id} ({holder.role})" if holder else ""


def limited_as(client: str) -> str:
    """Under whose name a request counts: its key's, else the client's address."""
    holder = _holder.get()
    return holder.key_id if holder else client


class Access:
    """ASGI middleware, behind the guard.

    Args:
        app: what is protected.
        check: gives the holder of a key, or raises Unauthorized.
        sessions: of browsers.
    """

    def __init__(self, app: ASGIApp, check: Callable[[str], Holder], sessions: Sessions) -> None:
        self._app, self._check, self._sessions = app, check, sessions
        self._buckets = Buckets(REQUESTS_PER_S, REQUEST_BURST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or path in OPEN_PATHS or path.startswith(OPEN_FOLDERS):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            holder, session = await self._known(headers)
            self._refuse(holder, session, scope["method"], path, headers)
        except DocmillError as error:
            await _refusal(error, scope["method"], path, headers)(scope, receive, send)
            return
        _holder.set(holder)
        _session.set(session)
        scope[USER_KEY] = holder.user_id
        await self._app(scope, receive, send)

    async def _known(self, headers: Headers) -> tuple[Holder, Session | None]:
        given = headers.get("authorization", "")
        session = None
        if given.lower().startswith("bearer "):
            key = given[len("bearer ") :].strip()
        elif "x-api-key" in headers:
            key = headers["x-api-key"]
        else:
            session = self._sessions.of(cookie_of(headers))
            key = session.key if session else ""
        return await run_in_threadpool(self._check, key), session

    def _refuse(self, holder: Holder, session: Session | None, method: str, path: str, headers: Headers) -> None:
        wait_s = self._buckets.take(holder.key_id)
        if wait_s:
            raise TooManyRequests("too many requests with this key", retry_after_s=wait_s)
        changes = method not in SAFE_METHODS
        if session is not None and changes and path != "/logout" and not session.allows(headers.get(CSRF_HEADER)):
            raise NotAllowed("the page's token is missing or old; load the page again")
        wanted = OPERATIONS if path in OPERATIONS_PATHS else WRITE if changes and path != "/logout" else READ
        if not holder.may(wanted):
            raise NotAllowed(f"this needs the scope {wanted}, of the key and of its user's role")


def cookie_of(headers: Headers) -> str | None:
    """The session cookie of a request."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None


def _refusal(error: DocmillError, method: str, path: str, headers: Headers) -> Response:
    is_page = method == "GET" and "text/html" in headers.get("accept", "") and not path.startswith("/api/")
    if isinstance(error, Unauthorized) and is_page:
        return RedirectResponse(f"/login?next={quote(path)}", status_code=303)
    return problem(error, path, dict(CHALLENGE) if isinstance(error, Unauthorized) else None)


__all__ = ["SCOPES", "Access", "asker", "cookie_of", "csrf_token", "limited_as", "may_see_originals", "who_acts"]
