"""The gateway's app: what it serves, put together. It starts nothing and reads no settings."""

from collections.abc import Iterable

from fastapi import FastAPI

import docmill
from docmill.gateway.access import Access
from docmill.gateway.ask import ask_router
from docmill.gateway.desk import Desk
from docmill.gateway.events import events_router
from docmill.gateway.exports import exports_router
from docmill.gateway.files import files_router
from docmill.gateway.guard import Guard
from docmill.gateway.health import health_router
from docmill.gateway.login import login_router
from docmill.gateway.openapi import use_openapi
from docmill.gateway.operations import operations_router
from docmill.gateway.pages import pages_router
from docmill.gateway.pages_document import document_pages_router
from docmill.gateway.pages_purchase_order import order_pages_router
from docmill.gateway.pages_purchase_request import request_pages_router
from docmill.gateway.pages_purchasing import purchasing_pages_router
from docmill.gateway.pages_receipt import receipt_pages_router
from docmill.gateway.pages_review import review_pages_router
from docmill.gateway.pages_search import search_pages_router
from docmill.gateway.problems import add_problem_handlers
from docmill.gateway.purchasing import purchasing_router
from docmill.gateway.quarantine import quarantine_router
from docmill.gateway.receipts import receipts_router
from docmill.gateway.records import records_router
from docmill.gateway.review import review_router
from docmill.gateway.review_marks import review_marks_router
from docmill.gateway.search import search_router
from docmill.gateway.sessions import Sessions
from docmill.gateway.uploads import uploads_router
from docmill.services.api_keys import check_key
from docmill.storage.objects import UrlSigner


def create_app(
    desk: Desk, signer: UrlSigner | None, *, names: Iterable[str], link_names: Iterable[str] = (), needs_keys: bool = False
) -> FastAPI:
    """The app.

    Args:
        desk: what the routes share.
        signer: verifies links to a local store (`open_signer(spec)`); None when links come from the bucket.
        names: values of the Host header that everything answers to.
        link_names: further ones that only signed links answer to.
        needs_keys: whether requests must show an API key or a session.
    """
    # FastAPI's own pages of /docs would load scripts from the internet
    app = FastAPI(title="docmill", version=docmill.__version__, docs_url=None, redoc_url=None)
    use_openapi(app)
    add_problem_handlers(app)
    app.include_router(files_router(desk.room.store, signer))
    app.include_router(health_router(desk))
    app.include_router(uploads_router(desk))
    app.include_router(events_router(desk))
    app.include_router(search_router(desk))
    app.include_router(ask_router(desk))
    app.include_router(records_router(desk))
    app.include_router(exports_router(desk))
    app.include_router(quarantine_router(desk))
    app.include_router(review_router(desk))
    app.include_router(review_marks_router(desk))
    app.include_router(purchasing_router(desk))
    app.include_router(receipts_router(desk))
    app.include_router(pages_router(desk, app))
    app.include_router(search_pages_router(desk))
    app.include_router(document_pages_router(desk))
    app.include_router(review_pages_router(desk))
    for pages in (purchasing_pages_router, request_pages_router, order_pages_router, receipt_pages_router):
        app.include_router(pages(desk))
    app.include_router(operations_router(desk))
    if needs_keys:
        sessions, room = Sessions(), desk.room
        app.include_router(login_router(desk, sessions))
        app.add_middleware(Access, check=lambda key: check_key(room.ledger, room.tenant, key), sessions=sessions)
    app.add_middleware(Guard, names=frozenset(names), link_names=frozenset(link_names), has_keys=needs_keys)
    return app
