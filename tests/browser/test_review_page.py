"""A whole review in a real browser, by keyboard only: claim, accept, correct in place, skip; the picture with its box; axe-core's opinion."""

import hashlib
import shutil
from contextlib import closing

import pytest

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: deployments/install_system.sh tests")

SERIOUS = {"serious", "critical"}


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


@pytest.fixture
def page(gateway):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])  # as root, over this test's own pages
        opened = browser.new_page(base_url=str(gateway.base_url), viewport={"width": 1200, "height": 900})
        said = []
        opened.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.set_default_timeout(20_000)
        yield opened
        browser.close()
        assert [text for text in said if "status of 422" not in text] == []  # of the value that is no number


def published_pdf(room, folder):
    """A PDF with a doubtful total, a doubtful vendor, a doubtful date and a contradiction."""
    from ledger_fixtures import Work
    from review_papers import published
    from review_tasks import TOTAL, VENDOR

    from docmill.services.batches import NewJob
    from docmill.services.samples.bulk import write_tiny
    from docmill.values.keys import original_name
    from docmill.values.review import Doubt, Priority, Subject

    data = write_tiny(folder, 1, kind="pdf")[0].read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    room.store.create(original_name(room.tenant, sha256), data)

    class PdfWork(Work):
        def file(self, _n, **_more):
            return NewJob(sha256, len(data), "application/pdf", "invoice.pdf", stored=True)

    box = {"box": (10.0, 20.0, 60.0, 40.0)}
    date = VENDOR.model_copy(update={"name": "issue_date", "priority": Priority.LOW, **box})
    contradiction = Doubt(subject=Subject.CONTRADICTION, reason="net_total + tax_total is not total", priority=Priority.HIGH)
    work = PdfWork(room.ledger)
    job = published(
        room, work, TOTAL.model_copy(update={"priority": Priority.URGENT, **box}), VENDOR.model_copy(update=box), date, contradiction
    )
    return work, job


def serious(page):
    """Nothing serious, in axe-core's opinion."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found if v["impact"] in SERIOUS] == []


def test_many_are_decided_together_from_the_list_by_keyboard_only(page, room, tmp_path):
    from review_tasks import tasks_of

    work, _ = published_pdf(room, tmp_path)
    page.goto("/review")
    page.locator("#open tbody tr").nth(3).wait_for()
    serious(page)
    press = page.keyboard.press
    page.locator("#open tbody input").nth(1).focus()
    press("Space")
    press("Tab")  # to the document of this row
    press("Tab")
    press("Space")
    for _ in range(20):
        press("Shift+Tab")
        if page.evaluate("document.activeElement.id") == "accept-many":
            break
    press("Enter")
    page.locator("#say", has_text="asks for a reason").wait_for()
    press("Shift+Tab")
    page.keyboard.type("seen on paper")
    press("Enter")
    page.locator("#say", has_text="2 accepted; 2 open").wait_for()
    assert sorted(t.state for t in tasks_of(work)) == ["decided", "decided", "pending", "pending"]


def assert_picture_with_box(page):
    """The page's picture has come, and the box of the value lies within its sheet."""
    for _ in range(100):  # not wait_for_function: the page's policy forbids eval
        if page.evaluate("document.getElementById('picture').naturalWidth > 300"):
            break
        page.wait_for_timeout(100)
    rect, sheet = page.locator("#boxes rect").bounding_box(), page.locator(".sheet").bounding_box()
    assert sheet["x"] < rect["x"] < sheet["x"] + sheet["width"]
    assert sheet["y"] < rect["y"] < sheet["y"] + sheet["height"]


def correct_the_total(page):
    """In place: what is no number is refused, the right one leads to the next task."""
    press = page.keyboard.press
    press("e")
    press("Control+a")
    page.keyboard.type("123,54")
    press("Enter")
    page.locator("#say", has_text="Not done: total is a number").wait_for()
    press("Control+a")
    page.keyboard.type("123.54")
    press("Enter")
    page.locator("#about", has_text="contradiction").wait_for()


def test_a_whole_review_by_keyboard_only(page, room, tmp_path):
    from review_papers import results_now
    from review_tasks import tasks_of

    from docmill.services.review.applying import apply_waiting

    work, job = published_pdf(room, tmp_path)
    about, press = page.locator("#about"), page.keyboard.press
    page.goto("/review")
    assert page.evaluate("document.activeElement.id") == "start"
    press("Enter")
    page.locator("#about", has_text="field total").wait_for()
    assert page.input_value("#value") == "123.45"
    assert_picture_with_box(page)
    assert page.locator("#close").bounding_box()["height"] > 40
    serious(page)
    correct_the_total(page)
    press("a")
    page.locator("#about", has_text="vendor name").wait_for()
    press("n")
    page.locator("#about", has_text="issue date").wait_for()
    press("x")
    page.locator("#say", has_text="you skipped are free again").wait_for()
    assert {t.name or t.subject: t.state for t in tasks_of(work)} == {
        "total": "decided",
        "contradiction": "decided",
        "vendor_name": "pending",
        "issue_date": "decided",
    }
    press("Enter")
    page.locator("#about", has_text="vendor name").wait_for()
    assert about.is_visible()
    press("a")
    page.locator("#say", has_text="Nothing is free to review").wait_for()
    assert apply_waiting(room, run_id="r").left == 0
    fields = {one["name"]: one for one in results_now(room, work, job.document_id)["fields"]}
    assert fields["total"]["value"] == "123.54"
    assert {one["decided_by"] for one in fields.values()} == {"local"}
    assert "issue_date" not in fields
