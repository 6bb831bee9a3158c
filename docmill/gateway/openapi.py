"""What FastAPI cannot derive for /openapi.json: the streamed upload's form and the problems every route may answer with."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from docmill.gateway.contract import Problem
from docmill.gateway.problems import MEDIA_TYPE
from docmill.values.options import MillOptions

_REASONS = {
    400: "The body is broken.",
    401: "Where API keys are on: there is none, or it is not valid.",
    403: "Not allowed: another host name or origin, or a scope that the key does not have.",
    404: "There is no such thing.",
    409: "It is in a state that does not allow this.",
    413: "A file is over the limit.",
    415: "Not a multipart form, or a type of file docmill does not read.",
    422: "An option or parameter has an unknown value, or the file cannot be read.",
    429: "Too many requests or a long queue; Retry-After says when to come again.",
    503: "Ledger or store do not answer.",
}
_REF = {"$ref": "#/components/schemas/Problem"}

DESCRIPTION = """Turns documents into text, fields, redacted copies and results JSON, asynchronously: upload, poll, read.

Errors are problem+json (RFC 9457). On loopback no key is needed; see docs/security.md."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these problems."""
    wanted = sorted({*statuses, 401, 403, 429, 503})
    return {status: {"description": _REASONS[status], "content": {MEDIA_TYPE: {"schema": _REF}}} for status in wanted}


def upload_body() -> dict[str, Any]:
    """The request body of an upload: the file, docmill's options, what the client says about it."""
    options = MillOptions.model_json_schema()["properties"]
    text = {"type": "string"}
    properties: dict[str, Any] = {
        "file": {
            "type": "array",
            "items": {**text, "format": "binary"},
            "minItems": 1,
            "description": "One file, or several in one batch; or `uri`.",
        },
        "uri": {
            "type": "array",
            "items": {**text, "pattern": "^gs://"},
            "description": "Objects of buckets, instead of files or beside them; only below DOCMILL_SOURCE_ROOTS.",
            "examples": [["gs://incoming/scans/invoice.pdf"]],
        },
        **options,
        "tags": {"type": "array", "items": text, "description": "Labels; repeated, or with commas."},
        "collection": {**text, "description": "The collection the document belongs to."},
        "password": {
            **text,
            "format": "password",
            "writeOnly": True,
            "description": "Tried on PDFs that ask for one; kept until the task is over.",
        },
        "metadata": {**text, "description": "A JSON object of at most 4 KB that is kept with the task.", "examples": ['{"case": 17}']},
    }
    schema = {"type": "object", "properties": properties, "anyOf": [{"required": ["file"]}, {"required": ["uri"]}]}
    encoding = {name: {"style": "form", "explode": True} for name in ("uri", "entities", "tags")}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema, "encoding": encoding}}}}


def use_openapi(app: FastAPI) -> None:
    """Give the app its description, with Problem among the schemas and without FastAPI's own error shape."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
            schemas = made.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = Problem.model_json_schema()
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign] # FastAPI's documented way
