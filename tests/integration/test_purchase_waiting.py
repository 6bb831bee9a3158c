"""An approval that comes before its proforma is read: the order waits, for a bounded time, and there is one in the end whatever happens."""

import contextlib
import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from milled_papers import LETTER, ingest, mill
from review_tasks import add_users
from supplier_invoices import LINES, VENDOR, invoice_pdf
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import LedgerUnavailable
from docmill.gateway.app import create_app
from docmill.gateway.desk import Desk
from docmill.gateway.limits import UploadLimits
from docmill.services.intake import take_in
from docmill.services.jobs import claim_jobs
from docmill.services.purchasing import desk, matching, ordering, waiting
from docmill.services.purchasing.evidence import is_reproduced, read_evidence
from docmill.services.review import applying
from docmill.services.review.claiming import claim
from docmill.services.review.deciding import Answer, decide
from docmill.services.review.opening import open_review_task
from docmill.services.sources import files_of
from docmill.services.uploads import queue
from docmill.storage.ledger import versions
from docmill.storage.ledger.tables_purchasing import PURCHASE_ORDERS
from docmill.values.matching import MatchOutcome
from docmill.values.options import MillOptions
from docmill.values.purchase_records import MatchDecision, PaperState, RequestState
from docmill.values.purchasing import PurchaseContent, Vendor
from docmill.values.review import Doubt, Subject, Verdict

ASKED = PurchaseContent(vendor=Vendor(name=VENDOR.name), currency="EUR", lines=LINES)
DEARER = (LINES[0].model_copy(update={"unit_price": LINES[0].unit_price * 2}), *LINES[1:])


@pytest.fixture
def proforma(room, tmp_path):
    """A proforma that was uploaded a moment ago: its account and one price are not the request's."""
    return uploaded(room, invoice_pdf(tmp_path / "proforma.pdf", number="P-1", order_number="", lines=DEARER))


def uploaded(room, path):
    batch_id, (registered,) = take_in(room, files_of([str(path)], room.settings), MillOptions(index=False))
    return SimpleNamespace(document_id=registered.document_id, batch_id=batch_id)


def submitted(room, *attachments):
    return desk.submit(room, ASKED.model_copy(update={"attachments": tuple(one.document_id for one in attachments)}), by="local").request_id


def numbers(room):
    with room.ledger.reading() as conn:
        return list(conn.execute(sa.select(PURCHASE_ORDERS.c.sequence).order_by(PURCHASE_ORDERS.c.sequence)).scalars())


def order_of(room, request_id):
    return ordering.order_view(room.ledger, room.tenant, waiting.look(room, request_id).order_number)


def set_up(room, **given):
    return replace(room, settings=room.settings.model_copy(update=given))


def later(room, monkeypatch, seconds):
    now = room.ledger.now
    monkeypatch.setattr(room.ledger, "now", lambda: now() + timedelta(seconds=seconds))


def test_the_order_waits_and_comes_when_the_proforma_is_read(room, proforma):
    request_id = submitted(room, proforma)
    answer = desk.approve(room, request_id, by="local")
    assert (answer.state, answer.order_number) == (RequestState.APPROVED, None)
    assert answer.proforma_wait.document_ids == (proforma.document_id,)
    assert answer.proforma_wait.until - answer.approved_at == timedelta(seconds=room.settings.proforma_wait_s)
    assert waiting.look_at_all(room) == [answer]
    assert ordering.finish_orders(room) == []  # a sweep in between leaves it to wait
    assert numbers(room) == []
    mill(room, proforma.batch_id)
    order = order_of(room, request_id)
    assert (order.paper_state, waiting.look(room, request_id).proforma_wait) == (PaperState.MADE, None)
    assert (order.content.vendor.iban, order.content.vendor.tax_ids) == (VENDOR.iban, VENDOR.tax_ids)
    assert {one.place: (one.request, one.proforma) for one in order.differences}["line 1.unit_price"] == ("129.00", "258.00")
    assert "proforma" not in {one.place for one in order.differences}
    assert ordering.finish_orders(room) == []
    assert numbers(room) == [1]


