"""A JavaScript client of the contract, unchanged, in Node against a real gateway."""

import json
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from gateway_process import gateway_process, settings_of
from test_api_uploads import mill

from docmill.services.running.room import Room

NODE = shutil.which("node") or ""
CLIENT = Path(__file__).with_name("contract_client.mjs")

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
