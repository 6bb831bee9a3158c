"""Two tenants over HTTP: one ledger, one store, a gateway each. Whatever one has, the other is told that it is not there."""

from contextlib import ExitStack, closing

import pytest
from api_milling import mill
from gateway_process import gateway_process, multipart_file, settings_of
from supplier_invoices import LINES, VENDOR, invoice_pdf

from docmill.errors import Conflict, InvalidOptions
from docmill.services.api_keys import SCOPES, create_key
from docmill.services.fresh_home import open_home
from docmill.services.intake import Sender, take_in
from docmill.services.purchasing import desk, matching
from docmill.services.review.claiming import find_tasks
from docmill.services.running.batch_checks import check_batch
from docmill.services.running.kept_report import store_report
from docmill.services.running.room import Room
from docmill.services.sources import files_of
from docmill.services.task_view import batch_tasks, document_tasks
from docmill.services.tenants import create_tenant, list_tenants
from docmill.settings import settings
from docmill.storage.ledger.review_tasks import TaskFilter
from docmill.values.options import MillOptions
from docmill.values.purchasing import PurchaseContent
from docmill.values.review import OPEN_STATES

CONTENT = PurchaseContent(vendor=VENDOR, currency="EUR", lines=LINES, buyer="Kranich Bau")
BODIES = {
    "/review/tasks/{task_id}/decide": {"verdict": "accepted", "version": 1},
    "/review/tasks/{task_id}/assign": {"to": None},
    "/purchase-requests/{request_id}": CONTENT.model_dump(mode="json"),
    "/marks": {"type": "PERSON", "text": "not yours"},
    "/kind": {"kind": "letter"},
    "/consent": {"may_teach": True},
    "/reject": {"reason": "not yours"},
    "/decision": {"accept": True, "reason": "not yours"},
}


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """(client, headers) of tenant default, who has everything there can be, and of tenant other; the ids of what default has."""
    homes = {name: tmp_path_factory.mktemp(name) for name in ("default", "other")}
    shared = {"ledger_url": f"sqlite:///{homes['default'] / 'ledger.db'}", "store_url": (homes["default"] / "store").as_uri()}
    mine = {"review_thresholds": "field=0.8,span=0.8,chunk=0.8,sample=1"}
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("DOCMILL_HOME", str(homes["default"]))
        settings.cache_clear()
        with open_home(settings_of(homes["default"], **mine)) as room:
            create_tenant(room.ledger, "other")
            keys = {tenant: create_key(room.ledger, tenant, "k", list(SCOPES))[0] for tenant in homes}
            ids = everything_there_can_be(room, homes["default"])
        settings.cache_clear()
        found = []
        for tenant, home in homes.items():
            client, _ = stack.enter_context(gateway_process(home, require_keys=True, tenant=tenant, **(shared | mine)))
            found.append((client, {"Authorization": f"Bearer {keys[tenant]}"}))
        yield (*found, ids)


def milled(room, paths, options):
    batch_id, registered = take_in(room, files_of([str(path) for path in paths], room.settings), options, Sender(tags=["secret"]))
    mill(room, batch_id)
    store_report(room, batch_id, check_batch(room, batch_id))
    return registered[0].document_id


def everything_there_can_be(room, folder):
    request = desk.submit(room, CONTENT, by="local")
    number = desk.approve(room, request.request_id, by="local").order_number
    (folder / "note.txt").write_text("A drill was ordered, and this note says so.")  # a batch of one has no page of checks
    papers = [invoice_pdf(folder / "invoice.pdf", number="NW-1", order_number=number), folder / "note.txt"]
    document_id = milled(room, papers, MillOptions())
    (review,) = find_tasks(room.ledger, room.tenant, TaskFilter(OPEN_STATES), limit=1)

    job = document_tasks(room, document_id)[0]
    assert matching.newest_match(room, document_id)
    assert batch_tasks(room, job.batch_id)
    return {
        "task_id": job.job_id,
        "batch_id": job.batch_id,
        "document_id": document_id,
        "request_id": request.request_id,
        "order_number": number,
        "review": review.task_id,
    }


def address(path, ids):
    return path.format(**(ids | ({"task_id": ids["review"]} if "/review/" in path else {})))


