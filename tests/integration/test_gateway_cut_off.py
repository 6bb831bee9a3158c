"""Uploads that are cut off: nothing of them stays, and nobody else waits while they are overwritten."""

import asyncio
import contextlib
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from gateway_process import gateway_process

from docmill.gateway import desk
from docmill.gateway.desk import Desk
from docmill.gateway.limits import UploadLimits
from docmill.scratch import held
from docmill.services.uploads import Queue
from docmill.shredding import shred_quietly


def incoming(room):
    return Desk(room, UploadLimits(lambda: Queue(0, 0.0)), lambda: None, lambda: True).incoming()


def test_an_upload_that_is_cut_off_is_left_to_the_thread_that_reads_it(room):
    async def received(thread):
        async with incoming(room) as folder:
            (folder / "0").write_bytes(b"x" * 100)
            if thread is not None:
                thread.enter_context(held(folder))
        return folder

    with contextlib.ExitStack() as thread:
        folder = asyncio.run(received(thread))
        assert (folder / "0").read_bytes() == b"x" * 100
    assert not asyncio.run(received(None)).exists()


def test_others_are_served_while_an_upload_is_overwritten(room, monkeypatch):
    """By the time between two turns of the event loop while overwriting takes 0.6 s."""
    gaps = []

    async def turns():
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            gaps.append(time.monotonic() - began)

    async def upload():
        turning = asyncio.create_task(turns())
        async with incoming(room) as folder:
            (folder / "0").write_bytes(b"secret")
            await asyncio.sleep(0.05)
        turning.cancel()
        return folder

    monkeypatch.setattr(desk, "shred_quietly", lambda folder: (time.sleep(0.6), shred_quietly(folder)))
    assert not asyncio.run(upload()).exists()
    assert len(gaps) > 10
    assert max(gaps) < 0.5


@pytest.mark.parametrize("cuts", [1, 3])
def test_a_request_that_is_cancelled_while_no_thread_is_free_leaves_nothing_behind(room, cuts):
    """As when the gateway ends while people upload: a task is cancelled wherever it waits, also more than once."""
    free, left = threading.Event(), []

    async def upload():
        async with incoming(room) as folder:
            (folder / "0").write_bytes(b"secret")
            left.extend([folder, (folder / "0").open("rb")])
            await asyncio.sleep(3600)

    async def serving():
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        busy = loop.run_in_executor(None, free.wait)
        task = asyncio.create_task(upload())
        try:
            await asyncio.sleep(0.05)
            for _ in range(cuts):
                task.cancel()
                await asyncio.sleep(0.05)
            assert task.done() is (cuts > 1)
        finally:
            free.set()
        await busy

    asyncio.run(serving())
    folder, file = left
    with file:
        assert file.read() == bytes(6)
    assert not folder.exists()


def test_a_gateway_that_starts_is_not_kept_by_what_strangers_put_among_the_uploads(room, tmp_path):
    found = room.settings.home.absolute() / "incoming"
    (found / "upload").mkdir(parents=True)
    (found / "stray").write_bytes(b"x")
    (found / "link").symlink_to(tmp_path)
    for path in found.iterdir():
        os.utime(path, (0, 0), follow_symlinks=False)
    os.utime(tmp_path, (0, 0))
    Desk(room, UploadLimits(lambda: Queue(0, 0.0)), lambda: None, lambda: True).sweep()
    assert sorted(path.name for path in found.iterdir()) == ["link", "stray"]


def test_a_client_that_hangs_up_leaves_nothing_behind(tmp_path):
    def there():
        return [file for file in tmp_path.glob("incoming/*/*") if file.stat().st_size]

    with gateway_process(tmp_path) as (client, _):
        port = client.base_url.port
        with socket.create_connection(("127.0.0.1", port)) as raw:
            head = f"POST /api/v1/upload/async/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            part = 'Content-Length: 900000\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="half.txt"\r\n\r\n'
            raw.sendall((head + part).encode() + b"half a document " * 20_000)
            until_so(lambda: there() != [])
        until_so(lambda: list(tmp_path.glob("incoming/*")) == [])
        assert client.get("/livez").status_code == 200


def until_so(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
