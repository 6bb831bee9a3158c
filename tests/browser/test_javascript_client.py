"""The shipped JavaScript client in Chromium, the very file that Node runs (tests/integration/test_api_javascript.py), against a real gateway."""

import shutil
import threading
import time
from contextlib import closing

import pytest
from api_milling import mill
from gateway_process import gateway_process, settings_of

from docmill.services.running.room import Room

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: deployments/install_system.sh tests")

SCRIPT = """
async ([text, name]) => {
  const { OcrClient } = await import("/web/client.mjs");
  const client = new OcrClient(location.origin, { intervalMs: 200 });
  const seen = [];
  try {
    const file = new File([text], name, { type: "text/plain" });
    const done = await client.process(file, { language: "en", index: false }, (...step) => seen.push(step));
    return { text: done.ocr_result.full_text, seen };
  } catch (error) {
    return { rejected: error.message, seen };
  }
}
"""


@pytest.fixture
def page(home):
    from playwright.sync_api import sync_playwright

    with gateway_process(home) as (client, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])  # as root, over this test's own pages
        opened = browser.new_page(base_url=str(client.base_url))
        opened.set_default_timeout(20_000)
        opened.goto("/docs")
        with closing(Room.open(settings_of(home))) as room:
            yield opened, client, room
        browser.close()


def miller(client, room, milled, stop):
    """Carries whatever waits to its end, as runs would."""
    while not stop.is_set():
        for task in client.get("/api/v1/upload/tasks/?status=pending").json()["tasks"]:
            if task["task_id"] not in milled:
                milled.add(task["task_id"])
                mill(room, task["batch_id"])
        time.sleep(0.1)


@pytest.mark.slow
def test_it_uploads_reports_resolves_and_rejects(page):
    opened, client, room = page
    stop = threading.Event()
    milling = threading.Thread(target=miller, args=(client, room, set(), stop))
    milling.start()
    try:
        done = opened.evaluate(SCRIPT, ["Text from Chromium, and back again.", "from chromium.txt"])
        broken = opened.evaluate(SCRIPT, ["%PDF-1.4 and nothing more", "broken.pdf"])
        refused = opened.evaluate(SCRIPT, ["", "empty.txt"])
    finally:
        stop.set()
        milling.join()
    assert done["text"] == "Text from Chromium, and back again."
    assert done["seen"][-1][:2] == ["completed", 100]
    assert all(message for _, _, message in done["seen"])
    assert [progress for _, progress, _ in done["seen"]] == sorted(progress for _, progress, _ in done["seen"])
    assert (broken["seen"][-1][0], bool(broken["rejected"])) == ("failed", True)
    assert (refused["seen"], "empty" in refused["rejected"]) == ([], True)
