"""A Dask scheduler carries shards that it does not look into."""

import pytest
from dask_servers import DaskServers
from distributed import Client
from shard_documents import begin, write_text

from blocks.cluster_runner import ClusterRunner
from blocks.runners import RunSignals
from docmill.values.jobs import ItemStatus

LOADED = "sorted(name for name in __import__('sys').modules if name.split('.')[0] in {'docmill', 'blocks', 'pydantic'})"
"""Asked as text: a function of this module would make the scheduler load what this module loads."""


@pytest.mark.slow
def test_a_scheduler_loads_nothing_of_docmill_but_the_envelope(room, tmp_path):
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(3)], index=False)
    signals = RunSignals(still_s=lambda: 0.0, longest_item_s=lambda: 0.0)
    with DaskServers(tmp_path / "dask", workers=1) as dask, Client(dask.address, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=60)
        runner, waiting = ClusterRunner(client, stall_s=60, workers=1), run.first_shards()
        for _ in range(50):
            if not waiting:
                break
            shard = waiting.pop()
            report = runner.run(shard, signals, last_try=True)
            assert {outcome.status for outcome in report.outcomes} == {ItemStatus.DONE}
            waiting += run.fold(shard, report)
        assert not run.tracked, "all documents came to their ends"
        assert client.run_on_scheduler(eval, LOADED) == ["docmill", "docmill.carried"]
