"""The audit trail: any flipped byte, removed, reordered or rewritten event is found; signatures; export. By editing the database."""

import csv
import json
import random
import sqlite3
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from docmill.errors import Conflict
from docmill.services import audit
from docmill.services.audit_signing import PUBLIC_FILE, SECRET_FILE, sign_heads
from docmill.services.certificate_keys import read_public_key
from docmill.storage.ledger.audit import NO_HASH, event_hash
from docmill.storage.ledger.engine import make_engine
from docmill.storage.ledger.tables_events import AUDIT_EVENTS, AUDIT_HEADS, AUDIT_SIGNATURES

pytest_plugins = ("ledger_fixtures",)
TEXTS = ("stream", "kind", "at", "facts", "prev_hash", "hash")


@contextmanager
def intruder(url):
    """Somebody who owns the database and takes the triggers away."""
    engine = make_engine(url)
    with engine.begin() as conn:
        if conn.dialect.name == "sqlite":
            for name in ("update", "delete"):
                conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_events_no_{name}")
        else:
            conn.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield conn
    engine.dispose()


@pytest.fixture
def milled(work):
    for n in range(3):
        work.mill(n)
    return work


def rows(conn):
    return [dict(row) for row in conn.execute(sa.select(AUDIT_EVENTS).order_by(AUDIT_EVENTS.c.stream, AUDIT_EVENTS.c.seq)).mappings()]


def here(row):
    return (AUDIT_EVENTS.c.stream == row["stream"]) & (AUDIT_EVENTS.c.seq == row["seq"])


def broken(work):
    return audit.verify(work.ledger, work.tenant).broken


def test_an_untouched_trail_holds_and_says_what_is_unsigned(milled, tmp_path, clock):
    found = audit.verify(milled.ledger, milled.tenant)
    assert (found.broken, found.signatures, found.signed_at, found.unsigned_events) == ((), 0, None, found.events)
    assert found.streams >= 6
    made = sign_heads(milled.ledger, milled.tenant, tmp_path)
    assert made.number == 1
    assert sign_heads(milled.ledger, milled.tenant, tmp_path) is None
    clock.pass_seconds(7200)
    milled.mill(9)
    assert audit.verify(milled.ledger, milled.tenant).unsigned_events > 0
    second = sign_heads(milled.ledger, milled.tenant, tmp_path)
    assert second.number == 2
    clock.pass_seconds(7200)
    milled.mill(10)
    assert sign_heads(milled.ledger, milled.tenant, tmp_path).streams == 4  # what moved since an hour before the last one
    after = audit.verify(milled.ledger, milled.tenant)
    assert (after.broken, after.signatures, after.unsigned_events) == ((), 3, 0)
    assert (tmp_path / SECRET_FILE).stat().st_mode & 0o777 == 0o600


def test_every_flipped_byte_of_an_event_is_found(milled, ledger_url):
    if not ledger_url.startswith("sqlite"):
        pytest.skip("bytes of a row can be written as they are on SQLite only")
    dice = random.Random(7)  # noqa: S311 - which bit is flipped, no secret
    with intruder(ledger_url) as conn:
        row = rows(conn)[3]
    db = sqlite3.connect(ledger_url.removeprefix("sqlite:///"), isolation_level=None)
    place = db.execute("SELECT rowid FROM audit_events WHERE stream = ? AND seq = ?", (row["stream"], row["seq"])).fetchone()[0]
    seen = 0
    for column in TEXTS:
        change = f"UPDATE audit_events SET {column} = CAST(? AS TEXT) WHERE rowid = ?"  # noqa: S608 - a name from the list above
        data = db.execute(f"SELECT CAST({column} AS BLOB) FROM audit_events WHERE rowid = ?", (place,)).fetchone()[0]  # noqa: S608 - as above
        for at in range(len(data)):
            flipped = bytearray(data)
            flipped[at] ^= 1 << dice.randrange(8)
            db.execute(change, (bytes(flipped), place))
            assert audit.verify_stream(milled.ledger, milled.tenant, row["stream"]), f"byte {at} of {column}"
            db.execute(change, (data, place))
            seen += 1
    db.close()
    assert seen > 250
    assert broken(milled) == ()


@pytest.mark.parametrize(("column", "old", "new"), [("facts", ": ", ":\t"), ("facts", "{", "{ "), ("at", " ", "T"), ("at", "-0", "-")])
def test_a_text_that_means_the_same_is_another_text(milled, ledger_url, column, old, new):
    if not ledger_url.startswith("sqlite"):
        pytest.skip("PostgreSQL keeps times and numbers in one form only, and JSON as it came")
    db = sqlite3.connect(ledger_url.removeprefix("sqlite:///"), isolation_level=None)
    db.execute("DROP TRIGGER audit_events_no_update")
    stream, seq, kept = db.execute(f"SELECT stream, seq, CAST({column} AS TEXT) FROM audit_events WHERE seq = 1").fetchone()  # noqa: S608 - from the list above
    db.execute(f"UPDATE audit_events SET {column} = ? WHERE stream = ? AND seq = ?", (kept.replace(old, new, 1), stream, seq))  # noqa: S608 - as above
    db.close()
    assert audit.verify_stream(milled.ledger, milled.tenant, stream) == 1


