"""Requests, approvals, orders and their numbers in a real ledger, on SQLite and PostgreSQL, with processes that are killed."""

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from docmill.errors import Conflict, InvalidOptions, NotAllowed, NotFound, NumbersExhausted
from docmill.services.audit import verify_streams
from docmill.services.purchasing import ordering, requests
from docmill.storage.ledger import open_ledger
from docmill.storage.ledger.tables_accounts import USERS
from docmill.storage.ledger.tables_events import AUDIT_EVENTS, OUTBOX
from docmill.storage.ledger.tables_purchasing import PURCHASE_ORDERS, PURCHASE_SEQUENCES
from docmill.values.order_number import MOST, order_number, parse_order_number
from docmill.values.purchase_records import PaperState, RequestState
from docmill.values.purchasing import Difference, OrderLine, PurchaseContent, Vendor

pytest_plugins = ("ledger_fixtures",)

TENANT = "default"
LIMITS = (Decimal(1000), Decimal(10_000))
PROGRAM = Path(__file__).parent / "order_process.py"


def content(total=500, **changes):
    line = OrderLine(description="Hex bolt", quantity=Decimal(1), unit_price=Decimal(total))
    return PurchaseContent(**({"vendor": Vendor(name="Brenner\0 GmbH"), "currency": "EUR", "lines": (line,)} | changes))


@pytest.fixture
def people(ledger):
    rows = [("ann", "approver"), ("bob", "approver"), ("cid", "admin"), ("dan", "buyer")]
    with ledger.transaction() as conn:
        for name, role in rows:
            conn.execute(USERS.insert(), {"tenant_id": TENANT, "user_id": name, "name": name, "role": role, "created_at": ledger.now()})


def submit(ledger, total=500, by="dan"):
    return requests.submit_request(ledger, TENANT, content(total), by=by, limits=LIMITS).request_id


def approve(ledger, request_id, by, *, own=True):
    return requests.approve_request(ledger, TENANT, request_id, by=by, own_approval=own)


@pytest.mark.parametrize(("total", "needed"), [(1, 1), (999, 1), (1000, 2), (9999, 2), (10_000, 3)])
def test_the_chain_follows_the_amount(ledger, people, total, needed):
    request_id = submit(ledger, total)
    for step, by in enumerate(("ann", "bob", "cid")[:needed], 1):
        view = approve(ledger, request_id, by)
        assert view.state is (RequestState.APPROVED if step == needed else RequestState.SUBMITTED)
    with pytest.raises(Conflict):
        approve(ledger, request_id, "local")


def test_each_step_needs_another_person_with_the_role(ledger, people):
    request_id = submit(ledger, 2000, by="ann")
    with pytest.raises(NotAllowed, match="submitted"):
        approve(ledger, request_id, "ann", own=False)
    with pytest.raises(NotAllowed, match="role"):
        approve(ledger, request_id, "dan")
    with pytest.raises(NotAllowed, match="role"):
        approve(ledger, request_id, "nobody")
    approve(ledger, request_id, "bob")
    with pytest.raises(NotAllowed, match="another person"):
        approve(ledger, request_id, "bob")


def test_a_change_resets_approvals_and_a_rejection_needs_a_reason(ledger, people):
    request_id = submit(ledger, 2000)
    approve(ledger, request_id, "ann")
    changed = requests.change_request(ledger, TENANT, request_id, content(1500), by="dan", limits=LIMITS)
    assert (changed.revision, changed.state) == (2, RequestState.SUBMITTED)
    assert approve(ledger, request_id, "ann").state is RequestState.SUBMITTED
    with pytest.raises(InvalidOptions):
        requests.reject_request(ledger, TENANT, request_id, by="bob", reason=" ")
    refused = requests.reject_request(ledger, TENANT, request_id, by="bob", reason="too dear")
    assert (refused.state, refused.approvals[-1].reason) == (RequestState.REJECTED, "too dear")
    with pytest.raises(Conflict):
        approve(ledger, request_id, "cid")
    again = requests.change_request(ledger, TENANT, request_id, content(10), by="dan", limits=LIMITS)
    assert (again.state, again.revision, again.approvals_needed) == (RequestState.SUBMITTED, 3, 1)
    approved = approve(ledger, request_id, "cid")
    with pytest.raises(Conflict):
        requests.change_request(ledger, TENANT, request_id, content(20), by="dan", limits=LIMITS)
    assert [a.verdict for a in approved.approvals] == ["approved", "approved", "rejected", "approved"]
    assert verify_streams(ledger, TENANT) == {}


