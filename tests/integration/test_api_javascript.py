"""A JavaScript client of the contract, unchanged, in Node against a real gateway."""

import http.server
import itertools
import json
import shutil
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pytest
from api_milling import mill
from gateway_process import gateway_process, settings_of

from docmill.services.running.room import Room

NODE = shutil.which("node") or ""
CLIENT = Path(__file__).with_name("contract_client.mjs")
SHIPPED = Path(__file__).parents[2] / "docmill" / "gateway" / "web" / "client.mjs"

pytestmark = pytest.mark.skipif(not NODE, reason="Node is not installed")


def run_client(home, text, name="from node.txt", options=None):
    """What the client says: the task's id, then how it ended."""
    with gateway_process(home, **(options or {})) as (gateway, _), closing(Room.open(settings_of(home))) as room:
        process = subprocess.Popen([NODE, str(CLIENT), str(gateway.base_url).rstrip("/"), text, name], stdout=subprocess.PIPE, text=True)
        try:
            first = json.loads(process.stdout.readline())
            if "task" in first:
                mill(room, gateway.get(f"/api/v1/upload/status/{first['task']}/").json()["batch_id"])
            rest = process.communicate(timeout=60)[0]
            return json.loads(rest) if rest else first
        finally:
            process.kill()
            process.wait()


def test_it_uploads_polls_and_resolves_with_the_text(home):
    told = run_client(home, "Text from Node, and back again.")
    assert told["text"] == "Text from Node, and back again."
    assert told["seen"][-1] == ["completed", 100]
    assert [p for _, p in told["seen"]] == sorted(p for _, p in told["seen"])


def test_it_rejects_with_the_message_of_a_failed_task(home):
    told = run_client(home, "%PDF-1.4 and nothing more", "broken.pdf")
    assert told["rejected"]
    assert told["seen"][-1][0] == "failed"


def test_it_rejects_with_the_message_of_a_refused_upload(home):
    told = run_client(home, "x" * 2000, options={"max_bytes": 1000})
    assert "1000 bytes" in told["rejected"]


class _Busy(http.server.BaseHTTPRequestHandler):
    """Refuses the first two requests as a gateway with a long queue does, then says that the task is completed."""

    asked: ClassVar[list[float]] = []

    def do_GET(self):
        self.asked.append(time.monotonic())
        is_busy = len(self.asked) < 3
        body = json.dumps(
            {"success": not is_busy, "status": "completed", "progress": 100, "message": "busy" if is_busy else "done"}
        ).encode()
        self.send_response(429 if is_busy else 200)
        if is_busy:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_it_asks_every_five_seconds_and_comes_again_when_the_gateway_says_so(tmp_path):
    script = tmp_path / "busy.mjs"
    script.write_text(
        f"import {{ OcrClient }} from {json.dumps(SHIPPED.as_uri())};\n"
        "const client = new OcrClient(process.argv[2]);\n"
        "const told = await client.waitFor('task');\n"
        "console.log(JSON.stringify({ interval: client.intervalMs, timeout: client.timeoutMs, message: told.message }));\n"
    )
    _Busy.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said = subprocess.run(
            [NODE, str(script), f"http://127.0.0.1:{server.server_port}"], capture_output=True, text=True, timeout=60, check=True
        )
        server.shutdown()
    assert json.loads(said.stdout) == {"interval": 5000, "timeout": 30 * 60 * 1000, "message": "done"}
    assert len(_Busy.asked) == 3
    assert all(later - before >= 0.99 for before, later in itertools.pairwise(_Busy.asked))