def test_without_attachments_or_with_one_that_is_read_nothing_waits(room, tmp_path):
    assert desk.approve(room, submitted(room), by="local").state is RequestState.ORDERED
    (read,) = ingest(room, invoice_pdf(tmp_path / "a.pdf", number="P-1", order_number="", lines=DEARER), index=False)
    answer = desk.approve(room, submitted(room, SimpleNamespace(document_id=read)), by="local")
    assert (answer.state, answer.proforma_wait) == (RequestState.ORDERED, None)
    assert order_of(room, answer.request_id).content.vendor.iban == VENDOR.iban


def test_after_the_wait_the_order_is_made_without_the_proforma_and_says_so(room, proforma, monkeypatch):
    request_id = submitted(room, proforma)
    desk.approve(room, request_id, by="local")
    later(room, monkeypatch, room.settings.proforma_wait_s - 60)
    assert ordering.finish_orders(room) == []
    later(room, monkeypatch, 61)
    assert waiting.look(room, request_id).proforma_wait is None
    (order,) = ordering.finish_orders(room)
    assert [(one.place, one.proforma) for one in order.differences] == [("proforma", "not read")]
    assert order.content.vendor.iban is None
    mill(room, proforma.batch_id)  # too late: an order never changes
    assert order_of(room, request_id) == order
    assert numbers(room) == [1]


def test_a_wait_of_zero_waits_for_nothing(room, proforma):
    room = set_up(room, proforma_wait_s=0.0)
    request_id = submitted(room, proforma)
    assert desk.approve(room, request_id, by="local").state is RequestState.ORDERED
    assert [one.place for one in order_of(room, request_id).differences] == ["proforma"]


def test_it_waits_for_every_attachment(room, proforma, tmp_path):
    (tmp_path / "letter.txt").write_text(LETTER)
    other = uploaded(room, tmp_path / "letter.txt")
    request_id = submitted(room, other, proforma)
    desk.approve(room, request_id, by="local")
    mill(room, other.batch_id)
    assert waiting.look(room, request_id).proforma_wait.document_ids == (proforma.document_id,)
    mill(room, proforma.batch_id)
    assert order_of(room, request_id).content.vendor.iban == VENDOR.iban


def test_a_proforma_that_cannot_be_read_holds_nothing_up(room, tmp_path):
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    broken = uploaded(room, tmp_path / "broken.pdf")
    request_id = submitted(room, broken)
    assert desk.approve(room, request_id, by="local").proforma_wait is not None
    mill(room, broken.batch_id)
    assert [(one.place, one.proforma) for one in order_of(room, request_id).differences] == [("proforma", "not read")]


def test_what_dies_between_reading_and_order_is_finished_by_the_sweep(room, proforma, monkeypatch):
    def away(*_args, **_more):
        raise LedgerUnavailable("away")

    request_id = submitted(room, proforma)
    desk.approve(room, request_id, by="local")
    with monkeypatch.context() as patch:
        patch.setattr(ordering, "place_order", away)
        mill(room, proforma.batch_id)  # the reading is over and published; it does not fail for the order
    found = waiting.look(room, request_id)
    assert (found.state, found.proforma_wait, numbers(room)) == (RequestState.APPROVED, None, [])
    (order,) = ordering.finish_orders(room)
    assert order.content.vendor.iban == VENDOR.iban
    assert numbers(room) == [1]


def test_the_wait_begins_with_the_last_approval_of_the_revision(room, proforma, monkeypatch):
    add_users(room.ledger, bob="approver")
    room = set_up(room, purchase_limits=(ASKED.total,))
    request_id = submitted(room, proforma)
    first = desk.approve(room, request_id, by="local")
    assert (first.state, first.proforma_wait, first.approved_at) == (RequestState.SUBMITTED, None, None)
    later(room, monkeypatch, room.settings.proforma_wait_s * 10)
    assert claim_jobs(room.ledger, room.tenant, proforma.batch_id, run_id="r", lease_s=60)  # it is being read now
    assert desk.approve(room, request_id, by="bob").proforma_wait.document_ids == (proforma.document_id,)


