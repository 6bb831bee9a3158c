"""Who acts: keys belong to users with roles, browsers log in as users, and what users do is kept under their names."""

import re
import sys
from contextlib import closing
from subprocess import run

import httpx
import pytest
from api_milling import mill
from cli_environment import clean_environment
from gateway_process import gateway_process, multipart_file, settings_of
from supplier_invoices import LINES, VENDOR

from docmill.errors import Conflict, InvalidOptions, NotFound
from docmill.services.api_keys import READ, SCOPES, WRITE, create_key, list_keys
from docmill.services.fresh_home import open_home
from docmill.services.running.room import Room
from docmill.services.running.run import BatchRun
from docmill.services.users import change_role, create_user, disable_user, enable_user, list_users
from docmill.settings import settings
from docmill.storage.ledger import audit_reading
from docmill.values.purchasing import PurchaseContent

UPLOAD, TASKS = "/api/v1/upload/async/", "/api/v1/upload/tasks/"
REQUESTS = "/api/v1/purchase-requests"
CONTENT = PurchaseContent(vendor=VENDOR, currency="EUR", lines=LINES, buyer="Kranich Bau").model_dump(mode="json")
ROLES = {"vera": "viewer", "rita": "reviewer", "bob": "buyer", "anna": "approver"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    home = tmp_path_factory.mktemp("users")
    with open_home(settings_of(home)) as room:
        for user, role in ROLES.items():
            create_user(room.ledger, room.tenant, user, role, name=f"{user.title()} <b>")
        made = {user: create_key(room.ledger, room.tenant, f"{user}'s", None, user_id=user)[0] for user in ROLES}
    with gateway_process(home, require_keys=True, purchase_own_approval=False) as (client, _):
        yield client, home, {user: {"Authorization": f"Bearer {key}"} for user, key in made.items()}, made


@pytest.fixture
def client(gateway):
    return gateway[0]


@pytest.fixture
def whose(gateway):
    return gateway[2]


@pytest.fixture
def room(gateway, monkeypatch):
    monkeypatch.setenv("DOCMILL_HOME", str(gateway[1]))
    settings.cache_clear()
    with closing(Room.open(settings_of(gateway[1]))) as opened:
        yield opened
    settings.cache_clear()


def test_requests_are_signed_with_the_user_behind_the_key(client, whose):
    made = client.post(REQUESTS, json=CONTENT, headers=whose["bob"]).json()
    assert made["submitted_by"] == "bob"
    url = f"{REQUESTS}/{made['request_id']}"
    assert client.post(f"{url}/approve", headers=whose["bob"]).status_code == 403
    assert client.post(f"{url}/approve", headers=whose["rita"]).status_code == 403
    approved = client.post(f"{url}/approve", headers=whose["anna"]).json()
    assert [(one["user_id"], one["verdict"]) for one in approved["approvals"]] == [("anna", "approved")]
    assert approved["state"] == "ordered"


def test_whoever_uploads_stands_in_the_timeline(client, whose, room):
    sent = client.post(UPLOAD, headers=whose["bob"], files=multipart_file("a.txt", b"Of Bob.\n"), data={"index": "false"}).json()
    mill(room, sent["batch_id"])
    page = client.get(f"/tasks/{sent['task_id']}", headers=whose["vera"]).text
    steps = re.findall(r"<td>(job \w+|review \w+)</td><td>[^<]*</td><td>(\w*)</td>", page)
    assert steps[0] == ("job accepted", "bob")
    assert [what for what, _ in steps][-1] == "job completed"
    assert client.delete(f"/api/v1/documents/{sent['tasks'][0]['document_id']}", headers=whose["vera"]).status_code == 403


def steps_of(client, whose, task_id):
    """(what, by) of a task's timeline."""
    page = client.get(f"/tasks/{task_id}", headers=whose["vera"]).text
    return re.findall(r"<td>((?:job|batch) \w+)</td><td>[^<]*</td><td>(\w*)</td>", page)


def test_whoever_cancels_and_tries_again_stands_in_the_audit_trail(client, whose, room):
    sent = client.post(UPLOAD, headers=whose["bob"], files=multipart_file("b.txt", b"Stopped before it began.\n")).json()
    url = f"/api/v1/upload/{sent['task_id']}"
    assert client.post(f"{url}/cancel/", headers=whose["vera"]).status_code == 403
    assert client.post(f"{url}/cancel/", headers=whose["anna"]).status_code == 200
    assert steps_of(client, whose, sent["task_id"]) == [("job accepted", "bob"), ("job cancelled", "anna")]
    again = client.post(f"{url}/retry/", headers=whose["rita"]).json()
    BatchRun(room, again["batch_id"], "run-r", workers=0, lease_s=60)
    assert client.post(f"/api/v1/upload/{again['task_id']}/cancel/", headers=whose["anna"]).status_code == 202
    steps = steps_of(client, whose, again["task_id"])
    assert [step for step in steps if step[1]] == [("job accepted", "rita"), ("job cancelling", "anna")]
    with room.ledger.reading() as conn:
        (created,) = [event.facts["by"] for event in audit_reading.events(conn, room.tenant, again["batch_id"])]
    assert created == "rita"


def test_reviewers_claim_in_their_own_name(client, whose):
    assert client.post("/api/v1/review/next", headers=whose["rita"]).status_code == 204
    for user in ("vera", "bob"):
        answer = client.post("/api/v1/review/next", headers=whose[user])
        assert answer.status_code == (403 if user == "vera" else 204)


def test_a_viewer_looks_and_changes_nothing(client, whose):
    assert client.get(TASKS, headers=whose["vera"]).status_code == 200
    for path, given in ((UPLOAD, {"files": multipart_file("v.txt", b"V\n")}), (REQUESTS, {"json": CONTENT})):
        refused = client.post(path, headers=whose["vera"], **given)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


def test_a_role_counts_from_the_next_request_and_a_disabled_user_is_out(client, whose, room, gateway):
    create_user(room.ledger, room.tenant, "tom", "buyer")
    key, _ = create_key(room.ledger, room.tenant, "tom's", [READ, WRITE], user_id="tom")
    headers = {"Authorization": f"Bearer {key}"}
    file = multipart_file("t.txt", b"Of Tom.\n")
    with httpx.Client(base_url=client.base_url) as browser:
        browser.post("/login", data={"key": key})
        assert browser.get(TASKS).status_code == 200
        assert client.post(UPLOAD, headers=headers, files=file).status_code == 202
        change_role(room.ledger, room.tenant, "tom", "viewer")
        assert client.post(UPLOAD, headers=headers, files=file).status_code == 403
        disable_user(room.ledger, room.tenant, "tom")
        assert {browser.get(TASKS).status_code, client.get(TASKS, headers=headers).status_code} == {401}
        with pytest.raises(NotFound):
            create_key(room.ledger, room.tenant, "another", [READ], user_id="tom")
        enable_user(room.ledger, room.tenant, "tom")
        assert client.get(TASKS, headers=headers).status_code == 200


def test_the_page_says_who_is_logged_in(client, gateway):
    with httpx.Client(base_url=client.base_url) as browser:
        browser.post("/login", data={"key": gateway[3]["anna"]})
        assert "<span>anna (approver)</span>" in browser.get("/").text


def test_what_a_user_cannot_be(room):
    for user, role in (("", "viewer"), ("Anna B", "viewer"), ("x" * 33, "viewer"), ("-x", "viewer"), ("x", "king")):
        with pytest.raises(InvalidOptions):
            create_user(room.ledger, room.tenant, user, role)
    with pytest.raises(Conflict):
        create_user(room.ledger, room.tenant, "anna", "viewer")
    for change in (disable_user, enable_user, lambda *who: change_role(*who, "viewer")):
        with pytest.raises(Conflict):
            change(room.ledger, room.tenant, "local")
        with pytest.raises(NotFound):
            change(room.ledger, room.tenant, "nobody")
    with pytest.raises(InvalidOptions, match="documents:read"):
        create_key(room.ledger, room.tenant, "n", [WRITE], user_id="vera")
    assert {u.user_id for u in list_users(room.ledger, room.tenant)} >= {*ROLES, "local"}
    assert next(k.scopes for k in list_keys(room.ledger, room.tenant) if k.user_id == "vera") == (READ,)
    assert create_key(room.ledger, room.tenant, "mine", list(SCOPES))[1].user_id == "local"


def test_the_command_line_keeps_users(tmp_path):
    def docmill(*words, code=0):
        environment = clean_environment(DOCMILL_HOME=str(tmp_path / "home"))
        words = [sys.executable, "-m", "docmill.cli.main", *words]
        done = run(words, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout

    assert "anna is a reviewer" in docmill("users", "create", "anna", "--role", "reviewer", "--name", "Anna B.")
    assert docmill("keys", "create", "laptop", "--user", "anna").startswith("dm_")
    assert "anna" in docmill("keys", "list")
    docmill("users", "role", "anna", "approver")
    docmill("users", "disable", "anna")
    listed = docmill("users", "list", "--json")
    assert '"approver"' in listed
    assert '"disabled"' in listed
