"""Milling on a worker: one stage over one shard. Runs in a Dask worker or in the flow process, never touches the ledger, knows no Prefect.

Belongs here: skipping what is there, the attempt journal, calling the cell, keeping artefacts and receipts, outcome markers, stopping. Does not
belong here: what a stage does inside (docmill.stages), planning and ledger (docmill.services.running).

The package itself has what is sent and what comes back; `work.mill_shard` does it, and loads the stages, which commands that mill nothing should not.
"""

from docmill.services.milling.shard import Item, MillLimits, Shard, ShardReport

__all__ = ["Item", "MillLimits", "Shard", "ShardReport"]
