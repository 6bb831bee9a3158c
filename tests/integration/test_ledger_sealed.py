"""File names and client metadata are sealed in the ledger: nobody reads them without the key, and listing and searching work with it."""

import contextlib
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from docmill.services.batches import batch_jobs, create_batch, register_jobs
from docmill.services.documents import remill
from docmill.services.jobs import request_cancel
from docmill.services.ledger_key import KEY_FILE, seal_of
from docmill.services.uploads import waiting
from docmill.settings import Settings
from docmill.storage.ledger import Ledger, job_search, open_ledger, upgrade_ledger
from docmill.storage.ledger import jobs as job_rows
from docmill.storage.ledger.engine import SCHEMA_REVISION, make_engine
from docmill.storage.ledger.job_search import JobFilter
from docmill.storage.ledger.records import NewJob
from docmill.storage.ledger.seals import UNREADABLE, Seal
from docmill.storage.ledger.tables_jobs import BATCH_FILES, JOBS
from docmill.values.options import MillOptions

pytest_plugins = ("ledger_fixtures",)

SEAL = Seal(bytes(range(32)))
NAMES = ("Straße Filenamus.pdf", "other.pdf", "FILENAMUS again.pdf")
METADATA = {"patient": "Clientus Canarius"}


def registered(ledger: Ledger) -> str:
    batch_id = create_batch(ledger, "default", total_files=len(NAMES), submitted_by="local")
    files = [NewJob(f"{n:064x}", 10, "application/pdf", name, stored=True) for n, name in enumerate(NAMES)]
    register_jobs(ledger, "default", batch_id, files, MillOptions(), submitted_by="local", metadata=METADATA, plan_digest="p" * 64)
    return batch_id


def raw(url: str) -> str:
    engine = make_engine(url)
    with engine.connect() as conn:
        rows = [*conn.execute(sa.select(JOBS.c.file_name, JOBS.c.client_metadata)), *conn.execute(sa.select(BATCH_FILES.c.file_name))]
    engine.dispose()
    return repr(rows)


def names(ledger: Ledger, part: str, limit: int = 10) -> list[str]:
    with ledger.reading() as conn:
        return [job.name for job in job_search.search(conn, "default", JobFilter(name_part=part), limit=limit, before=None)]


def test_nothing_is_in_clear_and_everything_is_there_with_the_key(ledger_url: str) -> None:
    with contextlib.closing(open_ledger(ledger_url, seal=SEAL)) as ledger:
        batch_id = registered(ledger)
        kept = raw(ledger_url)
        assert kept.count("sealed1:") == 3 * len(NAMES)
        assert not [word for word in ("Filenamus", "FILENAMUS", "Clientus", "patient", "other") if word in kept]
        jobs = batch_jobs(ledger, "default", batch_id)
        assert tuple(job.name for job in jobs) == NAMES
        assert sorted(names(ledger, "filenamus")) == sorted((NAMES[0], NAMES[2]))
        assert names(ledger, "STRASSE") == [NAMES[0]]
        assert len(names(ledger, "filenamus", limit=1)) == 1
        assert names(ledger, "sealed1") == []
        with ledger.reading() as conn:
            (request,) = job_rows.requests(conn, "default", [jobs[0].job_id])
        assert (request.file_name, request.client_metadata) == (NAMES[0], METADATA)
        again = batch_jobs(
            ledger, "default", remill(ledger, "default", jobs[0].document_id, MillOptions(force=True), plan_digest=lambda _: "q" * 64)
        )
        assert [job.name for job in again] == [NAMES[0]]


def test_a_dispatched_batch_keeps_the_names_sealed(ledger_url: str) -> None:
    with contextlib.closing(open_ledger(ledger_url, seal=SEAL)) as ledger:
        registered(ledger)
        batch_id = create_batch(ledger, "default", total_files=len(NAMES), submitted_by="dispatcher")
        with ledger.transaction() as conn:
            waiting.point_to(
                conn, "default", batch_id, waiting.waiting_jobs(conn, "default", submitted_by="local", dispatcher="dispatcher", limit=9)
            )
        assert {job.name for job in batch_jobs(ledger, "default", batch_id)} == set(NAMES)
    assert "ilenamus" not in raw(ledger_url)


