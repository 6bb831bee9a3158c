"""The outbox and webhooks: a real ledger, a real receiver over HTTP, a clock that the test moves."""

import base64
import hashlib
import hmac
import json
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fresh_ledgers import fresh_ledger

from docmill.errors import InvalidOptions, NotAllowed, NotFound, ServiceUnavailable
from docmill.services import outbox as service
from docmill.services.outbox import Deliverer, Event, undelivered
from docmill.services.webhooks import add_webhook, remove_webhook, webhooks
from docmill.services.webhooks_sending import WebhookChannel, signature
from docmill.settings import settings
from docmill.storage.ledger import open_ledger
from docmill.storage.ledger.outbox import Notice, put_notices

TENANT = "default"
EVENT = Event("01m9zk3v4h8w6y2p5r7t0bqxcd", "job.completed", datetime(2026, 1, 2, tzinfo=UTC), {"job_id": "j1", "state": "completed"})


class Receiver:
    """An HTTP server that keeps what it gets and answers as told."""

    def __init__(self):
        self.got, self.statuses = [], []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                owner.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(owner.statuses.pop(0) if owner.statuses else 204)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/hook?x=1"

    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.got]


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


class Clock:
    def __init__(self):
        self.at = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

    def __call__(self):
        return self.at

    def forward(self, seconds):
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(home, clock):
    home.mkdir()
    fresh_ledger(settings().resolved_ledger_url)
    with closing(open_ledger(settings().resolved_ledger_url, now=clock)) as opened:
        yield opened


@pytest.fixture
def deliverer(ledger, home, clock):
    return Deliverer(ledger, TENANT, [WebhookChannel(lambda: webhooks(home), clock, private_allowed=True)])


def tell(ledger, *kinds):
    with ledger.transaction() as conn:
        put_notices(conn, TENANT, [Notice(kind, {"job_id": f"j{n}", "error_code": None}) for n, kind in enumerate(kinds)], at=ledger.now())


def drain(deliverer, most=10):
    for _ in range(most):
        if not deliverer.step():
            return
    raise AssertionError("the outbox does not become empty")


