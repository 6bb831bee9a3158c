"""Ids of the ledger: unique whoever asks in the same millisecond, in the order of time and of the call."""

from datetime import UTC, datetime, timedelta

from docmill.storage.ledger.ids import new_id, new_ids

NOW = datetime(2026, 3, 4, 12, 0, 0, 5000, tzinfo=UTC)


def test_calls_within_one_millisecond_never_give_the_same_id() -> None:
    made = [name for count in (3, 1, 2, 500, 1) for name in new_ids(count, NOW)]
    assert len(set(made)) == len(made) == 507
    assert made == sorted(made)
    assert {len(name) for name in made} == {26}
    assert len({name[:10] for name in made}) == 1


def test_ids_sort_by_time_and_by_their_order() -> None:
    made = new_ids(100, NOW)
    assert made == sorted(made)
    assert new_id(NOW - timedelta(milliseconds=1)) < made[0] < made[-1] < new_id(NOW + timedelta(milliseconds=1))
