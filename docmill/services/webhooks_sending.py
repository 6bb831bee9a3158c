"""Sending webhooks: signed as Standard Webhooks says (https://www.standardwebhooks.com), and never into the private network.

Belongs here: one POST. When and how often is the outbox's.
"""

import base64
import hashlib
import hmac
import ipaddress
import json
import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import httpx

from docmill.errors import NotAllowed, ServiceUnavailable
from docmill.services.outbox import Event
from docmill.services.webhooks import SECRET_PREFIX, Webhook

ANSWER_S: Final = 15.0
GONE: Final = 410
SCHEME_PORTS: Final = {"http": 80, "https": 443}


def signature(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header: v1 and the Base64 of HMAC-SHA256 over id.timestamp.body.

    Args:
        secret: whsec_ and Base64.
        event_id: of the header webhook-id.
        timestamp: seconds since the epoch, of the header webhook-timestamp.
        body: as it is sent.
    """
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = b".".join((event_id.encode(), str(timestamp).encode(), body))
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"


class WebhookChannel:
    """The channel `webhook` of the outbox.

    Args:
        registered: gives the webhooks of the home, anew each time.
        now: the clock of timestamps.
        private_allowed: whether loopback and private addresses may be called.
    """

    name = "webhook"

    def __init__(self, registered: Callable[[], Sequence[Webhook]], now: Callable[[], datetime], *, private_allowed: bool) -> None:
        self._registered, self._now, self._private_allowed = registered, now, private_allowed

    def receivers(self, kind: str) -> list[str]:
        """See `Channel.receivers`."""
        return [one.webhook_id for one in self._registered() if one.wants(kind)]

    def deliver(self, receiver: str, event: Event) -> None:
        """Post an event to one webhook; one that was removed, or says 410, is left alone.

        Raises:
            ServiceUnavailable: no answer, or not a good one.
            NotAllowed: its address is not a public one.
        """
        webhook = next((one for one in self._registered() if one.webhook_id == receiver), None)
        if webhook is None:
            return
        told = {"type": event.kind, "timestamp": event.created_at.isoformat(), "data": dict(event.payload)}
        body = json.dumps(told, separators=(",", ":")).encode()
        timestamp = int(self._now().timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": event.event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(webhook.secret.get_secret_value(), event.event_id, timestamp, body),
        }
        status = self._post(httpx.URL(webhook.url), body, headers)
        if status != GONE and not httpx.codes.is_success(status):
            raise ServiceUnavailable(f"the webhook answered {status}")

    def _post(self, url: httpx.URL, body: bytes, headers: dict[str, str]) -> int:
        """The status. The name is looked up once and the address that was checked is the one called: no second look-up can give another."""
        address = self._address_of(url)
        headers |= {"host": url.netloc.decode("ascii"), "user-agent": "docmill"}
        extensions = {"sni_hostname": url.host}
        try:
            with (
                httpx.Client(timeout=ANSWER_S, trust_env=False, follow_redirects=False) as client,
                client.stream("POST", url.copy_with(host=address), content=body, headers=headers, extensions=extensions) as answer,
            ):
                return answer.status_code  # the body is nobody's business: it is not read
        except httpx.HTTPError as error:
            raise ServiceUnavailable(f"the webhook did not answer: {type(error).__name__}") from None

    def _address_of(self, url: httpx.URL) -> str:
        try:
            found = socket.getaddrinfo(url.host, url.port or SCHEME_PORTS[url.scheme], type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise ServiceUnavailable("the webhook's host name is not known") from None
        addresses = [str(one[4][0]).partition("%")[0] for one in found]
        if not self._private_allowed and not all(_is_public(one) for one in addresses):
            raise NotAllowed("the webhook's address is not a public one; DOCMILL_WEBHOOKS_TO_PRIVATE allows it")
        return addresses[0]


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address)
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (inner is None or inner.is_global)