@pytest.mark.parametrize("seal", [Seal(b"x" * 32), None])
def test_another_key_shows_no_name_and_breaks_nothing(ledger_url: str, seal: Seal | None) -> None:
    with contextlib.closing(open_ledger(ledger_url, seal=SEAL)) as ledger:
        batch_id = registered(ledger)
    with contextlib.closing(open_ledger(ledger_url, seal=seal)) as ledger:
        assert {job.name for job in batch_jobs(ledger, "default", batch_id)} == {UNREADABLE}


def stamp(url: str, revision: str) -> None:
    engine = make_engine(url)
    with engine.connect() as plain, plain.execution_options(docmill_writes=True) as conn, conn.begin():
        conn.execute(sa.text(f"UPDATE alembic_version SET version_num = '{revision}'"))  # noqa: S608 - a test's own text
    engine.dispose()


def test_an_upgrade_seals_what_was_kept_in_clear(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import command

    real = command.upgrade
    monkeypatch.setattr(command, "upgrade", lambda config, _: real(config, "0003"))  # the tables of later migrations are there already
    with contextlib.closing(open_ledger(ledger_url)) as ledger:
        batch_id = registered(ledger)
        assert raw(ledger_url).count("ilenamus") == 2
    stamp(ledger_url, "0002")
    upgrade_ledger(ledger_url, SEAL)
    stamp(ledger_url, SCHEMA_REVISION)
    kept = raw(ledger_url)
    assert "ilenamus" not in kept
    assert kept.count("sealed1:") == 3 * len(NAMES)
    for file in (tmp_path / "home").glob("ledger.db*"):  # SQLite's free pages and journal hold nothing of it either
        assert b"ilenamus" not in file.read_bytes()
        assert b"Clientus" not in file.read_bytes()
    with contextlib.closing(open_ledger(ledger_url, seal=SEAL)) as ledger:
        jobs = batch_jobs(ledger, "default", batch_id)
        assert tuple(job.name for job in jobs) == NAMES
        with ledger.reading() as conn:
            (request,) = job_rows.requests(conn, "default", [jobs[0].job_id])
        assert request.client_metadata == METADATA
    stamp(ledger_url, "0002")
    upgrade_ledger(ledger_url, SEAL)  # again: what is sealed stays as it is
    stamp(ledger_url, SCHEMA_REVISION)
    assert raw(ledger_url) == kept


def test_the_key_is_made_once_and_may_come_from_the_settings(tmp_path: Path) -> None:
    closed = seal_of(Settings(home=tmp_path)).closed("a name")
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert seal_of(Settings(home=tmp_path)).opened(closed) == "a name"
    given = Settings(home=tmp_path, ledger_key="sixteen letters or more")
    assert seal_of(given).opened(closed) == UNREADABLE
    assert seal_of(given).opened(seal_of(given).closed("b")) == "b"
    assert seal_of(given).closed("b") != seal_of(given).closed("b")


def test_a_password_is_sealed_for_a_purpose_of_its_own_and_goes_with_the_end_of_its_job(ledger_url: str) -> None:
    with contextlib.closing(open_ledger(ledger_url, seal=SEAL)) as ledger:
        batch_id = create_batch(ledger, "default", total_files=2, submitted_by="local")
        files = [NewJob(f"{n:064x}", 10, media_type, "a", stored=True) for n, media_type in enumerate(("application/pdf", "image/png"), 1)]
        secret = SecretStr("Passwortus")
        register_jobs(ledger, "default", batch_id, files, MillOptions(), submitted_by="local", plan_digest="p" * 64, password=secret)
        pdf, picture = (job.job_id for job in batch_jobs(ledger, "default", batch_id))
        with ledger.reading() as conn:
            kept = dict(conn.execute(sa.select(JOBS.c.job_id, JOBS.c.password)).tuples().all())
            assert job_rows.passwords(conn, "default", [pdf, picture]) == {pdf: secret}
            assert job_rows.passwords(conn, "other", [pdf]) == {}
        assert kept[picture] is None
        assert kept[pdf].startswith("sealed1:")
        assert SEAL.opened(kept[pdf]) == UNREADABLE
        request_cancel(ledger, "default", pdf)
        with ledger.reading() as conn:
            assert job_rows.passwords(conn, "default", [pdf]) == {}
            assert conn.execute(sa.select(JOBS.c.password).where(JOBS.c.job_id == pdf)).scalar_one() is None
    with contextlib.closing(open_ledger(ledger_url, seal=Seal(bytes(32)))) as stranger, stranger.reading() as conn:
        assert job_rows.passwords(conn, "default", [pdf]) == {}
