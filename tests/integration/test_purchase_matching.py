"""From a request to a matched receipt, without help: order, its PDF, the supplier's invoice as a noisy scan, reading, matching."""

from decimal import Decimal

import pytest
import sqlalchemy as sa
from milled_papers import ingest, mill_anew
from supplier_invoices import LINES, VENDOR, invoice_pdf, invoice_scan

from docmill.errors import Conflict, InvalidOptions, NotFound
from docmill.services.audit import verify_streams
from docmill.services.erase import erase
from docmill.services.milling.stage_work import understanding_in
from docmill.services.purchasing import candidates, match_deciding, matching, ordering, reports, requests
from docmill.services.purchasing.evidence import is_reproduced, read_evidence
from docmill.services.review.applying import apply_waiting
from docmill.services.review.claiming import claim
from docmill.services.review.deciding import Answer, decide
from docmill.services.review.opening import open_review_task
from docmill.storage.ledger import artefacts, purchase_orders, receipt_matches, versions
from docmill.storage.ledger.tables_events import OUTBOX
from docmill.storage.ledger.tables_review import REVIEW_TASKS
from docmill.values.matching import Receipt, ReceiptLine
from docmill.values.purchase_records import MatchDecision, PaperState
from docmill.values.purchasing import PurchaseContent, Vendor
from docmill.values.review import Doubt, Subject, Verdict


def ordered(room, lines=LINES):
    content = PurchaseContent(vendor=VENDOR, currency="EUR", lines=lines, buyer="Kranich Bau")
    request = requests.submit_request(room.ledger, room.tenant, content, by="local", limits=())
    requests.approve_request(room.ledger, room.tenant, request.request_id, by="local", own_approval=True)
    made = ordering.generate_order(room, request.request_id)
    assert made.paper_state is PaperState.MADE
    return made


@pytest.fixture
def order(room):
    return ordered(room)


def matched(room, document_id):
    with room.ledger.reading() as conn:
        return receipt_matches.of_document(conn, room.tenant, document_id)


def finance_notices(room, match):
    with room.ledger.reading() as conn:
        rows = conn.execute(sa.select(OUTBOX.c.payload).where(OUTBOX.c.kind == "finance.receipt_needs_review")).scalars()
        return [row for row in rows if row["match_id"] == match.match_id]


def review_tasks(room, match):
    with room.ledger.reading() as conn:
        return conn.execute(sa.select(REVIEW_TASKS.c.state).where(REVIEW_TASKS.c.task_id == match.task_id)).scalars().all()


@pytest.mark.parametrize(
    ("layout", "redact"),
    [(0, False), pytest.param(1, False, marks=pytest.mark.slow), pytest.param(0, True, marks=pytest.mark.slow)],
    ids=["english", "german", "redacted"],
)
def test_an_honest_invoice_is_matched_by_itself(room, order, tmp_path, layout, redact):
    scan = invoice_scan(
        tmp_path / "scan.pdf", number=f"NW-{layout}{redact:d}417", order_number=order.order_number, layout=layout, seed=3 + layout + redact
    )
    (document_id,) = ingest(room, scan, redact=redact, index=False)
    match = matched(room, document_id)
    assert (match.order_number, match.outcome, match.decision) == (order.order_number, "matched", MatchDecision.APPROVED), match.codes
    assert match.score >= 0.8
    assert finance_notices(room, match) == []
    evidence = read_evidence(room, match.evidence_object)
    assert is_reproduced(evidence)
    assert matching.match_job(room, match.job_id) == match  # once
    assert verify_streams(room.ledger, room.tenant) == {}


