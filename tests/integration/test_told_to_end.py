"""Asking Prefect why a run was told to end, when Prefect does not answer."""

import contextlib
import socket
import threading
import uuid

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from flows.told_to_end import is_cancelled

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def hears():
    """What a server on a port does with each connection, and who is connected still."""
    answers: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        held: list[socket.socket] = []

        def take() -> None:
            with contextlib.suppress(OSError):
                while True:
                    held.append(listening.accept()[0])
                    held[-1].sendall(answers[0] if answers else b"")

        taking = threading.Thread(target=take, daemon=True)
        taking.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        with temporary_settings({PREFECT_API_URL: address, PREFECT_CLIENT_MAX_RETRIES: 10}):
            yield answers, held
        listening.shutdown(socket.SHUT_RDWR)
        taking.join(10)
        for one in held:
            one.close()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("answer", [b"", BUSY])
def test_a_server_that_does_not_say_is_not_waited_for(hears, monkeypatch, answer):
    """With Prefect's own patience this takes minutes; a worker kills the process after half a minute, and its jobs are not given back."""
    monkeypatch.setattr("flows.told_to_end.ANSWER_S", 0.5)
    answers, held = hears
    answers.append(answer)
    assert is_cancelled(str(uuid.uuid4())) is False
    assert held, "it was asked"


def test_a_server_that_is_gone_cancels_nothing():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{port}/api", PREFECT_CLIENT_MAX_RETRIES: 10}):
        assert is_cancelled(str(uuid.uuid4())) is False
