"""`/login` and `/logout`, where API keys are on: a key entered once becomes a session cookie that no script can read."""

import re
from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from docmill.errors import TooManyRequests, Unauthorized
from docmill.gateway.access import cookie_of
from docmill.gateway.desk import Desk
from docmill.gateway.limits import Buckets
from docmill.gateway.page_frame import framed
from docmill.gateway.sessions import COOKIE, LIFE_S, Sessions
from docmill.services.api_keys import check_key

_OWN_PATH: Final = re.compile(r"/(?![/\\])[\w/.-]*", re.ASCII)
TRIES_PER_S, TRIES_BURST = 0.2, 10.0


def login_router(desk: Desk, sessions: Sessions) -> APIRouter:
    """Beginning and ending sessions."""
    router = APIRouter(include_in_schema=False)
    tries = Buckets(TRIES_PER_S, TRIES_BURST)

    @router.get("/login")
    def form(target: Annotated[str, Query(alias="next", max_length=500)] = "/") -> HTMLResponse:
        return _form(target)

    @router.post("/login", response_model=None)
    async def login(
        request: Request,
        key: Annotated[str, Form(max_length=100)],
        target: Annotated[str, Form(alias="next", max_length=500)] = "/",
    ) -> HTMLResponse | RedirectResponse:
        if wait_s := tries.take(request.client.host if request.client else ""):
            raise TooManyRequests("too many logins", retry_after_s=wait_s)
        try:
            await run_in_threadpool(check_key, desk.room.ledger, desk.room.tenant, key.strip())
        except Unauthorized as error:
            return _form(target, error.message, 401)
        answer = RedirectResponse(target if _OWN_PATH.fullmatch(target) else "/", status_code=303)
        secure = request.url.scheme == "https" or (desk.room.settings.gateway_url or "").startswith("https://")
        answer.set_cookie(COOKIE, sessions.begin(key.strip()), max_age=int(LIFE_S), httponly=True, samesite="strict", secure=secure)
        return answer

    @router.post("/logout")
    def logout(request: Request) -> RedirectResponse:
        sessions.end(cookie_of(request.headers))
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer

    return router


def _form(target: str, said: str = "", status: int = 200) -> HTMLResponse:
    return framed("login.html", "Log in", here="/login", status=status, target=escape(target), said=escape(said))
