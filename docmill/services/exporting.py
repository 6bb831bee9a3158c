"""Exporting results of many documents: a table (CSV, Parquet) or the results themselves (ZIP). Newest result of each document that fits.

A table has a row a document and, for each name of a field, its value and its confidence (0.0-1.0). File names are not in results, so not here.
A document that failed or was cancelled left no result: it has a row (its state, its error code) where such a state is asked for, and no file in a ZIP.
"""

import csv
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from docmill.errors import InvalidOptions, NotFound, StageFailed
from docmill.services.lookups import sha256_of
from docmill.services.running.room import Room
from docmill.shredding import shred_file
from docmill.storage.ledger import documents as rows
from docmill.storage.ledger import job_search
from docmill.storage.ledger.job_search import JobFilter
from docmill.values.jobs import JobState, JobView
from docmill.values.results import Results, read_results

Form = Literal["csv", "parquet", "zip"]
FORMS: Final[tuple[Form, ...]] = ("csv", "parquet", "zip")
PAGE: Final = 500
_TRIES: Final = 3
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

_FIXED: Final = ("task_id", "document_id", "sha256", "outcome", "error_code", "kind", "kind_confidence", "page_count", "created_at")
_WITHOUT_RESULTS: Final = frozenset({JobState.FAILED, JobState.CANCELLED})

Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class _Exported:
    """A document as it is exported: its job, and the results where that left some."""

    job: JobView
    sha256: str
    results: Results | None


def export_to_store(room: Room, wanted: JobFilter, name: str, scratch: Path, form: Form) -> int:
    """Write an object below `exports_prefix`; returns how many documents are in it.

    Erasing a document ends the exports that are there. One that is being written meanwhile is looked through afterwards and written anew.

    Args:
        room: the opened parts.
        wanted: which results.
        name: of the object.
        scratch: an existing directory.
        form: of the export.

    Raises:
        StageFailed: documents were erased during each of the tries; nothing is left in the store.
        StoreUnavailable, LedgerUnavailable: as they say.
    """
    for number in range(_TRIES):
        path, documents = scratch / f"results-{number}.{form}", set[str]()
        count = export_results(room, wanted, path, form, documents)
        room.store.create_from(name, path)
        is_kept = False
        try:
            is_kept = _are_there(room, documents)
        finally:
            if not is_kept:
                room.store.delete(name)
        if is_kept:
            return count
    raise StageFailed("documents were erased while their results were exported; export again")


def _are_there(room: Room, documents: set[str]) -> bool:
    with room.ledger.reading() as conn:
        return rows.known(conn, room.tenant, documents) == documents


def export_results(room: Room, wanted: JobFilter, path: Path, form: Form, documents: set[str] | None = None) -> int:
    """Write a new file; returns how many documents are in it. Their ids are added to `documents`.

    Raises:
        InvalidOptions: the file is there already or cannot be written.
        StoreUnavailable, LedgerUnavailable: in the middle; the file is incomplete then and is removed.
    """
    try:
        with path.open("xb"):
            pass
        path.chmod(0o600)  # what documents say
    except OSError as error:
        raise InvalidOptions(f"a new file cannot be written there ({error.strerror})") from None
    try:
        return _WRITERS[form](path, _exported(room, wanted, set() if documents is None else documents))
    except BaseException:
        shred_file(path)
        raise


def _exported(room: Room, wanted: JobFilter, seen: set[str]) -> Iterator[_Exported]:
    for job in _jobs(room, wanted):
        is_asked_for = job.state in wanted.states and job.state in _WITHOUT_RESULTS
        if job.document_id in seen or not (job.results_object or is_asked_for):
            continue
        try:
            results = read_results(room.store.read(job.results_object)) if job.results_object else None
            sha256 = results.document.sha256 if results else sha256_of(room.ledger, room.tenant, job.document_id)
        except NotFound:
            continue  # erased meanwhile
        seen.add(job.document_id)
        yield _Exported(job, sha256, results)


def _jobs(room: Room, wanted: JobFilter) -> Iterator[JobView]:
    before: str | None = None
    while True:
        with room.ledger.reading() as conn:
            page = job_search.search(conn, room.tenant, wanted, limit=PAGE, before=before)
        yield from page
        if len(page) < PAGE:
            return
        before = page[-1].job_id


def _row(one: _Exported) -> dict[str, Cell]:
    job, found = one.job, one.results
    row: dict[str, Cell] = {
        "task_id": found.task_id if found else job.job_id,
        "document_id": job.document_id,
        "sha256": one.sha256,
        "outcome": found.outcome.name.value if found else job.state.value,
        "error_code": job.error_code,
        "kind": found.kind.name if found else job.kind,
        "kind_confidence": found.kind.confidence if found else None,
        "page_count": found.document.page_count if found else job.page_count,
        "created_at": (found.created_at if found else job.finished_at or job.accepted_at).isoformat(),
    }
    for field in found.fields if found else ():
        if f"{field.name}.value" not in row:  # the first one of a name, as the page has it
            row |= {f"{field.name}.value": field.value, f"{field.name}.confidence": field.confidence}
    return row


def _columns(rows: list[dict[str, Cell]]) -> list[str]:
    """The fixed columns first, also without a row, then those of fields by name."""
    names = {name for row in rows for name in row} - set(_FIXED)
    return [*_FIXED, *sorted(names, key=lambda n: (n.split(".")[0], n.endswith("confidence")))]


def _csv(path: Path, documents: Iterator[_Exported]) -> int:
    rows = [_row(one) for one in documents]
    with path.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, _columns(rows), restval="")
        table.writeheader()
        table.writerows({name: harmless(value) for name, value in row.items()} for row in rows)
    return len(rows)


def harmless(value: Cell) -> Cell:
    """A spreadsheet would run what begins like a formula; documents come from strangers. Numbers stay numbers."""
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def _parquet(path: Path, documents: Iterator[_Exported]) -> int:
    import pandas as pd  # noqa: PLC0415 - loads in 0.5 s, only where used

    rows = [_row(one) for one in documents]
    frame = pd.DataFrame(rows, columns=_columns(rows))
    frame.to_parquet(path, index=False)
    return len(rows)


def _zip(path: Path, documents: Iterator[_Exported]) -> int:
    count = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for found in (one.results for one in documents if one.results):
            out.writestr(f"task_{found.task_id}_results.json", json.dumps(found.model_dump(mode="json"), ensure_ascii=False))
            count += 1
    return count


_WRITERS: Final = {"csv": _csv, "parquet": _parquet, "zip": _zip}