def test_a_removed_event_a_cut_tail_and_a_removed_stream_are_found(milled, ledger_url, tmp_path):
    sign_heads(milled.ledger, milled.tenant, tmp_path)
    with intruder(ledger_url) as conn:
        all_rows = rows(conn)
    for row in all_rows[::2]:
        with intruder(ledger_url) as conn:
            conn.execute(sa.delete(AUDIT_EVENTS).where(here(row)))
        assert (row["stream"], row["seq"]) in {(b.stream, b.seq) for b in broken(milled)}
        with intruder(ledger_url) as conn:
            conn.execute(sa.insert(AUDIT_EVENTS), row)
    stream = all_rows[0]["stream"]
    with intruder(ledger_url) as conn:
        for table in (AUDIT_EVENTS, AUDIT_HEADS):
            conn.execute(sa.delete(table).where(table.c.stream == stream))
    assert {b.stream for b in broken(milled)} == {stream}


def test_swapped_events_are_found(milled, ledger_url):
    with intruder(ledger_url) as conn:
        stream = next(r["stream"] for r in rows(conn) if r["seq"] == 3)
        first, second = [r for r in rows(conn) if r["stream"] == stream][:2]
        for row, other in ((first, second), (second, first)):
            change = {name: other[name] for name in ("kind", "at", "facts", "hash", "prev_hash")}
            conn.execute(sa.update(AUDIT_EVENTS).where(here(row)).values(change))
    assert [(b.stream, b.seq) for b in broken(milled)] == [(stream, 1)]


def rewrite(conn, stream):
    """Change the first event of a stream and mend the whole chain and its head after it, as an intruder who knows docmill would."""
    before = NO_HASH
    for row in [r for r in rows(conn) if r["stream"] == stream]:
        new = row | {"prev_hash": before, "facts": {**row["facts"], "by": "somebody else"}}
        before = event_hash(new)
        conn.execute(sa.update(AUDIT_EVENTS).where(here(row)).values(facts=new["facts"], prev_hash=new["prev_hash"], hash=before))
    conn.execute(sa.update(AUDIT_HEADS).where(AUDIT_HEADS.c.stream == stream).values(hash=before))


def test_a_rewritten_history_with_a_mended_chain_is_found_by_its_signature(milled, ledger_url, tmp_path):
    with intruder(ledger_url) as conn:
        stream = rows(conn)[0]["stream"]
    sign_heads(milled.ledger, milled.tenant, tmp_path)
    with intruder(ledger_url) as conn:
        rewrite(conn, stream)
    (found,) = broken(milled)
    assert (found.stream, found.what) == (stream, "is not the event that was signed")


def test_signatures_cannot_be_removed_changed_or_made_with_another_key(milled, ledger_url, tmp_path, clock):
    for n in (20, 21, 22):
        sign_heads(milled.ledger, milled.tenant, tmp_path)
        clock.pass_seconds(3600)
        milled.mill(n)
    with intruder(ledger_url) as conn:
        kept = dict(conn.execute(sa.select(AUDIT_SIGNATURES).where(AUDIT_SIGNATURES.c.number == 2)).mappings().one())
        conn.execute(sa.delete(AUDIT_SIGNATURES).where(AUDIT_SIGNATURES.c.number == 2))
    assert [b.what for b in broken(milled)] == ["a signature is missing or out of place"]
    for changes in ({"heads": kept["heads"].replace('"', '" ', 1)}, {"events": 1}, {"signature": "AAAA"}, {"public_key": "00" * 32}):
        with intruder(ledger_url) as conn:
            conn.execute(sa.delete(AUDIT_SIGNATURES).where(AUDIT_SIGNATURES.c.number == 2))
            conn.execute(sa.insert(AUDIT_SIGNATURES), kept | changes)
        assert broken(milled), changes
    with intruder(ledger_url) as conn:
        conn.execute(sa.delete(AUDIT_SIGNATURES))
    sign_heads(milled.ledger, milled.tenant, tmp_path / "stranger")
    trusted = read_public_key(tmp_path / PUBLIC_FILE)
    assert broken(milled) == ()
    assert [b.what for b in audit.verify(milled.ledger, milled.tenant, trusted_key=trusted).broken] == ["signed with another key"]


def test_the_export_lets_others_check_the_chain(milled):
    lines = [json.loads(line) for line in audit.export_lines(milled.ledger, milled.tenant)]
    assert len(lines) == audit.verify(milled.ledger, milled.tenant).events
    from datetime import datetime

    for one in lines:
        assert event_hash({**one, "tenant_id": one["tenant"], "at": datetime.fromisoformat(one["at"])}) == one["hash"]
    one_stream = list(audit.export_lines(milled.ledger, milled.tenant, stream=lines[0]["stream"], as_csv=True))
    table = list(csv.DictReader(one_stream))
    assert [int(row["seq"]) for row in table] == list(range(1, len(table) + 1))
    assert json.loads(table[0]["facts"]) == lines[0]["facts"]
    assert "file-" not in json.dumps(lines)


def test_events_still_cannot_be_changed_without_taking_the_triggers_away(milled):
    with pytest.raises(Conflict), milled.ledger.transaction() as conn:
        conn.execute(sa.update(AUDIT_EVENTS).values(kind="x"))
