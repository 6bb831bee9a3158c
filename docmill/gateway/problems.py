"""Errors as problem+json (RFC 9457). The status, title and hint come from the one table in docmill.errors; no message names a file.

Under /api/v1/upload an error also carries `success` and `message`, which clients of the asynchronous OCR contract look at.
"""

import math
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from docmill.errors import DocmillError, InvalidOptions

MEDIA_TYPE = "application/problem+json"
CONTRACT_PREFIX = "/api/v1/upload"
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def problem(error: DocmillError, path: str = "", headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer for one of docmill's errors. `code` and `hint` are docmill's own members; facts stay inside.

    Args:
        error: what went wrong.
        path: of the request; below CONTRACT_PREFIX the contract's members are added.
        headers: further headers.
    """
    kind = error.kind
    if (wait_s := error.facts.get("retry_after_s")) is not None:
        headers = {**(headers or {}), "Retry-After": str(max(1, math.ceil(float(wait_s))))}
    body = {"type": f"urn:docmill:error:{kind.code}", "title": kind.title, "detail": error.message, "code": kind.code, "hint": kind.hint}
    return _answer(kind.http_status, body, path, headers)


def plain_problem(status: int, path: str = "", headers: dict[str, str] | None = None, detail: str | None = None) -> JSONResponse:
    """The answer for an error that only its status names."""
    # RFC 9457, 4.2.1: with about:blank the title is the status's own phrase
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title}
    return _answer(status, {**body, "detail": detail} if detail and detail != title else body, path, headers)


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error of the app a problem+json, also those of routing (404, 405). Surprises (500) are the guard's."""
    app.add_exception_handler(DocmillError, _on_docmill_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)


def _answer(status: int, body: dict[str, str], path: str, headers: dict[str, str] | None) -> JSONResponse:
    told: dict[str, object] = {"status": status, **body}
    if path.startswith(CONTRACT_PREFIX):
        told |= {"success": False, "message": body.get("detail", body["title"])}
    return JSONResponse(told, status_code=status, media_type=MEDIA_TYPE, headers={**_HEADERS, **(headers or {})})


async def _on_docmill_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, DocmillError):
        raise error
    return problem(error, request.url.path, {"Retry-After": "5"} if error.retryable else None)


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    return plain_problem(error.status_code, request.url.path, dict(error.headers) if error.headers else None, error.detail)


async def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    # only where and what: the value itself may be anything
    told = "; ".join(f"{e['loc'][-1]}: {e['msg']}" for e in error.errors())
    return problem(InvalidOptions(told), request.url.path)
