"""Fixtures of a real ledger, once on SQLite and once on PostgreSQL, with a clock that tests move. Loaded by `pytest_plugins`."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from fresh_ledgers import fresh_ledger

from docmill.errors import DocmillError
from docmill.services import batches, jobs
from docmill.services.batches import NewJob, Registration
from docmill.storage.ledger import Ledger, open_ledger, upgrade_ledger
from docmill.storage.ledger.engine import make_engine
from docmill.storage.ledger.states import GOOD_STATES
from docmill.storage.ledger.tables import METADATA
from docmill.values.jobs import Artefact, ClaimedJob, ItemOutcome, ItemStatus, JobEnd, JobProgress, JobState, JobView
from docmill.values.keys import digest
from docmill.values.options import MillOptions
from docmill.values.outcome import Outcome, OutcomeName, Problem

if TYPE_CHECKING:  # pytest loads the module itself, as a plugin
    from postgres_server import PostgresServer

pytest_plugins = ("postgres_server",)


TENANT = "default"
PLAN = "a" * 64


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.instant

    def pass_seconds(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)


class Work:
    """A tenant's work in a ledger, in the words of the tests. File n always has the same bytes."""

    tenant = TENANT
    plan = PLAN

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._runs = count(1)

    def file(self, n: int, *, name: str | None = None, error: DocmillError | None = None) -> NewJob:
        sha256 = hashlib.sha256(str(n).encode()).hexdigest()
        return NewJob(sha256, 100 + n, "application/pdf", name or f"file-{n}.pdf", stored=error is None, error=error)

    def batch(self, total_files: int = 1) -> str:
        return batches.create_batch(self.ledger, TENANT, total_files=total_files, submitted_by="local")

    def register(self, batch_id: str, *files: NewJob, force: bool = False, plan: str = PLAN, **more: Any) -> list[Registration]:
        options = MillOptions(force=force)
        return batches.register_jobs(self.ledger, TENANT, batch_id, files, options, submitted_by="local", plan_digest=plan, **more)

    def one(self, n: int = 1, *, force: bool = False, plan: str = PLAN) -> tuple[str, Registration]:
        """Register file n in a batch of its own."""
        batch_id = self.batch()
        return batch_id, self.register(batch_id, self.file(n), force=force, plan=plan)[0]

    def claim(self, batch_id: str, *, run_id: str | None = None, lease_s: float = 30) -> list[ClaimedJob]:
        return jobs.claim_jobs(self.ledger, TENANT, batch_id, run_id=run_id or f"run-{next(self._runs)}", lease_s=lease_s)

    def artefact(self, job: ClaimedJob, name: str = "text", *, prefix: str = "public", page: int | None = None) -> Artefact:
        key = digest(job.document_id, name, page)
        object_name = f"{prefix}/{TENANT}/publish/{key[:2]}/{key}.txt"
        return Artefact(
            stage="publish", name=name, key=key, object_name=object_name, media_type="text/plain", size_bytes=9, sha256="e" * 64, page=page
        )

    def end(self, job: ClaimedJob, state: JobState = JobState.COMPLETED, *problems: Problem, fence: int | None = None) -> JobEnd:
        results = self.artefact(job, f"results-{job.job_id}") if state in GOOD_STATES else None
        name = OutcomeName(state) if state is not JobState.CANCELLED else OutcomeName.FAILED
        return JobEnd(
            job_id=job.job_id,
            document_id=job.document_id,
            fence=job.fence if fence is None else fence,
            state=state,
            outcome=Outcome(name=name, problems=problems),
            results=results,
            published=(self.artefact(job),) if results else (),
            kind="invoice",
            page_count=2,
            seconds=1.5,
        )

    def finish(self, *ends: JobEnd) -> list[str]:
        return jobs.finish_jobs(self.ledger, TENANT, ends)

    def view(self, job_id: str) -> JobView:
        return jobs.job_view(self.ledger, TENANT, job_id)

    def mill(self, n: int = 1, state: JobState = JobState.COMPLETED, *, force: bool = False, plan: str = PLAN) -> ClaimedJob:
        """Register file n, claim it and end its job in a state."""
        batch_id, _ = self.one(n, force=force, plan=plan)
        (job,) = self.claim(batch_id)
        assert self.finish(self.end(job, state)) == []
        return job

    def outcome(self, job: ClaimedJob, item: str = "document", *artefacts: Artefact, **facts: Any) -> ItemOutcome:
        return ItemOutcome(
            job_id=job.job_id,
            document_id=job.document_id,
            stage="read",
            item=item,
            status=ItemStatus.DONE,
            artefacts=artefacts,
            facts=facts,
        )

    def progress(self, job: ClaimedJob, progress: int, *, fence: int | None = None) -> JobProgress:
        return JobProgress(
            job.job_id, job.fence if fence is None else fence, "read", progress, f"reading page {progress}/100", progress, 100
        )

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables, to see that nothing has changed."""
        with self.ledger.reading() as conn:
            return {
                name: sorted((tuple(row) for row in conn.execute(table.select())), key=repr)
                for name, table in sorted(METADATA.tables.items())
            }


@pytest.fixture(scope="session")
def postgres_ledger_url(postgres_server: "PostgresServer") -> str:
    """One database for all tests: making one for each would take longer than the tests."""
    url = postgres_server.url(postgres_server.new_database())
    upgrade_ledger(url)
    return url


def emptied(url: str) -> str:
    """The ledger at `url` as the migration left it."""
    engine = make_engine(url)
    with engine.begin() as conn:
        conn.exec_driver_sql("SET LOCAL session_replication_role = replica")  # no triggers, no foreign keys
        for table in METADATA.tables.values():
            is_made_later = sa.true() if table.name not in {"tenants", "users"} else table.c.tenant_id != TENANT
            if table.name == "users":
                is_made_later |= table.c.user_id != "local"
            conn.execute(table.delete().where(is_made_later))
        conn.exec_driver_sql("ALTER TABLE audit_events ENABLE TRIGGER USER")
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home' / 'ledger.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.url(server.new_database())


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty ledger."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'home' / 'ledger.db'}"
        fresh_ledger(url)
        return url
    return emptied(request.getfixturevalue("postgres_ledger_url"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(ledger_url: str, clock: Clock) -> Iterator[Ledger]:
    opened = open_ledger(ledger_url, now=clock)
    yield opened
    opened.close()


@pytest.fixture
def work(ledger: Ledger) -> Work:
    return Work(ledger)


def running(work: Work, n: int = 1, *, run_id: str = "run") -> ClaimedJob:
    """File n in a batch of its own, claimed by a run."""
    batch_id, _ = work.one(n)
    (job,) = work.claim(batch_id, run_id=run_id)
    return job