def test_it_waits_for_a_correction_that_is_being_applied(room, tmp_path, monkeypatch):
    (read,) = ingest(room, invoice_pdf(tmp_path / "a.pdf", number="P-1", order_number=""), index=False)
    with room.ledger.transaction() as conn:
        doubt = Doubt(subject=Subject.FIELD, name="vendor_iban", reason="badly read", page=1)
        task_id = open_review_task(conn, room.tenant, read, versions.current_job(conn, room.tenant, read), doubt, at=room.ledger.now())
    held = claim(room.ledger, room.tenant, task_id, "local", lease_s=60)
    decide(room, task_id, "local", Answer(Verdict.CORRECTED, "DE89370400440532013000"), version=held.version)
    request_id, finish, answers = submitted(room, SimpleNamespace(document_id=read)), applying.finish_jobs, []

    def approved_meanwhile(*given):
        answers.append(desk.approve(room, request_id, by="local"))
        return finish(*given)

    monkeypatch.setattr(applying, "finish_jobs", approved_meanwhile)
    assert applying.apply_waiting(room, run_id="r").applied == 1
    assert [one.proforma_wait.document_ids for one in answers] == [(read,)]
    assert order_of(room, request_id).content.vendor.iban == "DE89370400440532013000"


def test_a_proforma_that_is_read_as_an_invoice_uses_up_no_order_of_its_own(room, tmp_path):
    offer = uploaded(room, invoice_pdf(tmp_path / "a.pdf", number="P-1", order_number=""))
    request_id = submitted(room, offer)
    desk.approve(room, request_id, by="local")
    mill(room, offer.batch_id)
    (match,) = matching.match_open(room)
    assert (match.order_number, match.decision) == (order_of(room, request_id).order_number, MatchDecision.OPEN)
    assert "order_proforma" in match.codes
    assert is_reproduced(read_evidence(room, match.evidence_object))
    ingest(room, invoice_pdf(tmp_path / "b.pdf", number="NW-1", order_number=match.order_number), index=False)
    (bill, _) = matching.list_matches(room)
    assert (bill.outcome, bill.decision) == (MatchOutcome.MATCHED, MatchDecision.APPROVED)


def test_every_door_says_that_it_waits(room, proforma):
    made = create_app(Desk(room, UploadLimits(lambda: queue(room)), lambda: None, lambda: True), None, names={"testserver"})
    request_id = submitted(room, proforma)
    url = f"/api/v1/purchase-requests/{request_id}"
    with contextlib.closing(TestClient(made)) as client:
        assert "not read" in client.get(f"/purchasing/requests/{request_id}").text  # who approves sees it
        answer = client.post(f"{url}/approve").json()
        assert (answer["state"], answer["order_number"]) == ("approved", None)
        assert answer["proforma_wait"]["document_ids"] == [proforma.document_id]
        assert client.get(url).json() == answer == client.get("/api/v1/purchase-requests").json()[0]
        page = client.get(f"/purchasing/requests/{request_id}").text
        assert "its order waits for the proforma to be read, until" in page
        assert "Order now, without the proforma" in page
        assert "waits for its proforma" in client.get("/purchasing").text
        assert f"{request_id} approved, approvals 1/1, its order waits for the proforma" in cli("finish")
        assert "waits for" in cli("list")
        assert json.loads(cli("show", request_id))["proforma_wait"] == answer["proforma_wait"]
        order = client.post(f"{url}/order").json()["order"]  # somebody does not want to wait
        assert [one["place"] for one in order["differences"]] == ["proforma"]
        assert "Ordered" in client.get(f"/purchasing/requests/{request_id}").text


def cli(*args):
    result = CliRunner().invoke(app, ["purchasing", *args], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout
