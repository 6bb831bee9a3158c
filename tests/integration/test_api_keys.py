"""API keys, sessions and scopes, against a real gateway that asks for them."""

import re
import subprocess
import sys
from contextlib import closing
from datetime import timedelta

import httpx
import pytest
from api_milling import mill
from cli_environment import clean_environment
from fastapi.testclient import TestClient
from gateway_process import gateway_process, multipart_file, settings_of

from docmill.errors import InvalidOptions, NotAllowed, NotFound, SettingsInvalid, Unauthorized
from docmill.gateway import access
from docmill.gateway.app import create_app
from docmill.gateway.desk import Desk
from docmill.gateway.limits import UploadLimits
from docmill.gateway.server import serve
from docmill.gateway.sessions import LIFE_S, Sessions
from docmill.services.api_keys import ORIGINALS, READ, SCOPES, WRITE, check_key, create_key, has_keys, list_keys, revoke_key
from docmill.services.fresh_home import open_home
from docmill.services.running.room import Room
from docmill.services.uploads import Queue
from docmill.services.users import LOCAL_USER
from docmill.settings import settings

UPLOAD, TASKS = "/api/v1/upload/async/", "/api/v1/upload/tasks/"
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    home = tmp_path_factory.mktemp("keys")
    with open_home(settings_of(home)) as room:
        made = {
            name: create_key(room.ledger, room.tenant, name, scopes)[0]
            for name, scopes in (("reader", [READ]), ("writer", [READ, WRITE]), ("owner", list(SCOPES)))
        }
    with gateway_process(home, require_keys=True) as (client, _):
        yield client, home, made


@pytest.fixture(scope="module")
def client(gateway):
    return gateway[0]


@pytest.fixture(scope="module")
def made(gateway):
    return gateway[2]


@pytest.fixture
def room(gateway, monkeypatch):
    monkeypatch.setenv("DOCMILL_HOME", str(gateway[1]))
    settings.cache_clear()
    with closing(Room.open(settings_of(gateway[1]))) as opened:
        yield opened
    settings.cache_clear()


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize(
    "headers", [{}, bearer("dm_" + "x" * 43), bearer("x"), {"X-API-Key": "' OR 1=1 --"}, {"Cookie": "docmill_session=abc"}]
)
@pytest.mark.parametrize("path", [TASKS, "/api/v1/search?q=x", "/api/v1/batches/00000000000000000000000000", "/", "/nothing", "/metrics"])
def test_without_a_good_key_nothing_is_told(client, headers, path):
    answer = client.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthorized"
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/login", "/openapi.json", "/web/style.css"])
def test_what_needs_no_key(client, path):
    assert client.get(path).status_code == 200


def test_scopes(client, made):
    for name in ("reader", "writer"):
        assert client.get(TASKS, headers=bearer(made[name])).status_code == 200
    assert client.get(TASKS, headers={"X-API-Key": made["reader"]}).status_code == 200
    refused = client.post(UPLOAD, headers=bearer(made["reader"]), files=multipart_file("a.txt", b"A\n"))
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert WRITE in refused.json()["detail"]
    assert client.get("/operations", headers=bearer(made["writer"])).status_code == 403


def test_the_original_is_for_those_with_its_scope(client, made, room):
    sent = client.post(UPLOAD, headers=bearer(made["writer"]), files=multipart_file("b.txt", b"Plain words.\n")).json()
    mill(room, sent["batch_id"])
    seen = {name: client.get(sent["status_url"], headers=bearer(key)).json() for name, key in made.items()}
    assert [bool(seen[name]["download_urls"]["original_file"]) for name in ("reader", "writer", "owner")] == [False, False, True]
    assert seen["writer"]["storage_info"]["original_file"]["signed_url"] is None
    assert seen["writer"]["download_urls"]["results_file"]
    document = f"/api/v1/documents/{seen['owner']['document_id']}"
    assert client.get(document, headers=bearer(made["writer"])).json()["download_urls"]["original_file"] is None
    page = client.get(f"/tasks/{sent['task_id']}", headers=bearer(made["writer"]))
    assert "original" not in page.text.lower()


