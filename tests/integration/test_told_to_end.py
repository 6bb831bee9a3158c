"""Asking Prefect why a run was told to end, when Prefect does not answer."""

import socket
import threading
import uuid

from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from flows.told_to_end import is_cancelled


def test_a_server_that_takes_the_question_and_never_answers_is_asked_once(monkeypatch):
    """With Prefect's retries one call took minutes; a worker kills the process after half a minute, and its jobs are not given back."""
    monkeypatch.setattr("flows.told_to_end.ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        asked: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    asked.append(listening.accept()[0])
                except OSError:
                    return

        taking = threading.Thread(target=take, daemon=True)
        taking.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        with temporary_settings({PREFECT_API_URL: address, PREFECT_CLIENT_MAX_RETRIES: 10}):
            assert is_cancelled(str(uuid.uuid4())) is False
        listening.shutdown(socket.SHUT_RDWR)
        taking.join(10)
        for one in asked:
            one.close()
    assert len(asked) == 1


def test_a_server_that_is_gone_cancels_nothing():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{port}/api", PREFECT_CLIENT_MAX_RETRIES: 10}):
        assert is_cancelled(str(uuid.uuid4())) is False
