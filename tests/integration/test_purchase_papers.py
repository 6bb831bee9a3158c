"""An order's PDF and JSON: same bytes for the same order, all lines on all pages, letters of the world, failures that are tried again."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pypdfium2
import pytest
import sqlalchemy as sa

from docmill.errors import NotFound, StoreUnavailable
from docmill.services.audit import verify_streams
from docmill.services.fresh_home import open_home
from docmill.services.purchasing import ordering, papers, requests
from docmill.services.purchasing.order_pdf import order_pdf
from docmill.services.purchasing.proforma import compiled
from docmill.settings import Settings
from docmill.storage.ledger.tables_events import OUTBOX
from docmill.storage.ledger.tables_purchasing import PURCHASE_SEQUENCES
from docmill.values.evidence import Evidence, Field, Kind, LineItem, Understanding
from docmill.values.order_number import order_number
from docmill.values.purchase_records import OrderView, PaperState
from docmill.values.purchasing import OrderLine, PurchaseContent, Vendor

D = Decimal
LINES = tuple(
    OrderLine(
        description=f"Schräubchen № {n} für Ζάχαρη & Łódź <b>",
        quantity=D(n),
        unit="Stk",
        unit_price=D("1.25"),
        tax_rate=D(19 if n % 3 else 7),
    )
    for n in range(1, 91)
)
CONTENT = PurchaseContent(
    vendor=Vendor(name="Brenner & Söhne GmbH", address="Hafenweg 3, 20457 Hamburg", iban="DE02120300000000202051"),
    buyer="Kranich Bau GmbH\nAm Ufer 21",
    currency="EUR",
    lines=LINES,
    payment_terms="30 Tage netto",
    notes="Bitte läuten.",
)


def an_order(content=CONTENT):
    return OrderView(
        order_number=order_number(2026, 1), request_id="r", content=content, differences=(), paper_state=PaperState.PENDING, paper_tries=0,
        paper_error=None, pdf_object=None, json_object=None, created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )  # fmt: skip


def text_of(pdf):
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


def test_the_same_order_gives_the_same_bytes_also_after_another_one():
    first = order_pdf(an_order())
    order_pdf(an_order(CONTENT.model_copy(update={"notes": "Ωmega"})))
    assert order_pdf(an_order()) == first
    assert order_pdf(an_order(), logo=_png()) != first


def test_all_lines_all_pages_all_sums():
    pages = text_of(order_pdf(an_order()))
    whole = "\n".join(pages)
    assert len(pages) > 2
    assert all("Description" in page for page in pages[:-1])  # the head of the table comes again
    for n in range(1, 91):
        assert f"№ {n} für Ζάχαρη & Łódź <b>" in whole
    for figure in ("Net total", f"{CONTENT.net:,.2f}", "Tax 19 %", "Tax 7 %", f"{CONTENT.total:,.2f}", "30 Tage netto", "Bitte läuten."):
        assert figure in whole
    assert order_number(2026, 1) in pages[0]


def test_letters_that_the_embedded_font_lacks_are_set_in_the_viewers_own():
    texts = ("电动工具有限公司", "電動ドリル", "전동 드릴", "Дрель Ωmega 电动 €")
    lines = tuple(LINES[0].model_copy(update={"description": text}) for text in texts)
    whole = text_of(order_pdf(an_order(CONTENT.model_copy(update={"lines": lines}))))[0].replace(" ", "")
    for text in texts:
        assert text.replace(" ", "") in whole


def test_large_amounts_stay_on_one_line():
    line = LINES[0].model_copy(update={"quantity": D(9999), "unit_price": D("98765.123456")})
    content = CONTENT.model_copy(update={"lines": (line,)})
    assert f"{line.net:,.2f}" in text_of(order_pdf(an_order(content)))[0]
    assert "98,765.123456" in text_of(order_pdf(an_order(content)))[0]


@pytest.mark.parametrize(
    "change",
    [
        {"lines": (LINES[0].model_copy(update={"unit": "x" * 500}),)},
        {"delivery_address": "\n".join("a" * 1500)},
        {"vendor": CONTENT.vendor.model_copy(update={"address": ", ".join("a" * 1000)})},
        {"vendor": CONTENT.vendor.model_copy(update={"tax_ids": tuple(f"DE{n}" for n in range(300))})},
    ],
    ids=["unit", "delivery address", "vendor's address", "tax numbers"],
)
def test_whatever_a_request_may_hold_can_be_printed(change):
    pages = text_of(order_pdf(an_order(CONTENT.model_copy(update=change))))
    assert len(pages) > 1
    assert "Total EUR" in "".join(pages)


def _png():
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (60, 20), "navy").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def room(tmp_path):
    with open_home(Settings(home=tmp_path / "home", _env_file=None)) as opened:
        yield opened


def approved(room, content=CONTENT):
    request = requests.submit_request(room.ledger, room.tenant, content, by="local", limits=())
    requests.approve_request(room.ledger, room.tenant, request.request_id, by="local", own_approval=True)
    return request.request_id


def test_an_order_is_printed_stored_and_linked(room):
    request_id = approved(room)
    order = ordering.generate_order(room, request_id)
    assert (order.paper_state, order.paper_tries) == (PaperState.MADE, 1)
    assert ordering.generate_order(room, request_id) == order
    assert room.store.read(order.pdf_object).startswith(b"%PDF")
    told = json.loads(room.store.read(order.json_object))
    assert PurchaseContent.model_validate(told["content"]) == CONTENT
    assert told["sums"]["total"] == str(CONTENT.total)
    assert [(share["rate"], share["tax"]) for share in told["sums"]["taxes"]] == [(str(s.rate), str(s.tax)) for s in CONTENT.taxes]
    assert not {"paper_state", "pdf_object"} & set(told)
    assert "signature=" in papers.paper_link(room, order)
    assert verify_streams(room.ledger, room.tenant) == {}


def test_a_pdf_that_fails_leaves_the_order_and_is_tried_again(room, monkeypatch):
    def broken(*_):
        raise ValueError("a layout library broke")

    monkeypatch.setattr(papers, "order_pdf", broken)
    order = ordering.generate_order(room, approved(room))
    assert (order.paper_state, order.paper_error, order.paper_tries) == (PaperState.FAILED, "stage_failed", 1)
    with pytest.raises(NotFound):
        papers.paper_link(room, order)
    assert [o.paper_state for o in ordering.finish_orders(room)] == [PaperState.FAILED]
    with room.ledger.reading() as conn:
        told = conn.execute(sa.select(OUTBOX.c.payload).where(OUTBOX.c.kind == "purchase_order.paper_failed")).scalars().all()
    assert told == [{"order_number": order.order_number, "codes": "stage_failed"}]  # once
    monkeypatch.undo()
    (again,) = ordering.finish_orders(room)
    assert (again.order_number, again.paper_state, again.paper_tries) == (order.order_number, PaperState.MADE, 3)
    assert ordering.finish_orders(room) == []


def test_a_store_that_is_away_is_noted_too(room, monkeypatch):
    def away(*_args, **_more):
        raise StoreUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(type(room.store), "create", away)
        order = ordering.generate_order(room, approved(room))
    assert (order.paper_state, order.paper_error) == (PaperState.FAILED, "store_unavailable")
    assert ordering.finish_orders(room)[0].paper_state is PaperState.MADE


def test_an_approved_request_that_was_never_ordered_is_found(room):
    request_id = approved(room)
    (order,) = ordering.finish_orders(room)
    assert (order.request_id, order.paper_state) == (request_id, PaperState.MADE)


def test_an_order_that_cannot_be_made_holds_up_no_other(room, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(papers, "order_pdf", lambda *_: 1 / 0)
        order = ordering.generate_order(room, approved(room))
    with room.ledger.transaction() as conn:
        conn.execute(PURCHASE_SEQUENCES.update().values(last=999_999))
    waiting = approved(room)
    assert ordering.finish_orders(room, most_tries=1) == []
    (made,) = ordering.finish_orders(room)
    assert (made.order_number, made.paper_state) == (order.order_number, PaperState.MADE)
    assert requests.request_view(room.ledger, room.tenant, waiting).state == "approved"


def test_the_proforma_fills_in_and_differs():
    def field(name, value):
        return Field(name=name, value=value, text=value, evidence=Evidence(page=1, confidence=1.0, source="test"))

    line = LineItem(
        description="Hex bolt", quantity="10", unit_price="2.10", amount="21.00", evidence=Evidence(page=1, confidence=1.0, source="test")
    )
    proforma = Understanding(
        kind=Kind(name="proforma_invoice", confidence=1.0, reason="test"),
        fields=(
            field("vendor_iban", "DE02120300000000202051"),
            field("payment_terms", "14 days"),
            field("total", "21.00"),
            field("currency", "USD"),
        ),
        line_items=(line,),
    )
    asked = PurchaseContent(
        vendor=Vendor(name="Brenner"), currency="EUR", lines=(OrderLine(description="Hex bolt", quantity=D(10), unit_price=D("2.00")),)
    )
    content, differences = compiled(asked, proforma)
    assert (content.vendor.iban, content.payment_terms, content.lines, content.currency) == (
        "DE02120300000000202051",
        "14 days",
        asked.lines,
        "EUR",
    )
    assert {d.place: (d.request, d.proforma) for d in differences} == {
        "currency": ("EUR", "USD"), "total": ("20.00", "21.00"), "line 1.unit_price": ("2.00", "2.10"),
    }  # fmt: skip
    assert compiled(asked, None) == (asked, ())


@pytest.mark.parametrize(
    ("printed", "places"),
    [
        ({"quantity": "24", "unit": "pcs", "unit_price": "2.00"}, {}),
        ({"quantity": "2", "unit": "dozen", "unit_price": "24.00"}, {}),
        ({"quantity": "3", "unit": "dozen", "unit_price": "25.00"}, {"quantity": "36.000000", "unit_price": "2.083333"}),
        ({"quantity": "24", "unit": "kg", "unit_price": "2.00"}, {"unit": "kg"}),
        ({"quantity": "24", "unit_price": "2.00", "tax_rate": "7"}, {"tax_rate": "7"}),
    ],
    ids=["same", "dozens", "dearer dozens", "another measure", "another rate"],
)
def test_every_figure_of_a_line_is_compared_with_the_proforma(printed, places):
    seen = LineItem(description="Hex bolt", evidence=Evidence(page=1, confidence=1.0, source="test"), **printed)
    asked = OrderLine(description="Hex bolt", quantity=D(24), unit="pcs", unit_price=D("2.00"), tax_rate=D(19))
    proforma = Understanding(kind=Kind(name="quote", confidence=1.0, reason="test"), fields=(), line_items=(seen,))
    _, differences = compiled(PurchaseContent(vendor=Vendor(name="Brenner"), currency="EUR", lines=(asked,)), proforma)
    assert {d.place.removeprefix("line 1."): d.proforma for d in differences} == places
