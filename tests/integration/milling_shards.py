"""Shards of real documents up to a wanted stage, what their reports say, a room whose store fails on purpose, tries left in the journal."""

import dataclasses

import pytest
from faulty_store import FAULTS, HOLDS, use_faulty_store

from docmill.services.milling.work import mill_shard


def inspected(run):
    """Mill and fold the inspection; the shards of reading."""
    return [after for shard in run.first_shards() for after in run.fold(shard, mill_shard(shard, True))]


def at_stage(run, stage):
    """A shard of a later stage over what the run has read; the stages between are left out."""
    (shard,) = inspected(run)
    (after,) = run.fold(shard, mill_shard(shard, True))
    return dataclasses.replace(after, stage=stage)


def statuses(report):
    return {outcome.item: outcome.status for outcome in report.outcomes}


def codes(report):
    return {outcome.item: outcome.error_code for outcome in report.outcomes}


def with_limits(shard, **limits):
    return dataclasses.replace(shard, limits=dataclasses.replace(shard.limits, **limits))


@pytest.fixture
def faulty_room(home, monkeypatch, tmp_path):
    use_faulty_store(monkeypatch, tmp_path / "objects")
    from fresh_ledgers import fresh_ledger

    from docmill.services.running.room import Room
    from docmill.settings import settings

    home.mkdir(mode=0o700)
    settings.cache_clear()
    fresh_ledger(settings().resolved_ledger_url)
    opened = Room.open(settings())
    yield opened
    FAULTS.clear()
    HOLDS.clear()
    opened.close()


def left_begun(room, item, stage, numbers, cut=()):
    prefix = f"private/{room.tenant}/journal/{item.job_id}/{stage}-{item.name}/{item.count}"
    for number in numbers:
        room.store.create(f"{prefix}-{number}.begun", b"1.0 1")
    for number in cut:
        room.store.create(f"{prefix}-{number}.cut", b"")
