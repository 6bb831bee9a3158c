"""`/files/...`: local objects behind signed links. Documents come from strangers, so what is served must be harmless in a browser."""

import tempfile
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from fastapi import APIRouter
from fastapi.responses import FileResponse

from docmill.errors import NotFound
from docmill.gateway.openapi import problems
from docmill.storage.objects import UrlSigner
from docmill.values.ports import ObjectStore

MEDIA_TYPES: MappingProxyType[str, str] = MappingProxyType(
    {
        ".pdf": "application/pdf",
        ".png": "image/png",
        ".jpg": "image/jpeg",
        ".jpeg": "image/jpeg",
        ".tif": "image/tiff",
        ".tiff": "image/tiff",
        ".bmp": "image/bmp",
        ".webp": "image/webp",
        ".gif": "image/gif",
        ".jp2": "image/jp2",
        ".json": "application/json",
        ".txt": "text/plain; charset=utf-8",
        ".md": "text/markdown; charset=utf-8",
        ".hocr": "text/html; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".csv": "text/csv; charset=utf-8",
        ".xml": "application/xml",
    },
)
"""Ending of an object's name -> media type; our own table, because Python's depends on the machine. Anything else is only downloaded."""

UNKNOWN = "application/octet-stream"

_HEADERS: MappingProxyType[str, str] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Security-Policy": "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    },
)
# Chrome and Safari refuse to show a PDF under `sandbox`, and Chrome's viewer page needs inline style; PDF scripts have no origin to reach.
_PDF_POLICY = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def files_router(store: ObjectStore, signer: UrlSigner | None) -> APIRouter:
    """GET and HEAD of `/files/{name}`.

    Args:
        store: where the objects are.
        signer: verifies links; None when the store makes links of its own, then every name is `not_found`.
    """
    router = APIRouter(tags=["files"])

    @router.head("/files/{name:path}", include_in_schema=False)
    @router.get("/files/{name:path}", summary="Follow a signed link", response_class=FileResponse, responses=problems(404, 422))
    def file(name: str, expires: str | None = None, signature: str | None = None, download: str | None = None) -> FileResponse:
        """One object of a local store. Links come from other answers and work as they are, until they expire."""
        if signer is None:
            raise NotFound("links to this store come from Google Cloud Storage, not from the gateway")
        signer.verify(name, expires=expires, signature=signature, download_name=download)
        return _response(name, store.fetch(name, Path(tempfile.gettempdir())), download)

    return router


def _response(name: str, path: Path, download_name: str | None) -> FileResponse:
    ending = PurePosixPath(name).suffix.lower()
    media_type = MEDIA_TYPES.get(ending, UNKNOWN)
    is_shown = download_name is None and media_type != UNKNOWN
    headers = {**_HEADERS, "Content-Security-Policy": _PDF_POLICY} if ending == ".pdf" else dict(_HEADERS)
    return FileResponse(
        path,
        media_type=media_type,
        headers=headers,
        filename=download_name or PurePosixPath(name).name,
        content_disposition_type="inline" if is_shown else "attachment",
    )
