"""What a night did, looked at from outside with SQL of its own: how far it is, and whether the report that it wrote is true."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

FINAL = ("completed", "partial", "needs_review", "failed", "cancelled")


@dataclass
class Night:
    """One night.

    Args:
        ledger_url: PostgreSQL's.
        home: of docmill; its store is a folder below.
        documents: all files of the sources.
    """

    ledger_url: str
    home: Path
    documents: list[Path]
    began: float = field(default_factory=time.monotonic)
    before: int = 0

    def __post_init__(self) -> None:
        """Know what an earlier night has done."""
        self.before = self._final()

    def done(self) -> int:
        """Documents that this night brought to their ends."""
        return self._final() - self.before

    def minutes(self) -> float:
        """Since it began."""
        return (time.monotonic() - self.began) / 60

    def pages(self) -> int:
        """Pages of all jobs that know theirs."""
        return int(self._rows("SELECT coalesce(sum(page_count), 0) FROM jobs")[0][0])

    def states(self) -> Counter[str]:
        """Jobs by state."""
        return Counter(dict(self._rows("SELECT state, count(*) FROM jobs GROUP BY state")))

    def wrong(self) -> list[str]:
        """Everything in the newest report that the ledger, the store or the sources deny."""
        batch, name = self._rows("SELECT batch_id, report_object FROM batches ORDER BY created_at DESC LIMIT 1")[0]
        if not name:
            return ["there is no report"]
        report = json.loads((self.home / "store" / name).read_text())
        lines = [*report["results"], *report["failures"]]
        return [*self._against_ledger(batch, report, lines), *self._against_sources(lines), *self._against_store(lines)]

    def _against_ledger(self, batch: str, report: dict[str, Any], lines: list[dict[str, Any]]) -> list[str]:
        query = "SELECT DISTINCT j.job_id, j.state FROM jobs j JOIN batch_files f USING (tenant_id, job_id) WHERE f.batch_id = :batch"
        known = dict(self._rows(query, batch=batch))
        counted = Counter(known.values())
        wrong = [f"{state}: report {report[state]}, ledger {counted[state]}" for state in FINAL if report[state] != counted[state]]
        if report["unfinished"] or report["total_files"] != len(known):
            wrong.append(f"{report['unfinished']} unfinished; {report['total_files']} files in the report, {len(known)} jobs in the ledger")
        if {line["task_id"]: line["state"] for line in lines} != known:
            wrong.append("the report's lines are not the ledger's jobs")
        return wrong

    def _against_sources(self, lines: list[dict[str, Any]]) -> list[str]:
        digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in self.documents}
        told = [line["document_id"] for line in lines]
        known = dict(self._rows("SELECT sha256, document_id FROM documents"))
        wrong = [] if len(digests) == len(self.documents) else ["not all sources are distinct"]
        missing = [digest for digest in digests if known.get(digest) not in set(told)]
        if missing or len(told) != len(set(told)) or len(told) != len(digests):
            wrong.append(f"{len(missing)} sources are in no line; {len(told)} lines, {len(digests)} distinct sources")
        return wrong

    def _against_store(self, lines: list[dict[str, Any]]) -> list[str]:
        gone = [line for line in lines if line["results"] and not (self.home / "store" / line["results"]).is_file()]
        empty = [line for line in lines if line["state"] in {"completed", "partial", "needs_review"} and not line["results"]]
        return [f"{len(gone)} results are not in the store, {len(empty)} lines name none"] if gone or empty else []

    def _final(self) -> int:
        return int(self._rows("SELECT count(*) FROM jobs WHERE finished_at IS NOT NULL")[0][0])

    @cached_property
    def _engine(self) -> sa.Engine:
        return sa.create_engine(self.ledger_url)

    def _rows(self, query: str, **values: str) -> list[Any]:
        with self._engine.connect() as conn:
            return list(conn.execute(sa.text(query), values).all())


def told(night: Night, state: str) -> str:
    """How far it is and how quick, in two lines."""
    minutes, done, pages = night.minutes(), night.done(), night.pages()
    speed = (
        f"{done / 60 / minutes:.2f} documents/s, {pages / 60 / minutes:.2f} pages/s"
        if not night.before
        else f"{done / 60 / minutes:.2f} documents/s"
    )
    counts = ", ".join(f"{count} {name}" for name, count in sorted(night.states().items()))
    return f"{state.lower()} after {minutes:.1f} min: {done} of {len(night.documents)} documents done ({night.before} before), {speed}\n{counts}"
