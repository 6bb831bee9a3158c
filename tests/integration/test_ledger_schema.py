"""The ledger's schema: upgrade, drift, what it refuses, and what its errors become."""

import socket
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from docmill.errors import Conflict, DocmillError, LedgerOutdated, LedgerUnavailable, SettingsInvalid
from docmill.storage.ledger import Ledger, open_ledger, upgrade_ledger
from docmill.storage.ledger import engine as engine_module
from docmill.storage.ledger.engine import SCHEMA_REVISION, make_engine
from docmill.storage.ledger.tables import METADATA, utc_now
from docmill.storage.ledger.tables_accounts import TENANTS, USERS
from docmill.storage.ledger.tables_events import AUDIT_EVENTS, OUTBOX
from docmill.storage.ledger.tables_jobs import DOCUMENTS
from docmill.storage.ledger.tables_learning import MODEL_USES, MODELS
from docmill.storage.ledger.tables_purchasing import PURCHASE_ORDERS
from docmill.storage.ledger.tables_results import ARTEFACTS
from docmill.storage.ledger.tables_review import REVIEW_TASKS
from docmill.storage.ledger.upgrade import MIGRATIONS

if TYPE_CHECKING:
    from ledger_fixtures import Clock

pytest_plugins = ("ledger_fixtures",)


def test_upgrade_from_empty_works_twice(empty_url: str) -> None:
    upgrade_ledger(empty_url)
    upgrade_ledger(empty_url)
    ledger = open_ledger(empty_url)
    with ledger.reading() as conn:
        assert conn.execute(sa.select(USERS.c.tenant_id, USERS.c.user_id, USERS.c.role)).all() == [("default", "local", "admin")]
        assert conn.execute(sa.select(USERS.c.created_at)).scalar_one().utcoffset() is not None
    ledger.close()


def test_two_upgrades_at_once(empty_url: str) -> None:
    failures: list[BaseException] = []

    def upgrade() -> None:
        try:
            upgrade_ledger(empty_url)
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            failures.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    open_ledger(empty_url).close()


def test_a_new_file_may_be_opened_by_several_at_once(tmp_path: Path) -> None:
    """SQLite refuses to switch to WAL while somebody else does, and does not wait."""
    refused: list[BaseException] = []

    def connect(url: str, together: threading.Barrier) -> None:
        engine = make_engine(url)
        together.wait(10)
        try:
            engine.connect().close()
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            refused.append(error)
        engine.dispose()

    for n in range(100):
        together = threading.Barrier(4)
        threads = [threading.Thread(target=connect, args=(f"sqlite:///{tmp_path}/{n}.db", together)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert refused == []


def test_migrations_make_the_tables_that_the_code_knows(ledger_url: str) -> None:
    engine = make_engine(ledger_url)
    with engine.connect() as conn:
        differences = compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), METADATA)
        for table in METADATA.tables.values():
            checks = {check["name"] for check in sa.inspect(conn).get_check_constraints(table.name)}
            assert checks == {str(c.name) for c in table.constraints if isinstance(c, sa.CheckConstraint)}, table.name
    engine.dispose()
    assert differences == []


def test_every_table_carries_the_tenant() -> None:
    assert {ARTEFACTS.name, PURCHASE_ORDERS.name, REVIEW_TASKS.name} <= set(METADATA.tables)
    assert len(METADATA.tables) == 30
    for table in METADATA.tables.values():
        assert next(iter(table.primary_key)).name == "tenant_id", table.name


def test_known_revision_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_REVISION


def test_a_new_learner_leaves_versions_of_models_as_they_were(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = command.upgrade
    monkeypatch.setattr(command, "upgrade", lambda config, _: real(config, "0010"))
    upgrade_ledger(empty_url)
    monkeypatch.undo()
    at = utc_now()
    model = {"tenant_id": "default", "model_id": "m", "learner": "kinds", "number": 1, "object_name": "o", "sha256": "s",
             "metrics": {"right": 0.5}, "is_better": True, "created_at": at}  # fmt: skip
    use = {"tenant_id": "default", "use_id": "u", "learner": "kinds", "model_id": "m", "reason": "promoted", "said_by": "local", "at": at}
    engine = make_engine(empty_url)
    with engine.begin() as conn:
        conn.execute(MODELS.insert(), model)
        conn.execute(MODEL_USES.insert(), use)
    with pytest.raises(sa.exc.DBAPIError), engine.begin() as conn:
        conn.execute(MODELS.insert(), model | {"model_id": "r", "learner": "ranker"})
    upgrade_ledger(empty_url)
    with engine.begin() as conn:
        assert [dict(row) for row in conn.execute(sa.select(MODELS)).mappings()] == [model]
        assert [dict(row) for row in conn.execute(sa.select(MODEL_USES)).mappings()] == [use]
        conn.execute(MODELS.insert(), model | {"model_id": "r", "learner": "ranker"})
        conn.execute(MODEL_USES.insert(), use | {"use_id": "v", "learner": "ranker", "model_id": "r"})
    with pytest.raises(sa.exc.DBAPIError), engine.begin() as conn:
        conn.execute(MODEL_USES.insert(), use | {"use_id": "w", "model_id": "nobody"})
    engine.dispose()


def test_a_ledger_without_schema_or_of_another_revision_is_outdated(empty_url: str) -> None:
    with pytest.raises(LedgerOutdated):
        open_ledger(empty_url)
    upgrade_ledger(empty_url)
    engine = make_engine(empty_url)
    with engine.begin() as conn:
        conn.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    engine.dispose()
    with pytest.raises(LedgerOutdated, match="0000"):
        open_ledger(empty_url)


def test_opening_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(LedgerOutdated):
        open_ledger(f"sqlite:///{tmp_path / 'none' / 'ledger.db'}")
    assert list(tmp_path.iterdir()) == []


def test_sqlite_file_is_for_its_owner_only(tmp_path: Path) -> None:
    place = tmp_path / "home" / "ledger.db"
    upgrade_ledger(f"sqlite:///{place}")
    ledger = open_ledger(f"sqlite:///{place}")
    with ledger.transaction() as conn:
        conn.execute(TENANTS.insert(), {"tenant_id": "t", "name": "t", "created_at": ledger.now()})
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in place.parent.iterdir()}
        assert conn.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
        assert conn.execute(sa.text("PRAGMA foreign_keys")).scalar() == 1
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    ledger.close()


