"""The doors to purchasing: command line, HTTP, reports, flows' bodies."""

import contextlib
import io
import json

import pandas as pd
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from milled_papers import ingest
from review_tasks import add_users
from supplier_invoices import LINES, VENDOR, invoice_pdf
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import InvalidOptions, NotAllowed
from docmill.gateway.app import create_app
from docmill.gateway.desk import Desk
from docmill.gateway.limits import UploadLimits
from docmill.services.erase import erase
from docmill.services.purchasing import desk, match_deciding, reports
from docmill.services.uploads import queue
from docmill.storage.ledger.tables_accounts import USERS
from docmill.values.order_number import parse_order_number
from docmill.values.purchase_records import MatchDecision
from docmill.values.purchasing import PurchaseContent

CONTENT = PurchaseContent(vendor=VENDOR, currency="EUR", lines=LINES, buyer="Kranich Bau")
JSON = CONTENT.model_dump(mode="json")


def cli(*args, given=None):
    result = CliRunner().invoke(app, ["purchasing", *map(str, args)], input=given, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_command_line_from_request_to_report(room, tmp_path):
    request_id = cli("create", "-", given=json.dumps(JSON)).strip()
    assert f"{request_id} rejected" in cli("reject", request_id, "--reason", "wait")
    (tmp_path / "again.json").write_text(json.dumps(JSON))
    assert f"{request_id} submitted" in cli("change", request_id, tmp_path / "again.json")
    approved = cli("approve", request_id)
    number = approved.strip().rsplit(" ", 1)[1]
    parse_order_number(number)
    shown = json.loads(cli("show", number))
    assert (shown["order"]["paper_state"], shown["order"]["content"]["lines"][0]["unit_price"]) == ("made", "129.00")
    assert json.loads(cli("list", "--json"))[0]["order_number"] == number
    assert number in cli("orders")
    ingest(room, invoice_pdf(tmp_path / "a.pdf", number="NW-1", order_number=number), index=False)
    (match,) = json.loads(cli("receipts", "--json"))
    assert (match["outcome"], match["decision"]) == ("matched", "approved")
    assert json.loads(cli("show", match["match_id"]))["is_reproduced"] is True
    assert cli("match").strip() == ""
    assert "matched" in cli("match", match["document_id"])
    cli("finish")
    assert cli("report", "open-orders").splitlines()[1:] == []
    cli("report", "spend-by-vendor", "--csv", tmp_path / "s.csv", "--parquet", tmp_path / "s.parquet")
    spend = pd.read_parquet(tmp_path / "s.parquet")
    assert spend.to_dict("records")[0] | {"ordered": None, "invoiced": None} == {
        "vendor": VENDOR.name, "currency": "EUR", "orders": 1, "ordered": None, "invoiced": None,
    }  # fmt: skip
    assert spend["ordered"][0] == spend["invoiced"][0] == CONTENT.total
    assert str(CONTENT.total) in (tmp_path / "s.csv").read_text()


def test_reports_without_anything_and_with_open_things(room, tmp_path):
    for name in reports.REPORTS:
        assert len(reports.report(room, name)) == 0
        assert pd.read_parquet(io.BytesIO(reports.report_bytes(reports.report(room, name), "parquet"))).empty
    request = desk.submit(room, CONTENT, by="local")
    order = desk.approve(room, request.request_id, by="local").order_number
    assert reports.report(room, "open-orders").to_dict("records")[0]["open_net"] == CONTENT.net
    dearer = (LINES[0].model_copy(update={"unit_price": LINES[0].unit_price * 2}), *LINES[1:])
    ingest(room, invoice_pdf(tmp_path / "a.pdf", number="NW-1", order_number=order, lines=dearer), index=False)
    (waiting,) = reports.report(room, "unmatched-receipts").to_dict("records")
    assert (waiting["order_number"], waiting["outcome"]) == (order, "mismatch")
    assert reports.report(room, "matching-quality").to_dict("records")[0]["open"] == 1
    with pytest.raises(InvalidOptions):
        reports.report(room, "nonsense")


def test_a_report_runs_nothing_in_a_spreadsheet(room):
    evil = CONTENT.model_copy(update={"vendor": VENDOR.model_copy(update={"name": '=HYPERLINK("http://x")'})})
    desk.approve(room, desk.submit(room, evil, by="local").request_id, by="local")
    assert "'=HYPERLINK" in reports.report_bytes(reports.report(room, "spend-by-vendor"), "csv").decode()


@pytest.fixture
def client(room):
    made = create_app(Desk(room, UploadLimits(lambda: queue(room)), lambda: None, lambda: True), None, names={"testserver"})
    with contextlib.closing(TestClient(made)) as opened:
        yield opened


def test_http(room, client, tmp_path):
    made = client.post("/api/v1/purchase-requests", json=JSON)
    assert made.status_code == 201
    url = f"/api/v1/purchase-requests/{made.json()['request_id']}"
    assert client.put(url, json=JSON).json()["revision"] == 2
    assert client.post(f"{url}/reject", json={"reason": "wait"}).json()["state"] == "rejected"
    assert client.post(f"{url}/approve").status_code == 409
    assert client.put(url, json=JSON).json()["state"] == "submitted"
    number = client.post(f"{url}/approve").json()["order_number"]
    assert [r["state"] for r in client.get("/api/v1/purchase-requests?state=ordered").json()] == ["ordered"]
    answer = client.get(f"/api/v1/purchase-orders/{number}").json()
    assert answer["order"]["content"]["currency"] == "EUR"
    assert number in answer["pdf_url"]
    assert [o["order_number"] for o in client.get("/api/v1/purchase-orders").json()] == [number]
    other = invoice_pdf(tmp_path / "a.pdf", number="NW-1", order_number=number, iban="DE89370400440532013000")
    (document_id,) = ingest(room, other, index=False)
    match = client.get(f"/api/v1/receipts/{document_id}/match").json()
    assert (match["outcome"], match["decision"]) == ("mismatch", "open")
    assert "bank_account" in match["codes"]
    assert client.post(f"/api/v1/receipts/{document_id}/match").json() == match
    assert client.get("/api/v1/receipts?only_open=true").json() == [match]
    decided = client.post(f"/api/v1/receipts/{document_id}/decision", json={"accept": False, "reason": "fraud"})
    assert decided.json()["decision"] == "rejected"
    assert client.post(f"/api/v1/receipts/{document_id}/decision", json={"accept": True, "reason": "x"}).status_code == 409
    why = client.get(f"/api/v1/receipts/{document_id}/match/explanation").json()
    assert (why["reason"], why["is_reproduced"], why["is_hidden"]) == ("fraud", True, False)
    assert [one["code"] for one in why["decision"]["findings"] if one["blocks"]] == ["bank_account"]
    assert why["receipt"]["vendor_iban"] == "DE89370400440532013000"
    table = client.get("/api/v1/purchase-reports/matching-quality?form=parquet")
    assert pd.read_parquet(io.BytesIO(table.content))["rejected"].to_list() == [1]
    assert client.get("/api/v1/purchase-reports/nonsense").status_code == 422


def test_lists_go_on_where_the_page_before_ended(room, client):
    numbers = [desk.approve(room, desk.submit(room, CONTENT, by="local").request_id, by="local").order_number for _ in range(3)]
    for path, key in (("purchase-requests", "request_id"), ("purchase-orders", "order_number")):
        first = client.get(f"/api/v1/{path}?limit=2").json()
        rest = client.get(f"/api/v1/{path}?limit=2&before={first[-1][key]}").json()
        assert [one["order_number"] for one in first + rest] == numbers[::-1]


def test_who_asks_and_approves_is_the_user_of_the_session(room):
    add_users(room.ledger, ann="buyer", bob="approver")

    def client_of(user):
        made = create_app(Desk(room, UploadLimits(lambda: queue(room)), lambda: None, lambda: True), None, names={"testserver"})

        async def as_user(scope, receive, send):
            scope["docmill.user"] = user
            await made(scope, receive, send)

        return TestClient(as_user)

    with client_of("ann") as ann, client_of("bob") as bob:
        request = ann.post("/api/v1/purchase-requests", json=JSON).json()
        url = f"/api/v1/purchase-requests/{request['request_id']}"
        assert ann.post(f"{url}/approve").status_code == 403
        approved = bob.post(f"{url}/approve").json()
        assert (approved["submitted_by"], approved["approvals"][0]["user_id"]) == ("ann", "bob")
        assert "bob" in ann.get(f"/purchasing/requests/{request['request_id']}").text


def test_pages_hide_what_redaction_hides_and_survive_a_deletion(room, client, tmp_path):
    number = desk.approve(room, desk.submit(room, CONTENT, by="local").request_id, by="local").order_number
    bill = invoice_pdf(tmp_path / "a.pdf", number="NW-1", order_number=number, iban="DE89370400440532013000")
    (document_id,) = ingest(room, bill, index=False, redact=True)
    page = client.get(f"/purchasing/receipts/{document_id}").text
    assert "bank account" in page
    assert "DE89370400440532013000" not in page
    assert "1: hidden" in page
    assert "/original/" not in page
    why = client.get(f"/api/v1/receipts/{document_id}/match/explanation").json()
    assert (why["is_hidden"], why["receipt"], why["decision"]["outcome"]) == (True, None, "mismatch")
    erase(room, document_id)
    assert "(deleted)" in client.get("/purchasing/receipts?show=all").text
    assert "went with the document" in client.get(f"/purchasing/receipts/{document_id}").text


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"lines": []}, "lines"),
        ({"currency": "euro"}, "currency"),
        ({"extra": 1}, "extra"),
        ({"lines": [{"description": "x"}]}, "quantity"),
    ],
)
def test_what_is_no_request_is_refused_by_every_door(room, client, change, place):
    answer = client.post("/api/v1/purchase-requests", json=JSON | change)
    assert answer.status_code == 422
    assert place in answer.json()["detail"]
    with pytest.raises(InvalidOptions, match=place):
        desk.read_content(json.dumps(JSON | change).encode())