def test_a_browser_logs_in_and_changes_things_only_with_its_token(client, made):
    with httpx.Client(base_url=client.base_url) as browser:
        sent_away = browser.get("/", headers=PAGE)
        assert (sent_away.status_code, sent_away.headers["location"]) == (303, "/login?next=/")
        wrong = browser.post("/login", data={"key": "dm_wrong"})
        assert (wrong.status_code, "not a valid API key" in wrong.text) == (401, True)
        for evil in ("//evil.example", "https://evil.example", "/\\evil.example"):
            assert browser.post("/login", data={"key": made["writer"], "next": evil}).headers["location"] == "/"
        welcome = browser.post("/login", data={"key": made["writer"], "next": "/search"})
        assert (welcome.status_code, welcome.headers["location"]) == (303, "/search")
        cookie = welcome.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert made["writer"] not in cookie
        home = browser.get("/", headers=PAGE)
        token = re.search(r'data-csrf="([^"]+)"', home.text)[1]
        assert made["writer"] not in home.text
        file = multipart_file("c.txt", b"From a browser.\n")
        for headers in ({}, {"X-CSRF-Token": "wrong"}):
            refused = browser.post(UPLOAD, files=file, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
        assert browser.post(UPLOAD, files=file, headers={"X-CSRF-Token": token}).status_code == 202
        foreign = browser.post(UPLOAD, files=file, headers={"X-CSRF-Token": token, "Origin": "https://evil.example"})
        assert foreign.status_code == 403
        assert browser.post("/logout").headers["location"] == "/login"
        assert browser.get(TASKS).status_code == 401


def test_a_revoked_key_ends_with_its_sessions(client, gateway):
    with closing(Room.open(settings_of(gateway[1]))) as room:
        key, row = create_key(room.ledger, room.tenant, "leaver", [READ])
        with httpx.Client(base_url=client.base_url) as browser:
            browser.post("/login", data={"key": key})
            assert browser.get(TASKS).status_code == 200
            revoke_key(room.ledger, room.tenant, row.key_id)
            assert browser.get(TASKS).status_code == 401
            assert client.get(TASKS, headers=bearer(key)).status_code == 401
        with pytest.raises(NotFound):
            revoke_key(room.ledger, room.tenant, row.key_id)


def test_too_many_requests_with_one_key_are_told_when_to_come_again(room, monkeypatch):
    monkeypatch.setattr(access, "REQUEST_BURST", 2.0)
    monkeypatch.setattr(access, "REQUESTS_PER_S", 0.25)
    keys = [create_key(room.ledger, room.tenant, name, [READ])[0] for name in ("eager", "other")]
    desk = Desk(room, UploadLimits(lambda: Queue(0, 0.0)), wake=lambda: None, prefect_answers=lambda: False)
    with TestClient(create_app(desk, None, names=["here"], needs_keys=True), base_url="http://here") as here:
        statuses = [here.get(TASKS, headers=bearer(keys[0])).status_code for _ in range(2)]
        last = here.get(TASKS, headers=bearer(keys[0]))
        assert [*statuses, last.status_code] == [200, 200, 429]
        assert last.json()["code"] == "too_many_requests"
        assert 1 <= int(last.headers["retry-after"]) <= 4
        assert here.get(TASKS, headers=bearer(keys[1])).status_code == 200


def test_logins_cannot_be_tried_for_ever(client):
    statuses = [client.post("/login", data={"key": f"dm_{n}"}).status_code for n in range(12)]
    assert statuses[-1] == 429


# --- keys in the ledger


def test_the_ledger_has_no_key_and_knows_no_other_tenant_s(room):
    key, row = create_key(room.ledger, room.tenant, "n", [WRITE, READ])
    assert row.scopes == (READ, WRITE)
    assert key.encode() not in b"".join(p.read_bytes() for p in room.settings.home.glob("ledger.db*"))
    assert check_key(room.ledger, room.tenant, key).scopes == {READ, WRITE}
    assert next(k for k in list_keys(room.ledger, room.tenant) if k.key_id == row.key_id).last_used_at
    for tenant, tried in (("other", key), (room.tenant, key[:-1] + "!"), (room.tenant, key + "x")):
        with pytest.raises(Unauthorized):
            check_key(room.ledger, tenant, tried)


def test_a_key_ends_with_its_life(room, monkeypatch):
    key, _ = create_key(room.ledger, room.tenant, "short", [ORIGINALS], life=timedelta(seconds=-1))
    with pytest.raises(Unauthorized):
        check_key(room.ledger, room.tenant, key)


@pytest.mark.parametrize(("name", "scopes"), [("", [READ]), ("x", []), ("x", ["everything"]), ("x" * 256, [READ])])
def test_a_key_that_cannot_be(room, name, scopes):
    with pytest.raises(InvalidOptions):
        create_key(room.ledger, room.tenant, name, scopes)


def test_a_session_ends():
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    cookie = sessions.begin("dm_x")
    assert sessions.of(cookie).key == "dm_x"
    assert "dm_x" not in repr(sessions.of(cookie))
    now[0] = LIFE_S + 1
    assert sessions.of(cookie) is None


def test_binding_elsewhere_needs_keys_and_a_name(tmp_path):
    everywhere = "0.0.0.0"  # noqa: S104 - refused
    with pytest.raises(NotAllowed):
        serve(settings_of(tmp_path, gateway_url="https://docs.example"), 0, host=everywhere)
    with open_home(settings_of(tmp_path)) as room:
        assert not has_keys(room.ledger, room.tenant)
        create_key(room.ledger, room.tenant, "n", [READ])
        assert has_keys(room.ledger, room.tenant)
    with pytest.raises(SettingsInvalid, match="DOCMILL_GATEWAY_URL"):
        serve(settings_of(tmp_path), 0, host=everywhere)


def test_the_command_line_makes_lists_and_revokes(tmp_path):
    def docmill(*words):
        environment = clean_environment(DOCMILL_HOME=str(tmp_path / "home"))
        words = [sys.executable, "-m", "docmill.cli.main", "keys", *words]
        return subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60).stdout

    key = docmill("create", "scanner", "--scope", WRITE).strip()
    assert key.startswith("dm_")
    listed = docmill("list")
    assert key not in listed
    key_id = re.search(r"[0-9a-z]{26}", listed)[0]
    assert "revoked" in docmill("revoke", key_id)
    assert "ended" in docmill("list")


