"""Telling people through Apprise: e-mail, Slack, Teams and a hundred more, by URL (https://github.com/caronc/apprise/wiki). A channel of the outbox.

Messages hold ids, priorities and states, never a name, a file name or what a document says. Addresses hold secrets: they stand in the settings
and are known here and in the ledger by a digest only. Belongs here: one message. When and how often is the outbox's.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from docmill.errors import ServiceUnavailable, SettingsInvalid
from docmill.services.outbox import Event
from docmill.settings import Settings

log = logging.getLogger(__name__)

TITLES: MappingProxyType[str, str] = MappingProxyType(
    {
        "review.opened": "Documents to review",
        "review.assigned": "A review task was assigned",
        "review.overdue": "A review task is overdue",
        "batch.finished": "A batch is finished",
        "finance.receipt_needs_review": "A receipt does not fit its order",
        "purchase_request.submitted": "A purchase request waits for approval",
        "purchase_order.paper_failed": "A purchase order could not be printed",
        "health.failed": "Something does not do its work",
    },
)
"""The events that people are told of."""

FAILED_BATCH: Final = "Files of a batch failed"
SHOWN: Final = (
    *("document_id", "task_id", "job_id", "batch_id", "priority", "tasks", "files", "failed", "failed_checks"),
    *("request_id", "order_number", "match_id", "outcome", "score_percent", "codes"),
)
"""What of a payload is told, in this order."""


class AppriseChannel:
    """The channel `apprise` of the outbox.

    Args:
        urls: Apprise URLs, such as mailto://, slack://, msteams://, jsons://.

    Raises:
        SettingsInvalid: Apprise doesn't know the form of one.
    """

    name = "apprise"

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = {_receiver(url): url for url in urls}
        for number, url in enumerate(urls, 1):
            _opened(url, number)

    def receivers(self, kind: str) -> list[str]:
        """See `Channel.receivers`."""
        return list(self._urls) if kind in TITLES else []

    def deliver(self, receiver: str, event: Event) -> None:
        """Send one message; to an address that is not in the settings any more, none.

        Raises:
            ServiceUnavailable: the service did not take it.
        """
        url = self._urls.get(receiver)
        if url is None:
            return
        if not _opened(url, 0).notify(title=f"docmill: {title_of(event)}", body=message_of(event)):
            raise ServiceUnavailable("the notification service did not take the message")


def tell(found: Settings, kind: str, event_id: str, facts: Mapping[str, str]) -> bool:
    """Tell everybody at once, past the outbox: for what may be wrong with the ledger itself. Returns whether somebody's service took it.

    Args:
        found: with DOCMILL_NOTIFY_URLS; without any nobody is told.
        kind: one of TITLES.
        event_id: the same for the same event.
        facts: words and numbers; no names and nothing of a document.
    """
    body = "\n".join([*(f"{name}: {value}" for name, value in facts.items()), f"event: {event_id}"])
    urls = found.notify_urls.get_secret_value().split() if found.notify_urls else []
    took_it = 0
    for number, url in enumerate(urls, 1):
        if _opened(url, number).notify(title=f"docmill: {TITLES[kind]}", body=body):
            took_it += 1
        else:
            log.warning("the notification service of URL %d did not take the message", number)
    return took_it > 0


def title_of(event: Event) -> str:
    """What it is about."""
    return FAILED_BATCH if event.kind == "batch.finished" and event.payload.get("failed") else TITLES[event.kind]


def message_of(event: Event) -> str:
    """The text: ids and states, and the event's id, which is the same however often it is sent."""
    told: Mapping[str, Any] = event.payload
    facts = [f"{name.removesuffix('_id')}: {told[name]}" for name in SHOWN if told.get(name) is not None]
    return "\n".join([*facts, f"event: {event.event_id}"])


def _receiver(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:32]


def _opened(url: str, number: int) -> Any:
    import apprise  # noqa: PLC0415 - loads in 0.5 s, only where somebody is told

    made = apprise.Apprise()
    if not made.add(url):
        raise SettingsInvalid(f"DOCMILL_NOTIFY_URLS: Apprise does not know the form of URL {number}")
    return made
