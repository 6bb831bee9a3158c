"""Cleaning up: what runs left in the store and on this machine once nobody needs it. Nothing of a document's results is touched.

    private/<tenant>/runs/<run>        lease and outcome markers; needed while the run lives
    private/<tenant>/journal/<job>     begin markers; needed until the job is over
    private/<tenant>/exports/          exported results: copies, which every erasure ends and which never grow old
    private/<tenant>/read/*.note       notes of page contents; useless once the words they lead to are gone
    <temporary folder>/docmill-scratch-*  scratch folders of dead processes of this machine
    <home>/incoming                    uploads that a dead gateway left
    <store's folder>/.staging          files that a dead process was about to store
    <backups' keys>/*.writing          a copy of the keys that a dead process was about to put there

Belongs here: what may go and when. Does not belong here: rows of the ledger (cleaning_ledger), purging of private data (purging).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from docmill.errors import DocmillError, NotFound, StoreUnavailable
from docmill.services.backup.sealing import remove_unfinished_keys
from docmill.services.cleaning_disk import clean_incoming, clean_scratch, clean_staged
from docmill.services.cleaning_report import Cleaning, CleanUp
from docmill.services.running.room import Room
from docmill.storage.ledger import finished, stuck
from docmill.storage.objects import local_folder
from docmill.values.keys import PRIVATE, exports_prefix
from docmill.values.ports import ObjectInfo

AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long things stay: markers and journals after their end, uploads after their last change, exports after they were made."""

    runs: timedelta
    journals: timedelta
    files: timedelta
    exports: timedelta

    @classmethod
    def of(cls, room: Room) -> "Retention":
        """What the settings say."""
        found = room.settings
        kept = (found.keep_run_markers_s, found.keep_journals_s, found.keep_temporary_files_s, found.keep_exports_s)
        return cls(*(timedelta(seconds=s) for s in kept))


def clean_up(room: Room, *, dry_run: bool = False, retention: Retention | None = None) -> CleanUp:
    """Clean up once; a second time finds nothing. An object that cannot be removed, or a part that fails, does not keep the others: it is told.

    Args:
        room: the opened parts.
        dry_run: only say what would go.
        retention: in place of the settings.

    Raises:
        LedgerUnavailable: the ledger does not say what time it is.
    """
    keep, now = retention or Retention.of(room), room.ledger.now()
    cleaning = Cleaning(dry_run=dry_run)
    with cleaning.part("runs"):
        for name, objects in _old_runs(room, now - keep.runs):
            _remove(room, cleaning, objects, last=f"{name}/lease.json")
    with cleaning.part("journal"):
        for _, objects in _old_journals(room, now - keep.journals):
            _remove(room, cleaning, objects)
    with cleaning.part("exports"):
        _remove(room, cleaning, _old_exports(room, now - keep.exports))
    with cleaning.part("notes"):
        _remove(room, cleaning, _dangling_notes(room))
    with cleaning.part("scratch folders"):
        clean_scratch(cleaning)
    with cleaning.part("incoming"):
        clean_incoming(cleaning, room.settings.home.absolute(), before=now - keep.files)
    with cleaning.part("keys"):
        for name, size_bytes in remove_unfinished_keys(room, dry_run=cleaning.dry_run).items():
            cleaning.cleaned(name, size_bytes)
    with cleaning.part("staging"):
        clean_staged(cleaning, local_folder(room.store_spec), before=now - keep.files)
    return cleaning.report()


def _old_runs(room: Room, before: datetime) -> Iterator[tuple[str, Sequence[ObjectInfo]]]:
    """Runs whose lease, in the store and in the ledger, ended before an instant."""
    with room.ledger.reading() as conn:
        leases = stuck.last_leases(conn, room.tenant)
    for run_id, objects in _groups(room, f"{PRIVATE}/{room.tenant}/runs/"):
        prefix = f"{PRIVATE}/{room.tenant}/runs/{run_id}"
        seen = [at for at in (leases.get(run_id), _renewed_at(room, f"{prefix}/lease.json")) if at is not None]
        if all(at < before for at in seen):
            yield prefix, objects


def _renewed_at(room: Room, name: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(json.loads(room.store.read(name))["renewed_at"]), UTC)
    except NotFound:
        return None
    except (ValueError, KeyError, TypeError, OverflowError):
        return None  # no lease that a worker could believe


def _old_journals(room: Room, before: datetime) -> Iterator[tuple[str, Sequence[ObjectInfo]]]:
    """Journals of jobs that ended before an instant, and of jobs that the ledger has forgotten."""
    waiting: list[tuple[str, Sequence[ObjectInfo]]] = []
    for group in _groups(room, f"{PRIVATE}/{room.tenant}/journal/"):
        waiting.append(group)
        if len(waiting) == AT_ONCE:
            yield from _over(room, waiting, before)
            waiting = []
    yield from _over(room, waiting, before)


def _over(room: Room, journals: Sequence[tuple[str, Sequence[ObjectInfo]]], before: datetime) -> Iterator[tuple[str, Sequence[ObjectInfo]]]:
    with room.ledger.reading() as conn:
        needed = finished.not_over_before(conn, room.tenant, [job_id for job_id, _ in journals], before)
    yield from ((job_id, objects) for job_id, objects in journals if job_id not in needed)


def _groups(room: Room, prefix: str) -> Iterator[tuple[str, Sequence[ObjectInfo]]]:
    """(the path element after the prefix, its objects); a store lists by name, so groups come whole."""
    for key, found in groupby(room.store.list(prefix), key=lambda info: info.name.removeprefix(prefix).split("/", 1)[0]):
        yield key, list(found)


def _old_exports(room: Room, before: datetime) -> Iterator[ObjectInfo]:
    prefix = exports_prefix(room.tenant)
    for info in room.store.list(prefix):
        if info.name.removeprefix(prefix) < f"{before.astimezone(UTC):%Y%m%dT%H%M%SZ}":
            yield info


def _dangling_notes(room: Room) -> Iterator[ObjectInfo]:
    for info in room.store.list(f"{PRIVATE}/{room.tenant}/read/"):
        if info.name.endswith(".note") and not _leads_somewhere(room, info.name):
            yield info


def _leads_somewhere(room: Room, note: str) -> bool:
    try:
        return room.store.exists(str(json.loads(room.store.read(note))["object_name"]))
    except NotFound:
        return True  # gone meanwhile: nothing to clean
    except StoreUnavailable:
        raise
    except (ValueError, KeyError, TypeError, DocmillError):
        return False


def _remove(room: Room, cleaning: Cleaning, objects: "Iterator[ObjectInfo] | Sequence[ObjectInfo]", last: str = "") -> None:
    """Remove objects, the one named `last` last: while a run's lease is there, its age is known."""
    for info in sorted(objects, key=lambda one: one.name == last):
        try:
            if cleaning.dry_run or room.store.delete(info.name):
                cleaning.cleaned(info.name, info.size_bytes)
        except DocmillError as error:
            cleaning.failed(info.name, error.code)