def test_a_changed_price_goes_to_finance(room, order, tmp_path):
    dearer = (LINES[0].model_copy(update={"unit_price": LINES[0].unit_price + 10}), *LINES[1:])
    scan = invoice_scan(tmp_path / "scan.pdf", number="NW-2500", order_number=order.order_number, lines=dearer, seed=9)
    (document_id,) = ingest(room, scan, index=False)
    match = matched(room, document_id)
    assert (match.order_number, match.outcome, match.decision) == (order.order_number, "mismatch", MatchDecision.OPEN)
    assert "unit_price" in match.codes
    assert match.score < 0.8
    assert len(finance_notices(room, match)) == 1
    assert review_tasks(room, match) == ["pending"]
    for reason in ("", " ", "x" * 1001):
        with pytest.raises(InvalidOptions):
            match_deciding.decide_match(room, match.match_id, MatchDecision.ACCEPTED, by="local", reason=reason)
    decided = match_deciding.decide_match(room, match.match_id, MatchDecision.ACCEPTED, by="local", reason="agreed by Wolpertinger")
    assert (decided.decision, decided.decided_by) == (MatchDecision.ACCEPTED, "local")
    assert review_tasks(room, match) == ["decided"]
    with pytest.raises(Conflict):
        match_deciding.decide_match(room, match.match_id, MatchDecision.REJECTED, by="local", reason="second thoughts")
    assert match_deciding.reason_of(room, decided) == "agreed by Wolpertinger"
    kept = [p for p in (room.settings.home / "store").rglob("*") if p.is_file() and b"second thoughts" in p.read_bytes()]
    assert kept == []
    assert b"Wolpertinger" not in b"".join(p.read_bytes() for p in room.settings.home.glob("ledger.db*"))
    assert verify_streams(room.ledger, room.tenant) == {}
    erase(room, document_id)
    with pytest.raises(NotFound):
        match_deciding.reason_of(room, decided)


@pytest.mark.parametrize("layout", [0, 1], ids=["english", "german"])
def test_an_invoice_with_two_tax_rates_is_matched_by_itself(room, tmp_path, layout):
    lines = (*LINES[:2], LINES[2].model_copy(update={"tax_rate": Decimal(7)}))
    bill = invoice_pdf(tmp_path / "bill.pdf", layout=layout, number="NW-2510", order_number=ordered(room, lines).order_number, lines=lines)
    (document_id,) = ingest(room, bill, index=False)
    match = matched(room, document_id)
    assert (match.outcome, match.decision) == ("matched", MatchDecision.APPROVED), match.codes


def test_the_same_invoice_again_is_a_duplicate_and_a_remill_is_none(room, order, tmp_path):
    first, second = (invoice_pdf(tmp_path / f"{n}.pdf", number=n, order_number=order.order_number) for n in ("NW-2600", "NW-26OO"))
    (one,) = ingest(room, first, index=False)
    assert matched(room, one).outcome == "matched"
    (two,) = ingest(room, second, index=False)
    assert (matched(room, two).outcome, matched(room, two).decision) == ("duplicate", MatchDecision.OPEN)
    mill_anew(room, one, confidence_threshold=0.3, index=False)
    assert matched(room, one).outcome == "matched"
    mill_anew(room, two, confidence_threshold=0.3, index=False)
    assert matched(room, two).outcome == "duplicate"


def test_without_a_number_the_order_is_found_and_two_that_fit_are_left_to_a_person(room, order, tmp_path):
    (first,) = ingest(room, invoice_pdf(tmp_path / "1.pdf", number="NW-2700", order_number=""), index=False)
    match = matched(room, first)
    assert (match.order_number, match.outcome, match.decision) == (order.order_number, "matched", MatchDecision.APPROVED), match.codes
    assert "order_found" in match.codes
    ordered(room)
    ordered(room)
    (second,) = ingest(room, invoice_pdf(tmp_path / "2.pdf", number="NW-2701", order_number=""), index=False)
    match = matched(room, second)
    assert (match.outcome, match.decision) == ("mismatch", MatchDecision.OPEN)
    assert "order_ambiguous" in match.codes
    assert is_reproduced(read_evidence(room, match.evidence_object))


def test_a_document_that_is_deleted_keeps_what_it_took_and_loses_its_evidence(room, order, tmp_path):
    scan = invoice_pdf(tmp_path / "scan.pdf", number="NW-2800", order_number=order.order_number)
    (document_id,) = ingest(room, scan, index=False)
    match = matched(room, document_id)
    erase(room, document_id)
    with pytest.raises(NotFound):
        read_evidence(room, match.evidence_object)
    assert matched(room, document_id).taken == match.taken


