"""Figures out of the ledger: what they count, and that they look only at what ended in their time; on both databases."""

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from docmill.services.operations import REVIEW
from docmill.storage.ledger import figures
from docmill.values.jobs import JobState

if TYPE_CHECKING:
    from ledger_fixtures import Clock, Work

pytest_plugins = ("ledger_fixtures",)

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


def test_ends_are_counted_by_the_hour(work: "Work", clock: "Clock") -> None:
    begins = [clock() + n * HOUR for n in range(3)]
    for n, seconds in enumerate((-1, 1, 3600, 3600)):  # one before the first hour, one at its beginning, two in the last
        clock.pass_seconds(seconds)
        work.mill(n)
    with work.ledger.reading() as conn:
        assert figures.ended_by_time(conn, work.tenant, begins) == [1, 1, 1]
        assert figures.ended_by_time(conn, work.tenant, begins[2:]) == [1]
        assert figures.ended_by_time(conn, "nobody", begins) == [0, 0, 0]


def test_a_document_counts_once_by_the_latest_job_that_ended(work: "Work", clock: "Clock") -> None:
    begun = clock()
    clock.pass_seconds(1)
    for state in (JobState.FAILED, JobState.FAILED, JobState.COMPLETED):
        work.mill(1, state, force=True)
        clock.pass_seconds(1)
    work.mill(2, JobState.NEEDS_REVIEW)
    work.one(2, force=True)  # milled anew; not over yet
    with work.ledger.reading() as conn:
        assert figures.ended_since(conn, work.tenant, begun) == {"completed": 1, "failed": 2, "needs_review": 1}
        found = figures.documents_since(conn, work.tenant, begun, review=REVIEW)
        assert sorted(found, key=str) == [("completed", None, 1), ("needs_review", None, 1)]
        assert figures.documents_since(conn, work.tenant, begun, review="local") == []


def test_the_job_that_ended_last_counts_and_not_the_one_that_was_accepted_last(work: "Work", clock: "Clock") -> None:
    begun = clock()
    clock.pass_seconds(1)
    of_the_night, _ = work.one(1, plan="a" * 64)
    (slow,) = work.claim(of_the_night)
    clock.pass_seconds(1)
    by_hand, _ = work.one(1, plan="b" * 64, force=True)
    (quick,) = work.claim(by_hand)
    for job, state in ((quick, JobState.COMPLETED), (slow, JobState.NEEDS_REVIEW)):
        clock.pass_seconds(60)
        work.finish(work.end(job, state))
    with work.ledger.reading() as conn:
        assert figures.documents_since(conn, work.tenant, begun, review=REVIEW) == [("needs_review", None, 1)]


QUERIES = {
    "ended": figures.ended_since,
    "documents": partial(figures.documents_since, review=REVIEW),
    "usage": figures.usage_since,
    "times": figures.times_since,
    "stages": figures.stage_seconds_since,
    "confidences": figures.ocr_confidences_since,
    "by time": lambda conn, tenant, since: figures.ended_by_time(conn, tenant, [since, since + HOUR]),
}


@pytest.mark.parametrize("name", QUERIES)
def test_figures_of_a_day_look_at_what_ended_in_it_and_not_at_all_jobs_ever(work: "Work", clock: "Clock", name: str) -> None:
    asked = []
    with work.ledger.reading() as conn:
        sa.event.listen(conn, "before_cursor_execute", lambda _c, _cursor, statement, given, *_: asked.append((statement, given)))
        QUERIES[name](conn, work.tenant, clock() - DAY)
    ((statement, given),) = (one for one in asked if one[0].startswith("SELECT"))
    with work.ledger.reading() as conn:
        explain = "EXPLAIN QUERY PLAN" if conn.dialect.name == "sqlite" else "EXPLAIN"
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("SET LOCAL enable_seqscan = off")  # an empty table is read whole in any case
        plan = [str(row) for row in conn.exec_driver_sql(f"{explain} {statement}", given)]
    assert [line for line in plan if "ix_jobs_tenant_id_finished_at" in line and "finished_at>" in line.replace(" ", "")] or [
        line for line in plan if "finished_at" in line and "Index Cond" in line
    ], plan
    assert not [line for line in plan if "SCAN jobs" in line], plan
