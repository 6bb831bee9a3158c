"""What a redacted version hides is hidden, wherever the run dies that should have done it."""

import pytest
from shard_documents import begin
from test_canary import KEPT, WORDS, carried, chunk_texts, leaks, milled, patient, planted

from docmill.services.milling.work import mill_shard
from docmill.services.search import search_documents
from docmill.services.withdrawing import withdraw_promised
from docmill.storage.knowledge import lance
from docmill.storage.knowledge.ports import Query
from docmill.values.keys import withdrawals_prefix

__all__ = ["patient"]


class Died(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("redacted_dies", [True, False])
def test_what_a_run_that_died_should_have_hidden_goes_with_the_next_sweep(room, home, tmp_path, monkeypatch, redacted_dies):
    path = planted(tmp_path)
    late = begin(room, [path], redact=False, index=False)
    if redacted_dies:
        carried(late)
    else:
        milled(room, [path], redact=True, index=False)
    for name in ("withdraw_unredacted", "withdraw_promised"):  # the ledger knows of the end, and the process is gone
        monkeypatch.setattr(f"docmill.services.running.run.{name}", lambda *_: (_ for _ in ()).throw(Died))
    with pytest.raises(Died):
        milled(room, [path], redact=True, index=False) if redacted_dies else carried(late)
    assert any("store/public/" in line for line in leaks(home))
    assert withdraw_promised(room) > 0
    assert [line for line in leaks(home) if "store/" in line] == []
    assert list(room.store.list(withdrawals_prefix(room.tenant))) == []


def carried_to(run, shards, *stages):
    """Carry a run on until it comes to a shard of one of these stages; what is left of its shards."""
    while shards and not any(shard.stage in stages for shard in shards):
        shards = [after for shard in shards for after in run.fold(shard, mill_shard(shard, True))]
    return shards


@pytest.mark.parametrize("ends_last", ["open", "redacted"])
def test_chunks_that_a_late_open_attempt_put_into_the_place_of_redacted_ones_go(room, home, tmp_path, ends_last):
    path = planted(tmp_path)
    late = begin(room, [path], redact=False, index=True)
    redacted = begin(room, [path], redact=True, index=True)
    open_ones = carried_to(late, late.first_shards(), "index")
    redacted_ones = carried_to(redacted, redacted.first_shards(), "publish")
    if ends_last == "open":
        carried_to(redacted, redacted_ones)
    open_ones = carried_to(late, open_ones, "publish")  # indexed now
    if ends_last == "redacted":
        carried_to(redacted, redacted_ones)
    carried_to(late, open_ones)
    assert withdraw_promised(room) == 0
    assert leaks(home) == []
    assert [word for word in WORDS if word in chunk_texts(home)] == []
    found = search_documents(room, Query(text=KEPT)).results
    assert [KEPT in passage.text for passage in found] == [True]


def test_a_run_whose_index_is_away_goes_on_and_the_next_sweep_hides(room, home, tmp_path, monkeypatch):
    path = planted(tmp_path)
    late = begin(room, [path], redact=False, index=True)
    milled(room, [path], redact=True, index=True)

    def away(*_):
        raise OSError("the disk of the index is away")

    shards = carried_to(late, late.first_shards(), "publish")  # indexed now
    with monkeypatch.context() as broken:
        broken.setattr(lance, "_merge", away)
        carried_to(late, shards)
    assert any("knowledge/" in line for line in leaks(home)), "its chunks are still there, and so is the promise"
    withdraw_promised(room)
    assert leaks(home) == []
    assert [KEPT in passage.text for passage in search_documents(room, Query(text=KEPT)).results] == [True]
    assert list(room.store.list(withdrawals_prefix(room.tenant))) == []
