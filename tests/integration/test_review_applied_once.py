"""A decision is applied exactly once: two runs at once, a lost lease, an application that failed, kill -9 anywhere on the way."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from review_decisions import by_name, decided, opened, versions
from review_papers import published, results_now, room_over
from review_tasks import TOTAL, tasks_of

from docmill.errors import Conflict, StoreUnavailable
from docmill.services import audit, jobs
from docmill.services.review.applying import Round, apply_decision, apply_waiting, waiting_decisions
from docmill.services.review.deciding import Answer
from docmill.storage.ledger import open_ledger, upgrade_ledger
from docmill.values.review import Verdict

__all__ = ["opened"]

pytest_plugins = ("ledger_fixtures",)


def test_two_runs_apply_at_once_and_one_does_it(work, opened, clock):
    published(opened, work, TOTAL)
    made = decided(opened, tasks_of(work)[0], Answer(Verdict.ACCEPTED))
    real = jobs.finish_jobs

    def meanwhile(*given):
        with pytest.raises(Conflict, match="another run is applying"):
            apply_decision(opened, made.decision_id, run_id="second")
        return real(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("docmill.services.review.applying.finish_jobs", meanwhile)
        assert apply_decision(opened, made.decision_id, run_id="first").is_new
    assert len(versions(work)) == 2


def test_a_decision_whose_application_failed_is_free_at_once_also_while_its_run_goes_on_with_others(work, opened, monkeypatch):
    published(opened, work, TOTAL)
    made = decided(opened, tasks_of(work)[0], Answer(Verdict.CORRECTED, "123.54"))

    def away(*_, **__):
        raise StoreUnavailable("away")

    monkeypatch.setattr("docmill.services.review.applying.rewritten_results", away)
    assert apply_waiting(opened, run_id="round") == Round(applied=0, left=1)
    monkeypatch.undo()
    other, _ = work.one(2)
    assert work.claim(other, run_id="round"), "its next work has a lease of its own"
    assert apply_decision(opened, made.decision_id, run_id="next").is_new


def test_a_run_whose_lease_was_lost_changes_nothing(work, opened, clock):
    published(opened, work, TOTAL)
    made = decided(opened, tasks_of(work)[0], Answer(Verdict.ACCEPTED))
    real = jobs.finish_jobs

    def meanwhile(*given):
        clock.pass_seconds(61)
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr("docmill.services.review.applying.finish_jobs", real)
            assert apply_decision(opened, made.decision_id, run_id="second").is_new
        return real(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("docmill.services.review.applying.finish_jobs", meanwhile)
        with pytest.raises(Conflict, match="taken over"):
            apply_decision(opened, made.decision_id, run_id="first")
    assert len(versions(work)) == 2


KILLED = """
import os, signal, sys
sys.path[:0] = {path!r}
from pathlib import Path
from docmill.storage.ledger import open_ledger
from docmill.services.review import applying
from review_papers import room_over
def die(*_given, **_more):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(applying, {where!r}, die)
applying.apply_decision(room_over(open_ledger({url!r}), Path({home!r})), {decision!r}, run_id="killed", lease_s=0.01)
"""

SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("_job_for", "_carry_out", "index_again", "_end")]


@pytest.mark.parametrize("where", ["claim_jobs", "finish_jobs", *SLOW])
def test_killed_between_decision_and_application_it_is_applied_exactly_once(tmp_path, where):
    """On SQLite, whose file a killed process leaves as it was; the real clock, because two processes share it."""
    from ledger_fixtures import Work

    url = f"sqlite:///{tmp_path / 'home' / 'ledger.db'}"
    upgrade_ledger(url)
    ledger = open_ledger(url)
    work = Work(ledger)
    room = room_over(ledger, tmp_path / "room")
    job = published(room, work, TOTAL)
    made = decided(room, tasks_of(work)[0], Answer(Verdict.CORRECTED, "123.54"), "local")
    script = KILLED.format(path=[str(Path(__file__).parents[2]), str(Path(__file__).parent)], where=where, url=url, home=str(tmp_path / "room"),
                           decision=made.decision_id)  # fmt: skip
    ended = subprocess.run([sys.executable, "-c", script], timeout=60, check=False, cwd=tmp_path, env=dict(os.environ))
    assert ended.returncode == -signal.SIGKILL
    assert len(versions(work)) == 1
    assert waiting_decisions(room) == [made.decision_id]

    applied = apply_decision(room, made.decision_id, run_id="after")
    assert applied.is_new
    assert not apply_decision(room, made.decision_id, run_id="again").is_new
    assert [one.number for one in versions(work)] == [1, 2]
    with ledger.reading() as conn:
        children = conn.execute(sa.text("SELECT count(*) FROM jobs WHERE parent_job_id IS NOT NULL")).scalar()
    assert children == 1
    assert by_name(results_now(room, work, job.document_id))["total"]["value"] == "123.54"
    assert audit.verify_streams(ledger, work.tenant) == {}
    ledger.close()
