"""A ledger that cannot be opened is what people must hear of: the alarm tells them without it; the gateway notices one that was replaced."""

import shutil

import pytest
from gateway_process import gateway_process

from docmill.errors import DocmillError, LedgerUnavailable
from docmill.services import health
from docmill.services.incidents import all_is_well, tell_once
from docmill.storage.ledger.engine import sqlite_path


@pytest.fixture
def place(room):
    found = sqlite_path(room.settings.resolved_ledger_url)
    room.close()  # folds the write-ahead log into the file
    return found


@pytest.fixture
def told(monkeypatch):
    heard = []
    monkeypatch.setattr("docmill.services.incidents.tell", lambda _settings, kind, _event, facts: heard.append((kind, dict(facts))) is None)
    return heard


def damage(place):
    place.write_bytes(b"\xff" * place.stat().st_size)


def test_people_hear_of_a_ledger_that_cannot_be_opened(prefect_server, place, told):
    from flows.alarm import alarm

    damage(place)
    with pytest.raises(DocmillError):
        alarm()
    ((kind, facts),) = told
    assert kind == "health.failed"
    assert "ledger" in facts["alarm"]
    assert str(place) not in str(facts)


def test_people_hear_of_a_sweep_that_fails_and_of_what_is_broken_besides(prefect_server, room, told, monkeypatch):
    from flows import alarm as flows

    def fails(_room):
        raise OSError("secret-words")

    monkeypatch.setattr(flows, "sweep", fails)
    broken = health.Finding(name="disk", ok=False, detail="0 MiB free")
    monkeypatch.setattr(flows, "look", lambda _room: [broken])
    with pytest.raises(OSError, match="secret-words"):
        flows.alarm()
    assert told == [("health.failed", {"sweep": "OSError", "disk": "0 MiB free"})]


def test_a_part_that_stays_broken_is_told_once_and_again_after_it_was_well(room, told):
    disk, dask = {"disk": "0 MiB free"}, {"dask": "away"}
    heard = []
    for number, broken in enumerate((disk, disk, disk | dask, disk | dask, disk, disk | dask)):
        heard.append(tell_once(room.settings, str(number), broken))
    assert heard == [True, False, True, False, False, True]
    assert [facts for _, facts in told] == [disk, disk | dask, disk | dask]
    all_is_well(room.settings)
    assert tell_once(room.settings, "x", disk)
    assert not tell_once(room.settings, "y", disk)


def test_a_look_that_failed_says_nothing_of_the_parts(room, told):
    backup, blind = {"backup": "50 h old"}, {"alarm": "ledger_unavailable: away"}
    heard = [
        tell_once(room.settings, str(number), broken) for number, broken in enumerate((backup, blind, backup, blind | backup, {}, backup))
    ]
    assert heard == [True, True, False, True, False, True], "the backup was broken all the time, until a look found it well"


def test_what_no_service_took_is_told_again(room, monkeypatch):
    monkeypatch.setattr("docmill.services.incidents.tell", lambda *_: False)
    assert not tell_once(room.settings, "x", {"disk": ""})
    monkeypatch.setattr("docmill.services.incidents.tell", lambda *_: True)
    assert tell_once(room.settings, "y", {"disk": ""})


def test_a_healthy_look_ends_the_incident(prefect_server, room, told):
    from flows.health import health as look

    assert tell_once(room.settings, "x", {"disk": ""})
    look()
    assert tell_once(room.settings, "y", {"disk": ""})


def test_what_has_passed_is_not_told(prefect_server, room, told):
    from flows.alarm import alarm

    assert alarm() == {}
    assert told == []


def test_the_check_reads_what_lies_there_and_not_what_is_in_memory(room):
    place = sqlite_path(room.settings.resolved_ledger_url)
    health.check_ledger(room)
    copy = place.with_name("copy")
    shutil.copyfile(place, copy)
    copy.replace(place)  # a ledger that answers, but another file than the gateway writes to
    with pytest.raises(LedgerUnavailable, match="not the one that was opened"):
        health.check_ledger(room)


@pytest.mark.parametrize("how", [damage, lambda place: place.unlink()], ids=["damaged", "gone"])
def test_readyz_notices_a_ledger_that_is_damaged_or_gone(place, room, how):
    with gateway_process(room.settings.home) as (client, _):
        assert client.get("/readyz").json()["checks"]["ledger"] == "ok"
        for beside in ("-wal", "-shm"):
            place.with_name(place.name + beside).unlink(missing_ok=True)
        how(place)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["ledger"]) == (503, "away")