def operations(client):
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method in methods:
            if "{" in path and not path.startswith(("/files/", "/api/v1/purchase-reports/")):  # no ids of a tenant
                yield method.upper(), path


def test_what_one_has_is_not_there_for_the_other(two):
    (client, mine), (stranger, theirs), ids = two
    asked = 0
    for method, path in operations(client):
        url = address(path, ids)
        if method == "GET" and not path.endswith("/events/"):
            assert client.get(url, headers=mine).status_code == 200, url
        body = next((body for end, body in BODIES.items() if path.endswith(end)), None)
        answer = stranger.request(method, url, headers=theirs, json=body)
        assert answer.status_code == 404, (method, url, answer.text)
        assert client.request(method, url, headers=theirs, json=body).status_code == 401
        asked += 1
    assert asked >= 18
    many = stranger.post("/api/v1/review/decide", headers=theirs, json={"task_ids": [ids["review"]], "note": "x"}).json()
    assert (many["decided"], many["refused"][0]["code"]) == ([], "not_found")
    # nothing of it has changed anything
    assert client.get(f"/api/v1/upload/status/{ids['task_id']}/", headers=mine).json()["status"] == "completed"
    assert client.get(f"/api/v1/purchase-requests/{ids['request_id']}", headers=mine).json()["state"] == "ordered"


def test_lists_search_and_figures_are_a_tenant_s_own(two):
    (client, mine), (stranger, theirs), _ = two
    lists = {
        "/api/v1/upload/tasks/": "tasks",
        "/api/v1/upload/tasks/?tag=secret": "tasks",
        "/api/v1/review/tasks": "tasks",
        "/api/v1/search?q=drill&mode=text": "results",
        "/api/v1/purchase-requests": None,
        "/api/v1/purchase-orders": None,
        "/api/v1/receipts": None,
    }
    for path, name in lists.items():
        had, has = (one.get(path, headers=who).json() for one, who in ((client, mine), (stranger, theirs)))
        assert had[name] if name else had, path
        assert (has[name] if name else has) == [], path
    completed = 'docmill_tasks{state="completed"} 0.0\n'
    assert completed in stranger.get("/metrics", headers=theirs).text
    assert completed not in client.get("/metrics", headers=mine).text
    assert "secret" not in stranger.get("/", headers=theirs).text


def test_pages_pictures_and_links_are_a_tenant_s_own(two):
    (client, mine), (stranger, theirs), ids = two
    base = f"/tasks/{ids['task_id']}"
    for path in (base, f"{base}/all.zip", f"{base}/original/1.png", f"{base}/original/words-1.svg", f"/documents/{ids['document_id']}"):
        assert client.get(path, headers=mine).status_code in {200, 303}, path
        assert stranger.get(path, headers=theirs).status_code == 404, path
    link = client.get(f"/api/v1/upload/status/{ids['task_id']}/", headers=mine).json()["download_urls"]["results_file"]
    assert client.get(link).status_code == 200
    elsewhere = link.replace(str(client.base_url).rstrip("/"), str(stranger.base_url).rstrip("/"))
    assert stranger.get(elsewhere, headers=theirs).status_code == 403


def test_the_same_bytes_are_another_document_of_the_other(two):
    (client, mine), (stranger, theirs), _ = two
    sent = [
        one.post("/api/v1/upload/async/", headers=who, files=multipart_file("a.txt", b"The same bytes.\n")).json()["tasks"][0]
        for one, who in ((client, mine), (stranger, theirs))
    ]
    assert [task["reused"] for task in sent] == [False, False]
    assert sent[0]["document_id"] != sent[1]["document_id"]


def test_tenants_are_made_once(home):
    with open_home(settings_of(home)) as room:
        create_tenant(room.ledger, "acme")
        assert list_tenants(room.ledger) == ["acme", "default"]
        with pytest.raises(Conflict):
            create_tenant(room.ledger, "acme")
        for bad in ("", "Acme", "a/b", "-a", "x" * 64):
            with pytest.raises(InvalidOptions):
                create_tenant(room.ledger, bad)
    with closing(Room.open(settings_of(home, tenant="acme"))) as room:
        document_id = milled(room, [write(home.parent / "a.txt")], MillOptions(index=False))
        assert document_tasks(room, document_id)[0].state.is_final


def write(path):
    path.write_text("Of the tenant acme.\n")
    return path