def test_going_back_from_a_redacted_version_and_its_original_need_the_scope(client, made, room):
    from docmill.storage.ledger import audit_reading

    file = multipart_file("secret.png", drawn_letter())
    sent = client.post(UPLOAD, headers=bearer(made["writer"]), files=file, data={"redact": "true", "index": "false"}).json()
    mill(room, sent["batch_id"])
    refused = client.post(UPLOAD, headers=bearer(made["writer"]), files=file, data={"redact": "false", "index": "false"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert ORIGINALS in refused.json()["detail"]
    picture = f"/tasks/{sent['task_id']}/original/1.png"
    assert client.get(picture, headers=bearer(made["writer"])).status_code == 403
    assert client.get(picture, headers=bearer(made["owner"])).status_code == 200
    assert client.get(picture.replace("original", "redacted"), headers=bearer(made["writer"])).status_code == 200
    back = client.post(UPLOAD, headers=bearer(made["owner"]), files=file, data={"redact": "false", "index": "false"})
    assert back.status_code == 202
    with room.ledger.reading() as conn:
        events = list(audit_reading.events(conn, room.tenant, sent["tasks"][0]["document_id"]))
    looked = [one.facts for one in events if one.kind in {"originals.read", "unredacted.asked"}]
    assert [(facts.get("what"), facts["by"]) for facts in looked] == [("page", LOCAL_USER), (None, LOCAL_USER)], "the user behind the key"


def drawn_letter():
    """A PNG with an address to write to."""
    import io

    from PIL import Image, ImageDraw, ImageFont

    sheet = Image.new("L", (900, 200), 255)
    ImageDraw.Draw(sheet).text((40, 70), "Write to zq.canary@hidden.example", fill=0, font=ImageFont.load_default(40))
    out = io.BytesIO()
    sheet.save(out, "PNG", dpi=(300, 300))
    return out.getvalue()
