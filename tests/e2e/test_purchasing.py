"""Purchasing without help over a whole `docmill up`: request, approval, an order whose PDF fails at first, noisy scans that are read and matched,
one with another price of which finance is told.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from cli_process import Up, docmill

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

REQUEST = {
    "vendor": {"name": "Nordlicht Werkzeuge GmbH", "address": "Hafenweg 3, 20457 Hamburg", "tax_ids": ["DE136695976"]},
    "buyer": "Kranich Bau\nAm Ufer 21\n50667 Köln",
    "currency": "EUR",
    "lines": [
        {"description": "Cordless drill", "quantity": "3", "unit": "pcs", "unit_price": "129.00", "tax_rate": "19"},
        {"description": "Wood screws box", "quantity": "12", "unit": "pcs", "unit_price": "8.45", "tax_rate": "19"},
        {"description": "Safety goggles", "quantity": "20", "unit": "pcs", "unit_price": "6.90", "tax_rate": "19"},
    ],
}


@pytest.fixture
def finance():
    """(address of a receiver of webhooks, what it has heard)"""
    heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_given):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", heard
    server.shutdown()
    server.server_close()
    thread.join()


def until(ask, timeout_s):
    end = time.monotonic() + timeout_s
    while not (found := ask()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(1)
    return found


def ordered(client):
    """The number of a new order."""
    made = client.post("/api/v1/purchase-requests", json=REQUEST).raise_for_status().json()
    approved = client.post(f"/api/v1/purchase-requests/{made['request_id']}/approve").raise_for_status().json()
    return approved["order_number"]


def compared(client, file):
    """What comes of a supplier's invoice that is uploaded."""
    sent = client.post("/api/v1/upload/async/", files={"file": (file.name, file.read_bytes(), "application/pdf")}).raise_for_status().json()
    document_id = sent["tasks"][0]["document_id"]

    def answer():
        found = client.get(f"/api/v1/receipts/{document_id}/match")
        return found.json() if found.is_success else None

    return until(answer, 240)


def test_from_request_to_finance(tmp_path, finance):
    from PIL import Image

    home, logo = tmp_path / "home", tmp_path / "logo.png"
    url, heard = finance
    assert docmill(home, "webhooks", "add", url, "--kind", "finance.receipt_needs_review").returncode == 0
    up = Up(home, DOCMILL_WEBHOOKS_TO_PRIVATE="true", DOCMILL_PURCHASE_LOGO=str(logo))
    try:
        gateway = up.wait_until_ready()["Gateway"]
        with httpx.Client(base_url=gateway, timeout=60) as client:
            first = ordered(client)
            order = client.get(f"/api/v1/purchase-orders/{first}").json()
            assert (order["order"]["paper_state"], order["pdf_url"]) == ("failed", None)  # the logo is not there
            assert "could not be made" in client.get(f"/purchasing/orders/{first}").text
            Image.new("RGB", (300, 100), "navy").save(logo)
            pdf_url = until(
                lambda: client.get(f"/api/v1/purchase-orders/{first}").json()["pdf_url"], 480
            )  # a run tries again, or the sweep
            assert client.get(pdf_url).content.startswith(b"%PDF")
            second = ordered(client)
            honest, dearer = tmp_path / "honest.pdf", tmp_path / "dearer.pdf"
            for number, file, more in ((first, honest, ["--layout", "german"]), (second, dearer, ["--dearer", "10", "--number", "R-7"])):
                printed = docmill(home, "purchasing", "sample-invoice", number, str(file), *more)
                assert printed.returncode == 0, printed.stderr
            match = compared(client, honest)
            assert (match["order_number"], match["outcome"], match["decision"]) == (first, "matched", "approved"), match["codes"]
            match = compared(client, dearer)
            assert (match["order_number"], match["outcome"], match["decision"]) == (second, "mismatch", "open"), match["codes"]
            assert "unit_price" in match["codes"]
            (told,) = until(lambda: heard, 60)
            assert (told["type"], told["data"]["match_id"]) == ("finance.receipt_needs_review", match["match_id"])
            assert "drill" not in json.dumps(told)
            refused = docmill(home, "purchasing", "refuse", match["match_id"], "--reason", "the drill was 129.00")
            assert "rejected" in refused.stdout, refused.stderr
            assert "the drill was 129.00" in client.get(f"/purchasing/receipts/{match['document_id']}").text
    except AssertionError as error:
        error.add_note((home / "logs" / "gateway.log").read_text())
        raise
    finally:
        up.end()
