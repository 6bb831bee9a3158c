"""Those outside: a client that uploads and never gives up, a buyer who orders something, a receiver of webhooks."""

import http.server
import json
import threading
import time
from collections import Counter

import httpx

AGAIN_S = 0.2


class Receiver:
    """Hears webhooks and counts them by job and event id."""

    def __init__(self):
        self._heard, self._lock = [], threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with receiver._lock:
                    receiver._heard.append((body["data"].get("job_id"), self.headers["webhook-id"]))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def by_job(self):
        """job id -> event id -> how often it came."""
        with self._lock:
            heard = list(self._heard)
        jobs = {}
        for job, event in heard:
            if job:
                jobs.setdefault(job, Counter())[event] += 1
        return jobs

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Client(threading.Thread):
    """Uploads files under one idempotency key until the gateway has accepted them; `tasks` are the ids it was given."""

    def __init__(self, url, cell, files, options, *, within_s):
        super().__init__(daemon=True)
        self._url, self._cell, self._files, self._options, self._within_s = url, cell, files, options, within_s
        self.tasks = []
        self.start()

    def run(self):
        end = time.monotonic() + self._within_s
        while time.monotonic() < end and not self.tasks:
            sent = [("file", (name, data, "application/octet-stream")) for name, data in self._files]
            try:
                headers = {"Idempotency-Key": f"matrix-{self._cell}"}
                answer = httpx.post(f"{self._url}/api/v1/upload/async/", files=sent, data=self._options, headers=headers, timeout=30)
                if answer.is_success:
                    found = answer.json()
                    self.tasks = [one["task_id"] for one in found.get("tasks") or [found]]
                    return
            except httpx.HTTPError:
                pass
            time.sleep(AGAIN_S)


class Buyer(threading.Thread):
    """Asks for something and approves it, again and again until there is an order."""

    def __init__(self, url, *, within_s):
        super().__init__(daemon=True)
        self._url, self._within_s = url, within_s
        self.has_ordered = False
        self.start()

    def run(self):
        content = {"vendor": {"name": "Quill & Reed"}, "currency": "EUR"}
        content["lines"] = [{"description": "Paper", "quantity": "2", "unit_price": "3.50"}]
        end, request = time.monotonic() + self._within_s, None
        while time.monotonic() < end and not self.has_ordered:
            try:
                if request is None:
                    made = httpx.post(f"{self._url}/api/v1/purchase-requests", json=content, timeout=30)
                    request = made.json()["request_id"] if made.is_success else None
                if request is not None:
                    httpx.post(f"{self._url}/api/v1/purchase-requests/{request}/approve", timeout=30)
                    seen = httpx.get(f"{self._url}/api/v1/purchase-requests/{request}", timeout=30)
                    self.has_ordered = seen.is_success and bool(seen.json().get("order_number"))
            except (httpx.HTTPError, ValueError, KeyError):
                pass
            if not self.has_ordered:
                time.sleep(AGAIN_S)
