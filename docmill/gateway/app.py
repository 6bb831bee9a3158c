"""The gateway's app: what it serves, put together. It starts nothing and reads no settings."""

from collections.abc import Iterable

from fastapi import FastAPI

import docmill
from docmill.gateway.desk import Desk
from docmill.gateway.files import files_router
from docmill.gateway.guard import Guard
from docmill.gateway.health import health_router
from docmill.gateway.openapi import use_openapi
from docmill.gateway.pages import pages_router
from docmill.gateway.problems import add_problem_handlers
from docmill.gateway.records import records_router
from docmill.gateway.review import review_router
from docmill.gateway.uploads import uploads_router
from docmill.storage.objects import UrlSigner


def create_app(desk: Desk, signer: UrlSigner | None, *, names: Iterable[str], link_names: Iterable[str] = ()) -> FastAPI:
    """The app.

    Args:
        desk: what the routes share.
        signer: verifies links to a local store (`open_signer(spec)`); None when links come from the bucket.
        names: values of the Host header that everything answers to.
        link_names: further ones that only signed links answer to.
    """
    # FastAPI's own pages of /docs would load scripts from the internet
    app = FastAPI(title="docmill", version=docmill.__version__, docs_url=None, redoc_url=None)
    use_openapi(app)
    add_problem_handlers(app)
    app.include_router(files_router(desk.room.store, signer))
    app.include_router(health_router(desk))
    app.include_router(uploads_router(desk))
    app.include_router(records_router(desk))
    app.include_router(review_router(desk))
    app.include_router(pages_router(desk, app))
    app.add_middleware(Guard, names=frozenset(names), link_names=frozenset(link_names))
    return app
