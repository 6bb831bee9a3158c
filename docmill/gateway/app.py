"""The gateway's app: what it serves, put together. It starts nothing and reads no settings."""

from fastapi import FastAPI

import docmill
from docmill.gateway.files import files_router
from docmill.gateway.problems import add_problem_handlers
from docmill.storage.objects import UrlSigner
from docmill.values.ports import ObjectStore


def create_app(store: ObjectStore, signer: UrlSigner | None) -> FastAPI:
    """The app.

    Args:
        store: where objects are read.
        signer: verifies links to a local store (`open_signer(spec)`); None when links come from the bucket.
    """
    # the pages of /docs would load scripts from the internet
    app = FastAPI(title="docmill", version=docmill.__version__, docs_url=None, redoc_url=None, openapi_url=None)
    add_problem_handlers(app)
    app.include_router(files_router(store, signer))

    @app.get("/livez")
    def livez() -> dict[str, str]:
        return {"status": "ok"}

    return app
