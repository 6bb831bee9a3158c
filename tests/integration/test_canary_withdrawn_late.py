"""What a redacted version hides is hidden, wherever the run dies that should have done it."""

import pytest
from shard_documents import begin
from test_canary import carried, leaks, milled, patient, planted

from docmill.errors import StoreUnavailable
from docmill.services.withdrawing import withdraw_promised
from docmill.values.keys import withdrawals_prefix

__all__ = ["patient"]


@pytest.mark.parametrize("redacted_dies", [True, False])
def test_what_a_run_that_died_should_have_hidden_goes_with_the_next_sweep(room, home, tmp_path, monkeypatch, redacted_dies):
    path = planted(tmp_path)
    late = begin(room, [path], redact=False, index=False)
    if redacted_dies:
        carried(late)
    else:
        milled(room, [path], redact=True, index=False)
    for name in ("withdraw_unredacted", "withdraw_promised"):  # the ledger knows of the end, and the process is gone
        monkeypatch.setattr(f"docmill.services.running.run.{name}", lambda *_: (_ for _ in ()).throw(StoreUnavailable))
    with pytest.raises(StoreUnavailable):
        milled(room, [path], redact=True, index=False) if redacted_dies else carried(late)
    assert any("store/public/" in line for line in leaks(home))
    assert withdraw_promised(room) > 0
    assert [line for line in leaks(home) if "store/" in line] == []
    assert list(room.store.list(withdrawals_prefix(room.tenant))) == []
