"""The hash of an audit event, and which job state may follow which."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from docmill.storage.ledger.audit import NO_HASH, event_hash
from docmill.storage.ledger.ids import new_ids
from docmill.storage.ledger.states import may_follow
from docmill.storage.ledger.texts import storable, storable_json
from docmill.values.jobs import JobState

EVENT: dict[str, Any] = {
    "prev_hash": NO_HASH,
    "tenant_id": "default",
    "stream": "d1",
    "seq": 1,
    "kind": "job.accepted",
    "at": datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC),
    "facts": {"job_id": "j1", "problems": 0},
}


def test_the_hash_is_that_of_the_canonical_json() -> None:
    body = [NO_HASH, "default", "d1", 1, "job.accepted", "2026-03-01T12:00:00.000005+00:00", {"job_id": "j1", "problems": 0}]
    assert event_hash(EVENT) == hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def test_the_same_event_in_another_zone_or_order_has_the_same_hash() -> None:
    elsewhere = EVENT["at"].astimezone(timezone(timedelta(hours=9)))
    assert event_hash(EVENT | {"at": elsewhere, "facts": {"problems": 0, "job_id": "j1"}}) == event_hash(EVENT)


@pytest.mark.parametrize(
    "change",
    [
        {"prev_hash": "1" * 64},
        {"tenant_id": "t"},
        {"stream": "d2"},
        {"seq": 2},
        {"kind": "k"},
        {"at": datetime(2026, 3, 2, tzinfo=UTC)},
        {"facts": {}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_part_counts(change: dict[str, Any]) -> None:
    assert event_hash(EVENT | change) != event_hash(EVENT)


LEGAL = {
    "accepted": {"running", "failed", "cancelled"},
    "running": {"cancelling", "completed", "partial", "needs_review", "failed", "cancelled"},
    "cancelling": {"completed", "partial", "needs_review", "failed", "cancelled"},
}


@pytest.mark.parametrize("old", JobState)
@pytest.mark.parametrize("new", JobState)
def test_which_state_may_follow(old: JobState, new: JobState) -> None:
    assert may_follow(old, new) is (new.value in LEGAL.get(old.value, set()))


def test_ids_of_one_moment_sort_in_order_and_differ() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    ids = [*new_ids(1000, early), *new_ids(2, late)]
    assert ids == sorted(set(ids))
    assert {len(i) for i in ids} == {26}
    assert all(i == i.lower() for i in ids)


def test_storable_texts() -> None:
    assert storable("a\0b\udce4ü€") == "ab?ü€"
    assert storable_json({"a\0": ["\ud800", 1, None, {"x": "\0y"}]}) == {"a": ["?", 1, None, {"x": "y"}]}
