"""Purchasing in a real browser, by keyboard: a request with lines and a proforma, approval, the order, a wrong receipt beside its page, a decision."""

import re
import shutil
from contextlib import closing
from decimal import Decimal

import pytest

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: deployments/install_system.sh tests")

SERIOUS = {"serious", "critical"}
LINES = (("Cordless drill", "", "3", "pcs", "129.00", "19"), ("Safety goggles", "SG-7", "20", "pcs", "6.90", "7"))


@pytest.fixture
def gateway(home):
    from gateway_process import gateway_process

    with gateway_process(home) as (client, _):
        yield client


@pytest.fixture
def room(gateway, home):
    from gateway_process import settings_of

    from docmill.services.running.room import Room

    with closing(Room.open(settings_of(home))) as opened:
        yield opened


@pytest.fixture(params=["light", pytest.param("dark", marks=pytest.mark.slow)])
def page(gateway, request):
    """A tab that must not write a single error to its console."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])  # as root, over this test's own pages
        context = browser.new_context(
            base_url=str(gateway.base_url), color_scheme=request.param, viewport={"width": 1400, "height": 1000}, accept_downloads=True
        )
        opened = context.new_page()
        said = []
        opened.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.set_default_timeout(20_000)
        yield opened
        browser.close()
        assert [text for text in said if "status of 422" not in text] == []  # of the request that is refused


def checked(page, folder, name):
    """axe-core has nothing serious to say; a picture for people."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found if v["impact"] in SERIOUS] == []
    page.screenshot(path=folder / f"{name}.png", full_page=True)


def enter(page, selector):
    page.locator(selector).element_handle().wait_for_element_state("enabled")
    page.locator(selector).focus()
    page.keyboard.press("Enter")


@pytest.mark.slow
def test_from_request_to_decision_by_keyboard(page, gateway, room, tmp_path):
    page.goto("/purchasing")
    checked(page, tmp_path, "1-requests-empty")
    enter(page, "text=New request")
    filled_in(page, tmp_path)
    submitted_at_the_second_try(page, tmp_path)
    rejected_changed_and_approved(page, tmp_path)
    read_what_was_attached(room)
    page.reload()
    page.locator("#say", has_text="Ordered").wait_for()
    number = ordered_on_paper(page, gateway, tmp_path)
    document_id = a_dearer_invoice(room, number, tmp_path)
    page.goto("/purchasing/receipts")
    checked(page, tmp_path, "5-receipts")
    enter(page, "tbody th a")
    page.wait_for_url(re.compile(f"/purchasing/receipts/{document_id}"))
    decided_beside_the_page(page, tmp_path)
    for path in ("orders", "reports", "reports/spend-by-vendor", "receipts?show=all", "?state=ordered"):
        page.goto(f"/purchasing/{path}".replace("/?", "?"))
        checked(page, tmp_path, f"7-{re.sub('[^a-z]', '-', path)}")
    page.goto("/purchasing/reports")
    with page.expect_download() as download:
        page.get_by_role("link", name="spend-by-vendor.csv").click()
    assert "Nordlicht" in download.value.path().read_text()


def filled_in(page, folder):
    """The form with a vendor, two lines and a proforma; a third line is made and taken away."""
    from docmill.services.samples.bulk import write_tiny

    press, type_ = page.keyboard.press, page.keyboard.type
    page.locator("#vendor_name").focus()
    for text in ("Nordlicht <b>Werkzeuge</b> & Söhne", "Hafenweg 3, 20457 Hamburg", "DE 136695976", "DE02 1203 0000 0000 2020 51"):
        type_(text)
        press("Tab")
    press("Tab")  # the currency is there
    type_("Kranich Bau\nAm Ufer 21")
    for number, line in enumerate(LINES, 1):
        if number > 1:
            enter(page, "#add")
            assert page.evaluate("document.activeElement.getAttribute('aria-label')") == f"Description, line {number}"
        page.get_by_label(f"Description, line {number}").focus()
        for cell in line:
            press("Control+a")
            type_(cell)
            press("Tab")
    enter(page, "#add")
    enter(page, "[aria-label='Remove line 3']")
    assert page.locator("#lines tr").count() == 2
    page.set_input_files("#attach", write_tiny(folder, 1, kind="pdf")[0])
    page.locator("#attachments li").wait_for()
    checked(page, folder, "2-form")


