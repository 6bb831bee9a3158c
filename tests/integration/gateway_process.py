"""A real gateway process for tests, on a free port, over a home of its own."""

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

from docmill.settings import Settings
from docmill.storage.objects.spec import gateway_address_file

ROOT = Path(__file__).parents[2]
_SERVE = """
import sys
from pathlib import Path
from docmill.gateway.server import serve
from docmill.settings import Settings
serve(Settings(home=Path(sys.argv[1]), _env_file=None, **eval(sys.argv[2])), 0)
"""


def settings_of(home, **more):
    return Settings(home=home, _env_file=None, **more)


@contextmanager
def gateway_process(home, **more):
    """(httpx client, process) of a gateway; ended as Ctrl-C does unless the test has killed it."""
    note = gateway_address_file(settings_of(home))
    note.unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(home), repr(more)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        until = time.monotonic() + 30
        while not note.exists():
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < until
            time.sleep(0.05)
        with httpx.Client(base_url=note.read_text(), timeout=30) as client:
            client.get("/livez")
            yield client, process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=30)


def multipart_file(name, data, media_type="text/plain"):
    return {"file": (name, data, media_type)}
