"""A gateway that takes uploads of up to 300 kB, the room it works in, and how tests send to it and look at its refusals."""

from contextlib import closing

import pytest
from gateway_process import gateway_process, multipart_file, settings_of

from docmill.services.running.room import Room
from docmill.settings import settings

UPLOAD = "/api/v1/upload/async/"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    home = tmp_path_factory.mktemp("api")
    with gateway_process(home, max_bytes=300_000) as (client, _):
        yield client, home


@pytest.fixture(scope="module")
def client(gateway):
    return gateway[0]


@pytest.fixture
def room(gateway, monkeypatch):
    monkeypatch.setenv("DOCMILL_HOME", str(gateway[1]))  # work in this process looks there for keys
    settings.cache_clear()
    with closing(Room.open(settings_of(gateway[1], gateway_url=str(gateway[0].base_url).rstrip("/")))) as opened:
        yield opened
    settings.cache_clear()


def send(client, name, data, media_type="text/plain", headers=None, **fields):
    return client.post(UPLOAD, files=multipart_file(name, data, media_type), data=fields, headers=headers)


def assert_problem(answer, status, code=None):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body.get("code")) == (status, code)
    return body