def test_an_order_comes_once_with_number_audit_and_notice(ledger, people):
    request_id = submit(ledger)
    view = requests.request_view(ledger, TENANT, request_id)
    with pytest.raises(Conflict):
        ordering.place_order(ledger, TENANT, view, view.content, ())
    view = approve(ledger, request_id, "ann")
    told = (Difference(place="total", request="500", proforma="501"),)
    order = ordering.place_order(ledger, TENANT, view, view.content, told)
    assert order == ordering.place_order(ledger, TENANT, view, view.content, ())
    assert (order.order_number, order.differences, order.paper_state) == (order_number(2026, 1), told, PaperState.PENDING)
    assert order.content.vendor.name == "Brenner GmbH"  # PostgreSQL takes no NUL
    after = requests.request_view(ledger, TENANT, request_id)
    assert (after.state, after.order_number) == (RequestState.ORDERED, order.order_number)
    with ledger.reading() as conn:
        kinds = conn.execute(sa.select(AUDIT_EVENTS.c.kind).order_by(AUDIT_EVENTS.c.kind)).scalars().all()
        notices = conn.execute(sa.select(OUTBOX.c.kind)).scalars().all()
    assert kinds == ["purchase_order.created", "purchase_request.approved", "purchase_request.ordered", "purchase_request.submitted"]
    assert notices.count("purchase_order.created") == 1


def test_numbers_follow_the_utc_year_and_end_with_a_typed_error(ledger, people, clock):
    clock.instant = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    first = _ordered(ledger)
    clock.pass_seconds(2)
    assert (_ordered(ledger), first) == (order_number(2027, 1), order_number(2026, 1))
    with ledger.transaction() as conn:
        conn.execute(PURCHASE_SEQUENCES.update().where(PURCHASE_SEQUENCES.c.year == 2027).values(last=MOST - 1))
    assert parse_order_number(_ordered(ledger)) == (2027, MOST)
    with pytest.raises(NumbersExhausted):
        _ordered(ledger)
    waiting = requests.list_requests(ledger, TENANT, (RequestState.APPROVED,))
    assert len(waiting) == 1  # the request is kept


def _ordered(ledger):
    view = approve(ledger, submit(ledger), "ann")
    return ordering.place_order(ledger, TENANT, view, view.content, ()).order_number


def test_strangers(ledger, people):
    with pytest.raises(NotAllowed):
        requests.submit_request(ledger, TENANT, content(), by="nobody", limits=LIMITS)
    with pytest.raises(NotFound):
        requests.submit_request(ledger, TENANT, content(attachments=("f" * 32,)), by="dan", limits=LIMITS)
    with pytest.raises(NotFound):
        requests.request_view(ledger, TENANT, "none")
    with pytest.raises(NotFound):
        requests.request_view(ledger, "another", submit(ledger))


def test_processes_that_are_killed_leave_no_gap_and_no_second_order(ledger_url):
    _run_processes(ledger_url, requests_=16, processes=3, chance=0.1, limit_s=60)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_orders_from_eight_processes(ledger_url):
    _run_processes(ledger_url, requests_=10_000, processes=8, chance=0.004, limit_s=3400)


def _run_processes(url, *, requests_, processes, chance, limit_s):
    ledger = open_ledger(url)
    for n in range(requests_):
        requests.submit_request(ledger, TENANT, content(n + 1), by="local", limits=())
    told = subprocess.run(
        [sys.executable, str(PROGRAM), url, str(processes), str(chance), str(limit_s)], check=True, stdout=subprocess.PIPE
    )
    killed = int(told.stdout)
    with ledger.reading() as conn:
        rows = conn.execute(sa.select(PURCHASE_ORDERS.c.sequence, PURCHASE_ORDERS.c.request_id, PURCHASE_ORDERS.c.order_number)).all()
        last = conn.execute(sa.select(PURCHASE_SEQUENCES.c.last)).scalar_one()
    assert killed > 0
    assert sorted(row.sequence for row in rows) == list(range(1, requests_ + 1))
    assert last == requests_
    assert len({row.request_id for row in rows}) == len({row.order_number for row in rows}) == requests_
    assert requests_ > 1000 or verify_streams(ledger, TENANT) == {}
    ledger.close()