def test_a_delivery_is_signed_as_the_specification_says(ledger, home, deliverer, receiver, clock):
    webhook = add_webhook(home, receiver.url)
    tell(ledger, "job.completed")
    drain(deliverer)
    ((headers, body),) = receiver.got
    told = json.loads(body)
    assert told == {"type": "job.completed", "timestamp": clock().isoformat(), "data": {"job_id": "j0", "error_code": None}}
    assert headers["webhook-timestamp"] == str(int(clock().timestamp()))
    key = base64.b64decode(webhook.secret.get_secret_value().removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["host"] == f"127.0.0.1:{receiver.server.server_port}"
    assert undelivered(ledger, TENANT) == (0, 0)


def test_the_signature_of_the_specification_s_own_example():
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    assert signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_one_that_is_away_is_told_again_under_the_same_id_and_nobody_else_twice(ledger, home, deliverer, receiver, clock):
    other = Receiver()
    add_webhook(home, receiver.url)
    add_webhook(home, other.url)
    receiver.statuses = [500, 302]
    tell(ledger, "job.failed")
    for wait_s in (0, 4, 2, 9, 2):  # 5 s after the first failure, 10 s after the second
        clock.forward(wait_s)
        drain(deliverer)
    assert len(receiver.ids()) == 3
    assert len(set(receiver.ids())) == 1
    assert len(other.ids()) == 1
    assert other.ids()[0] == receiver.ids()[0]
    assert undelivered(ledger, TENANT) == (0, 0)
    other.server.shutdown()
    other.server.server_close()


def test_a_deliverer_that_died_holds_nothing_for_ever(ledger, home, receiver, clock, monkeypatch):
    add_webhook(home, receiver.url)
    tell(ledger, "job.completed")
    channel = WebhookChannel(lambda: webhooks(home), clock, private_allowed=True)
    dying = Deliverer(ledger, TENANT, [channel])
    dying.step()
    monkeypatch.setattr(dying, "_deliver", lambda _row: None)  # it ends between claim and delivery
    dying.step()
    after = Deliverer(ledger, TENANT, [channel])
    assert after.step() == 0
    assert not receiver.got
    clock.forward(service.LEASE.total_seconds() + 1)
    drain(after)
    assert len(receiver.got) == 1


def test_it_gives_up_in_the_end_and_says_so(ledger, home, deliverer, receiver, clock):
    add_webhook(home, receiver.url)
    receiver.statuses = [503] * 100
    tell(ledger, "job.completed")
    for _ in range(service.MOST_TRIES + 5):
        drain(deliverer)
        clock.forward(service.LAST_DELAY_S)
    assert len(receiver.got) == service.MOST_TRIES
    assert undelivered(ledger, TENANT) == (0, 1)


def test_only_those_who_want_a_kind_hear_of_it_and_removed_ones_nothing(ledger, home, deliverer, receiver, clock):
    add_webhook(home, receiver.url, ["job.failed"])
    tell(ledger, "job.completed", "job.failed")
    drain(deliverer)
    assert [json.loads(body)["type"] for _, body in receiver.got] == ["job.failed"]
    receiver.statuses = [500]
    tell(ledger, "job.failed")
    drain(deliverer)
    remove_webhook(home, webhooks(home)[0].webhook_id)
    clock.forward(60)
    drain(deliverer)
    assert len(receiver.got) == 2
    assert undelivered(ledger, TENANT) == (0, 0)


def test_a_broken_channel_disturbs_no_other(ledger, home, receiver, clock):
    class Broken:
        name = "broken"

        def receivers(self, _kind):
            return ["x"]

        def deliver(self, *_):
            raise {}["a secret address"]

    add_webhook(home, receiver.url)
    tell(ledger, "job.completed")
    drain(Deliverer(ledger, TENANT, [Broken(), WebhookChannel(lambda: webhooks(home), clock, private_allowed=True)]))
    assert len(receiver.got) == 1
    assert undelivered(ledger, TENANT) == (1, 0)


def test_what_was_delivered_is_forgotten_after_a_month(ledger, deliverer, clock):
    tell(ledger, "job.completed")
    drain(deliverer)
    clock.forward(31 * 24 * 3600)
    tell(ledger, "job.completed")
    deliverer.forget()
    assert undelivered(ledger, TENANT) == (1, 0)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "[::1]", "localhost", "10.0.0.8", "192.168.1.1", "172.16.3.4", "169.254.169.254", "100.64.0.1", "0.0.0.0", "[::]",  # noqa: S104 - an address to refuse
     "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.8]", "[2002:0a00:0008::1]", "2130706433", "0x7f.1", "224.0.0.1"],
)  # fmt: skip
def test_the_private_network_is_out_of_reach(home, clock, receiver, address):
    home.mkdir()
    webhook = add_webhook(home, f"http://{address}:{receiver.server.server_port}/")
    with pytest.raises((NotAllowed, ServiceUnavailable)):
        WebhookChannel(lambda: [webhook], clock, private_allowed=False).deliver(webhook.webhook_id, EVENT)
    assert not receiver.got


def test_a_good_answer_once_and_another_at_the_next_look_up_does_not_help(home, clock, receiver, monkeypatch):
    """DNS rebinding: what was checked is what is called."""
    home.mkdir()
    asked = []

    def look_up(host, port, **_):
        asked.append(host)
        return [(2, 1, 6, "", ("93.184.216.34" if len(asked) == 1 else "127.0.0.1", port))]

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    channel = WebhookChannel(list, clock, private_allowed=False)
    import httpx

    assert channel._address_of(httpx.URL("http://rebind.example/")) == "93.184.216.34"
    with pytest.raises(NotAllowed):
        channel._address_of(httpx.URL("http://rebind.example/"))


@pytest.mark.parametrize(
    "url", ["ftp://example.org", "example.org/hook", "https://user:word@example.org/", "file:///etc/passwd", "http://"]
)
def test_an_address_that_cannot_be_a_webhook_is_refused(home, url):
    home.mkdir()
    with pytest.raises(InvalidOptions):
        add_webhook(home, url)


def test_the_list_is_private_and_keeps_its_secrets(home):
    home.mkdir()
    made = add_webhook(home, "https://example.org/hook", ["job.failed"])
    assert (home / "webhooks.json").stat().st_mode & 0o077 == 0
    assert webhooks(home) == [made]
    assert made.secret.get_secret_value() not in repr(made)
    with pytest.raises(InvalidOptions, match=r"job\.completed"):
        add_webhook(home, "https://example.org/", ["job.exploded"])
    with pytest.raises(NotFound):
        remove_webhook(home, "wh-unknown")
    remove_webhook(home, made.webhook_id)
    assert webhooks(home) == []


def test_410_ends_it(home, clock, receiver):
    home.mkdir()
    webhook = add_webhook(home, receiver.url)
    receiver.statuses = [410, 400]
    channel = WebhookChannel(lambda: [webhook], clock, private_allowed=True)
    channel.deliver(webhook.webhook_id, EVENT)
    with pytest.raises(ServiceUnavailable):
        channel.deliver(webhook.webhook_id, EVENT)