def submitted_at_the_second_try(page, folder):
    """A quantity below nothing is refused, the right one is taken."""
    page.get_by_label("Quantity, line 2").fill("-1")
    enter(page, "button[type=submit]")
    page.locator("#say", has_text="Not done").wait_for()
    page.get_by_label("Quantity, line 2").fill("20")
    enter(page, "button[type=submit]")
    page.wait_for_url(re.compile("/purchasing/requests/[0-9a-z]{26}$"))
    page.locator("#say", has_text="0 of 1").wait_for()
    assert page.get_by_role("heading", name="Nordlicht <b>Werkzeuge</b> & Söhne").is_visible()
    checked(page, folder, "3-request")


def rejected_changed_and_approved(page, folder):
    """Rejected with a reason, sent again as it was, approved; its order waits for the proforma."""
    page.locator("#reason").focus()
    page.keyboard.type("too dear")
    page.keyboard.press("Enter")
    page.locator("#say", has_text="Rejected").wait_for()
    enter(page, "text=Change the request")
    assert page.input_value("[aria-label='Item number, line 2']") == "SG-7"
    enter(page, "button[type=submit]")
    page.locator("#say", has_text="Waits for approval").wait_for()
    enter(page, "button:text('Approve')")
    page.locator("#say", has_text="its order waits for the proforma to be read").wait_for()
    assert page.get_by_role("button", name="Order now, without the proforma").is_visible()
    checked(page, folder, "3-request-waits")


def ordered_on_paper(page, gateway, folder):
    """The order's page leads to its PDF; the order's number."""
    enter(page, "#say a")
    page.wait_for_url(re.compile("/purchasing/orders/PO-"))
    number = page.url.rsplit("/", 1)[1]
    pdf = gateway.get(page.get_by_role("link", name="Order as PDF").get_attribute("href"))
    assert pdf.content.startswith(b"%PDF")
    checked(page, folder, "4-order")
    return number


def read_what_was_attached(room):
    from milled_papers import mill

    from docmill.storage.ledger import views

    with room.ledger.reading() as conn:
        (job,) = views.newest(conn, room.tenant, state=None, limit=10, before=None)
    mill(room, job.batch_id)


def a_dearer_invoice(room, number, folder):
    from milled_papers import ingest

    from docmill.services.purchasing import ordering
    from docmill.services.samples import supplier

    order = ordering.order_view(room.ledger, room.tenant, number)
    invoice = supplier.invoice_for(order, "NW-1", dearer=Decimal(10))
    return ingest(room, supplier.invoice_pdf(folder / "bill.pdf", invoice), index=False)[0]


def decided_beside_the_page(page, folder):
    for _ in range(100):  # not wait_for_function: the page's policy forbids eval
        if page.evaluate("[...document.querySelectorAll('.sheet img')].every((i) => i.complete && i.naturalWidth > 300)"):
            break
        page.wait_for_timeout(100)
    assert page.locator(".sheet img").evaluate("(i) => i.naturalWidth") > 300
    assert page.locator("li.failed", has_text="price differs").count() == 1
    rect, sheet = page.locator("#line-1").bounding_box(), page.locator(".sheet").bounding_box()
    assert sheet["x"] < rect["x"] < sheet["x"] + sheet["width"]
    assert sheet["y"] < rect["y"] < sheet["y"] + sheet["height"]
    enter(page, "a[href='#line-1']")
    assert page.locator("rect:target").get_attribute("id") == "line-1"
    checked(page, folder, "6-receipt")
    enter(page, "button:text('Accept')")
    assert page.evaluate("document.activeElement.id") == "reason"  # the browser asks for it
    page.keyboard.type("agreed by telephone")
    enter(page, "button:text('Accept')")
    page.locator("#say", has_text="accepted").wait_for()
    assert page.locator("dd", has_text="agreed by telephone").is_visible()
    checked(page, folder, "6-receipt-decided")
