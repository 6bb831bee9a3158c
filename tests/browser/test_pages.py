"""The pages in a real browser (Debian's Chromium): upload, live progress, result with page pictures, search, keyboard, and axe-core's opinion."""

import shutil
import threading
import time
from contextlib import closing

import pytest

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: deployments/install_system.sh tests")

SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    from gateway_process import gateway_process

    home = tmp_path_factory.mktemp("browser")
    with gateway_process(home) as (client, _), pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCMILL_HOME", str(home))
        yield client, home


@pytest.fixture(scope="module")
def room(gateway):
    from gateway_process import settings_of

    from docmill.services.running.room import Room

    with closing(Room.open(settings_of(gateway[1], gateway_url=str(gateway[0].base_url).rstrip("/")))) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])  # as root, over this test's own pages
        yield started
        started.close()


@pytest.fixture(params=["light", pytest.param("dark", marks=pytest.mark.slow)])
def page(browser, gateway, request):
    """A tab that must not write a single error to its console."""
    context = browser.new_context(base_url=str(gateway[0].base_url), color_scheme=request.param, viewport={"width": 1200, "height": 900})
    opened = context.new_page()
    said = []
    opened.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.set_default_timeout(20_000)
    yield opened
    context.close()
    assert said == []


def invoice(folder, scheme):
    """A PDF that no other test has sent."""
    from docmill.services.samples.bulk import write_tiny

    path = write_tiny(folder, 1, kind="pdf")[0]
    path = path.rename(folder / f"note {scheme}.pdf")
    path.write_bytes(path.read_bytes() + f"\n% {scheme} {time.time_ns()}\n".encode())
    return path


def mill_what_waits(room, client):
    """Carry the newest upload to its end, as a run would, while the page looks on."""
    from api_milling import mill

    newest = client.get("/api/v1/upload/tasks/?limit=1").json()["tasks"][0]
    mill(room, newest["batch_id"], watch=lambda: time.sleep(0.1))
    return newest


def assert_accessible(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found if v["impact"] in SERIOUS] == []


def assert_pictures_with_boxes(page):
    """The pages' pictures have come, and the box of the first line lies within its sheet."""
    page.locator(".sheet img").first.scroll_into_view_if_needed()
    for _ in range(100):  # not wait_for_function: the page's policy forbids eval
        if page.evaluate("[...document.querySelectorAll('.sheet img')].every((i) => i.complete && i.naturalWidth > 300)"):
            break
        page.wait_for_timeout(100)
    assert page.locator(".sheet img").first.evaluate("(i) => i.naturalWidth") > 300
    box = page.locator("rect.line").first.bounding_box()
    sheet = page.locator(".sheet").first.bounding_box()
    assert sheet["x"] < box["x"] < sheet["x"] + sheet["width"]
    assert sheet["y"] < box["y"] < sheet["y"] + sheet["height"]


def test_upload_progress_result_search_by_keyboard_alone(page, gateway, room, tmp_path, request):
    client, scheme = gateway[0], request.node.callspec.params["page"]
    file = invoice(tmp_path, scheme)
    page.goto("/")
    assert_accessible(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("#file").focus()
    page.set_input_files("#file", file)
    page.locator("#upload button[type=submit]").focus()
    page.keyboard.press("Enter")
    page.locator("#say", has_text="1 accepted").wait_for()
    link = page.get_by_role("link", name=file.name)
    link.wait_for()
    link.focus()
    page.keyboard.press("Enter")
    page.locator("#outcome", has_text="accepted").wait_for()
    milling = threading.Thread(target=mill_what_waits, args=(room, client))
    milling.start()
    page.locator("#outcome", has_text="completed").wait_for(timeout=90_000)  # the page found out by itself
    milling.join()
    assert_pictures_with_boxes(page)
    assert_accessible(page)
    page.screenshot(path=tmp_path / f"task-{scheme}.png", full_page=True)
    with page.expect_download() as download:
        page.get_by_role("link", name="all of it as ZIP").click()
    assert download.value.suggested_filename.endswith(".zip")
    page.goto("/search")
    page.get_by_label("Question or words").fill("note")
    page.keyboard.press("Enter")
    page.locator("mark").first.wait_for()
    assert_accessible(page)
    page.screenshot(path=tmp_path / f"search-{scheme}.png")
    for path in ("/operations", "/docs", "/?status=completed&text=note"):
        page.goto(path)
        assert_accessible(page)
        page.screenshot(path=tmp_path / f"{path.strip('/').split('?')[0] or 'list'}-{scheme}.png")
