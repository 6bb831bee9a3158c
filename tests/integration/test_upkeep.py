"""One sweep: a part that does not answer keeps no other from being mended, and is told."""

import pytest

from docmill.errors import StoreUnavailable
from docmill.services import upkeep

COUNTS = {"queued", "failed", "cancelled", "closed", "orders", "erasures", "withdrawn", "hidden"}


def test_there_is_nothing_to_do_at_first(room):
    assert upkeep.keep_up(room) == dict.fromkeys(COUNTS, 0)


@pytest.mark.parametrize("part", ["finish_orders", "sweep", "finish_erasures", "withdraw_promised", "withdraw_in_vain"])
def test_a_part_that_fails_is_told_after_the_others(room, monkeypatch, part):
    begun = []

    def noting(name):
        real = getattr(upkeep, name)

        def call(*args, **kwargs):
            begun.append(name)
            if name == part:
                raise StoreUnavailable("away")
            return real(*args, **kwargs)

        return call

    names = ["finish_orders", "sweep", "finish_erasures", "withdraw_promised", "withdraw_in_vain"]
    for name in names:
        monkeypatch.setattr(upkeep, name, noting(name))
    with pytest.raises(StoreUnavailable, match="away"):
        upkeep.keep_up(room)
    assert begun == names