def test_upgrade_leaves_the_mode_of_a_folder_that_was_there(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    upgrade_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "postgresql+psycopg://x/y"])
def test_urls_that_cannot_be_used(url: str) -> None:
    with pytest.raises(SettingsInvalid):
        open_ledger(url)


def test_no_server_is_unavailable() -> None:
    with pytest.raises(LedgerUnavailable):
        open_ledger("postgresql+pg8000://docmill:hunter2@127.0.0.1:9/none")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request"], ids=["hangs up", "another protocol"])
def test_what_is_no_postgresql_is_unavailable(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_once() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(answer)

        thread = threading.Thread(target=answer_once)
        thread.start()
        with pytest.raises(LedgerUnavailable):
            open_ledger(f"postgresql+pg8000://docmill@127.0.0.1:{server.getsockname()[1]}/x")
        thread.join()


def test_a_silent_server_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "ANSWER_LIMIT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(LedgerUnavailable):
        open_ledger(f"postgresql+pg8000://docmill@127.0.0.1:{server.getsockname()[1]}/x")


def test_a_lost_connection_is_unavailable_and_the_next_transaction_finds_another(
    postgres_ledger_url: str,
) -> None:
    ledger = open_ledger(postgres_ledger_url)
    with pytest.raises(LedgerUnavailable), ledger.transaction() as conn:
        conn.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with ledger.transaction() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(USERS)).scalar_one() == 1
    ledger.close()


def test_wrong_password_stays_out_of_the_message() -> None:
    with pytest.raises(LedgerUnavailable) as caught:
        open_ledger("postgresql://docmill:hunter2@127.0.0.1:9/none")
    assert "hunter2" not in str(caught.value)


def test_constraint_becomes_conflict_without_values(ledger: Ledger) -> None:
    row = {"tenant_id": "secret-tenant", "name": "secret name", "created_at": ledger.now()}
    with ledger.transaction() as conn:
        conn.execute(TENANTS.insert(), row)
    with pytest.raises(Conflict) as caught, ledger.transaction() as conn:
        conn.execute(TENANTS.insert(), row)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_missing_table_becomes_outdated_and_nonsense_is_no_reason_to_retry(ledger: Ledger) -> None:
    with pytest.raises(LedgerOutdated), ledger.reading() as conn:
        conn.execute(sa.text("SELECT 1 FROM nowhere"))
    with pytest.raises(DocmillError) as caught, ledger.reading() as conn:
        conn.execute(sa.text("SELEKT 1"))
    assert caught.value.code == "stage_failed"


def test_a_transaction_is_rolled_back_whole(ledger: Ledger) -> None:
    row = {"tenant_id": "t", "name": "t", "created_at": ledger.now()}
    with pytest.raises(Conflict), ledger.transaction() as conn:
        conn.execute(TENANTS.insert(), row)
        conn.execute(TENANTS.insert(), row)
    with ledger.reading() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(TENANTS)).scalar_one() == 1


@pytest.mark.parametrize(
    ("column", "value"), [("current_fence", 9), ("current_fence", -1), ("tenant_id", "nobody")], ids=["ahead", "negative", "tenant"]
)
def test_the_schema_refuses_impossible_documents(ledger: Ledger, column: str, value: object) -> None:
    row = {
        "tenant_id": "default", "document_id": "d", "sha256": "0" * 64, "size_bytes": 1, "media_type": "x", "stored": True,
        "created_at": ledger.now(), "current_fence": 0, "next_fence": 0, "versions": 0, "count": 0,
    }  # fmt: skip
    with ledger.transaction() as conn:
        conn.execute(DOCUMENTS.insert(), row | {"document_id": "good", "sha256": "1" * 64})
    with pytest.raises(Conflict), ledger.transaction() as conn:
        conn.execute(DOCUMENTS.insert(), row | {column: value})


def test_times_are_aware_and_naive_ones_are_refused(ledger: Ledger, clock: "Clock") -> None:
    row = {"tenant_id": "default", "event_id": "e", "kind": "k", "payload": {}, "created_at": clock(), "next_try": clock(), "tries": 0}
    with ledger.transaction() as conn:
        conn.execute(OUTBOX.insert(), row)
        assert conn.execute(sa.select(OUTBOX.c.next_try)).scalar_one() == clock()
    with pytest.raises(DocmillError), ledger.transaction() as conn:
        conn.execute(OUTBOX.insert(), row | {"event_id": "f", "next_try": clock().replace(tzinfo=None)})


@pytest.mark.parametrize("statement", [AUDIT_EVENTS.update().values(kind="other"), AUDIT_EVENTS.delete()], ids=["update", "delete"])
def test_audit_events_cannot_be_changed(ledger: Ledger, statement: sa.Update | sa.Delete) -> None:
    row = {"tenant_id": "default", "stream": "s", "seq": 1, "kind": "k", "facts": {}, "prev_hash": "0", "hash": "1", "at": ledger.now()}
    with ledger.transaction() as conn:
        conn.execute(AUDIT_EVENTS.insert(), row)
    with pytest.raises(Conflict), ledger.transaction() as conn:
        conn.execute(statement)
