"""Errors as problem+json (RFC 9457). The status, title and hint come from the one table in docmill.errors; no message names a file."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from docmill.errors import DocmillError

MEDIA_TYPE = "application/problem+json"
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def problem(error: DocmillError) -> JSONResponse:
    """The answer for one of docmill's errors. `code` and `hint` are docmill's own members; facts stay inside."""
    kind = error.kind
    return _answer(
        kind.http_status,
        {"type": f"urn:docmill:error:{kind.code}", "title": kind.title, "detail": error.message, "code": kind.code, "hint": kind.hint},
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error of the app a problem+json, also those of routing (404, 405) and those nobody expected (500)."""
    app.add_exception_handler(DocmillError, _on_docmill_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_surprise)


def _answer(status: int, body: dict[str, str], headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"status": status, **body}, status_code=status, media_type=MEDIA_TYPE, headers={**_HEADERS, **(headers or {})})


def _plain(status: int, headers: dict[str, str] | None = None) -> JSONResponse:
    # RFC 9457, 4.2.1: with about:blank the title is the status's own phrase
    return _answer(status, {"type": "about:blank", "title": HTTPStatus(status).phrase}, headers)


async def _on_docmill_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, DocmillError):
        raise error
    return problem(error)


async def _on_http_exception(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    return _plain(error.status_code, dict(error.headers) if error.headers else None)


async def _on_surprise(_: Request, error: Exception) -> JSONResponse:
    del error  # the server logs it; its text may name files
    return _plain(HTTPStatus.INTERNAL_SERVER_ERROR)