def test_nothing_happens_where_nothing_was_ordered_and_the_nightly_run_catches_up(room, tmp_path):
    scan = invoice_pdf(tmp_path / "scan.pdf", number="NW-1", order_number="")
    (document_id,) = ingest(room, scan, index=False)
    assert matched(room, document_id) is None
    assert matching.match_open(room) == []
    ordered(room)
    (late,) = matching.match_open(room)
    assert (late.document_id, late.outcome) == (document_id, "matched")
    assert matching.match_open(room) == []


def test_a_receipt_that_cannot_be_compared_holds_up_no_other(room, tmp_path):
    bills = [invoice_pdf(tmp_path / f"{n}.pdf", number=f"NW-{n}", order_number="", lines=LINES[n : n + 2]) for n in (0, 1)]
    broken, fine = ingest(room, bills[0], index=False) + ingest(room, bills[1], index=False)
    ordered(room)
    with room.ledger.reading() as conn:
        made = understanding_in(artefacts.of_job(conn, room.tenant, versions.current_job(conn, room.tenant, broken)))
    room.store.delete(made.object_name)
    assert [one.document_id for one in matching.match_open(room)] == [fine]
    waiting = reports.report(room, "unmatched-receipts").to_dict("records")
    assert {one["document_id"] for one in waiting} == {broken, fine}


def test_orders_of_other_vendors_and_another_account_hide_no_candidate(room, order, tmp_path, monkeypatch):
    other = PurchaseContent(vendor=Vendor(name="Seehafen Handel AG"), currency="EUR", lines=LINES)
    request = requests.submit_request(room.ledger, room.tenant, other, by="local", limits=())
    requests.approve_request(room.ledger, room.tenant, request.request_id, by="local", own_approval=True)
    ordering.generate_order(room, request.request_id)
    monkeypatch.setattr(candidates, "MOST_CANDIDATES", 1)
    bill = Receipt(
        vendor_name="Nordlicht Werkzeug",
        vendor_iban="DE89370400440532013000",
        currency="EUR",
        net=Decimal("626.40"),
        tax=Decimal("119.02"),
        total=Decimal("745.42"),
        lines=tuple(ReceiptLine(description=x.description, quantity=x.quantity, unit_price=x.unit_price) for x in LINES),
    )
    chosen = candidates.choose_order(room, bill, document_id="0" * 32)
    assert chosen.state.number == order.order_number
    assert {"order_found", "bank_account"} <= {f.code for f in chosen.match.findings}


def test_a_decision_made_on_an_older_count_counts_nothing(room, order):
    with room.ledger.transaction() as conn:
        assert purchase_orders.count_match(conn, room.tenant, order.order_number, after=0)
        assert not purchase_orders.count_match(conn, room.tenant, order.order_number, after=0)
        assert purchase_orders.matches_of(conn, room.tenant, order.order_number) == 1


def test_what_a_reviewer_corrects_is_compared_again_by_itself(room, order, tmp_path):
    ordered(room)
    (document_id,) = ingest(room, invoice_pdf(tmp_path / "1.pdf", number="NW-2900", order_number=""), index=False)
    before = matched(room, document_id)
    assert "order_ambiguous" in before.codes
    doubt = Doubt(subject=Subject.FIELD, name="purchase_order_number", reason="not read", page=1)
    with room.ledger.transaction() as conn:
        task_id = open_review_task(conn, room.tenant, document_id, before.job_id, doubt, at=room.ledger.now())
    held = claim(room.ledger, room.tenant, task_id, "local", lease_s=60)
    decide(room, task_id, "local", Answer(Verdict.CORRECTED, order.order_number), version=held.version)
    assert apply_waiting(room, run_id="r").left == 0
    after = matched(room, document_id)
    assert (after.order_number, after.outcome, after.decision) == (order.order_number, "matched", MatchDecision.APPROVED)
    assert review_tasks(room, before) == ["decided"]  # nobody is asked about the version before