def test_only_some_may_decide(room, tmp_path):
    with room.ledger.transaction() as conn:
        conn.execute(
            sa.insert(USERS), {"tenant_id": room.tenant, "user_id": "eve", "name": "eve", "role": "viewer", "created_at": room.ledger.now()}
        )
    with pytest.raises(NotAllowed):
        match_deciding.decide_match(room, "x", MatchDecision.ACCEPTED, by="eve", reason="because")


def test_the_flows_do_what_they_are_named_after(room, tmp_path, monkeypatch):
    from flows import generate_purchase_order, match_open_receipts, validate_receipt
    from tasks import make_order

    @contextlib.contextmanager
    def opened():
        yield room

    for module in (generate_purchase_order, match_open_receipts, validate_receipt):
        monkeypatch.setattr(module, "open_room", opened)
    monkeypatch.setattr(generate_purchase_order, "make_order", make_order.make_order.fn)
    (document_id,) = ingest(room, invoice_pdf(tmp_path / "a.pdf", number="NW-1", order_number=""), index=False)
    request = desk.submit(room, CONTENT, by="local")
    number = desk.approve(room, request.request_id, by="local").order_number
    assert generate_purchase_order.generate_purchase_order.fn(request.request_id) == number
    assert match_open_receipts.match_open_receipts.fn() == {"matched": 1}
    found = validate_receipt.validate_receipt.fn(document_id)
    assert (found["outcome"], found["order_number"], found["decision"]) == ("matched", number, "approved")
