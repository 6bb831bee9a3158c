"""A Dask worker preload that makes every stage a no-op keeping small real artefacts, so that only the orchestration is measured.

Store, receipts, journal, markers, ledger, Dask and Prefect stay real; no cell is called.
"""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import TYPE_CHECKING

from docmill.services.milling import stages, work
from docmill.services.milling.receipts import Receipt
from docmill.values.keys import private_name, results_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docmill.services.milling.bench import Bench
    from docmill.services.milling.shard import Item

FACTS: dict[str, dict[str, str | int | float | bool | None]] = {
    "inspect": {"media_type": "text/plain", "page_count": 1, "einvoice": None},
    "read": {"source": "none", "confidence": 1.0, "words": 1},
    "understand": {"kind": "other", "fields": 0},
    "find_pii": {"spans": 0},
    "enrich": {},
    "validate": {"failed_checks": ""},
    "publish": {"outcome": "completed", "kind": "other", "problems": "[]"},
}
KEEPS = {"read": "page_words", "understand": "understanding", "find_pii": "spans", "enrich": "enrichment", "publish": "results"}


def _noop(bench: Bench, items: Sequence[tuple[Item, str]]) -> list[Receipt]:
    stage, made = bench.shard.stage, []
    for item, key in items:
        kept = ()
        if stage in KEEPS:
            tenant = bench.shard.tenant
            year, month, day = (int(part) for part in item.accepted_on.split("-"))
            name = private_name(tenant, stage, key)
            if stage == "publish":
                name = results_name(tenant, date(year, month, day), item.job_id)
            kept = (bench.keep(key, KEEPS[stage], name, b"{}", media_type="application/json", page=item.page or None),)
        made.append(Receipt(artefacts=kept, facts=FACTS[stage]))
    return made


def dask_setup(worker: object) -> None:
    """Called by Dask when the worker starts."""
    del worker
    works = {name: dataclasses.replace(stage, make=_noop) for name, stage in stages.STAGE_WORK.items()}
    work.STAGE_WORK = works  # type: ignore[assignment] # the benchmark's own copy
