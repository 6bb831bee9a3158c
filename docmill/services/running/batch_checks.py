"""The checks over a whole batch, at its end: a row for each document with a result, one run of the suite, tasks for documents that fail.

A shard sees only its own documents; whether two invoices of a night are the same one is seen here. Rows go to the cell through a file, one
document at a time, so that this process holds ids alone. Number, vendor and total enter as keyed digests: equal ones show, and nothing else.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from docmill.cell import CellLimits, thread_cell
from docmill.errors import MillingError, NotFound, SetupError
from docmill.logs import log_ids
from docmill.scratch import scratch_folder
from docmill.services.ledger_key import seal_of
from docmill.services.milling.stage_work import CHECKED_ROW, understanding_in
from docmill.services.review.opening import open_more_tasks
from docmill.services.review.rules import check_doubt
from docmill.services.running.report import lines_of, results_among
from docmill.services.running.room import Room
from docmill.services.validation_suite import suite_of
from docmill.stages.validation.rows import ValidationRow
from docmill.stages.validation.suite import BATCH, checks_in
from docmill.storage.ledger import artefacts
from docmill.values.batch_checks import BatchChecks, CheckLine
from docmill.values.evidence import Understanding

log = logging.getLogger(__name__)

LEAST_DOCUMENTS: Final = 2
"""One document alone was judged while it was milled, and Great Expectations takes seconds to load."""
READERS: Final = 8
"""Objects are fetched from a store by so many threads."""

_LINES: Final = TypeAdapter(tuple[CheckLine, ...])


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where a document's row lies, and what was understood of it."""

    row: str
    understanding: str | None


def check_batch(room: Room, batch_id: str) -> BatchChecks:
    """Ask all checks of the documents of a batch, and open review tasks for those that fail a check of the whole batch.

    What keeps the checks from being asked is told in the answer; the batch's report must not fail for it.

    Raises:
        StoreUnavailable, LedgerUnavailable: worth another try.
    """
    job_of = {line.document_id: line.task_id for line in results_among(lines_of(room, batch_id))}
    if len(job_of) < LEAST_DOCUMENTS:
        return BatchChecks(documents=len(job_of))
    try:
        with scratch_folder("checks") as folder:
            count = _write_rows(room, job_of, folder / "rows.jsonl")
            lines = _asked(room, folder / "rows.jsonl") if count >= LEAST_DOCUMENTS else ()
        _open_tasks(room, job_of, lines)
    except (MillingError, SetupError) as error:
        with log_ids(batch_id=batch_id):
            log.warning("the checks of batch %s were not asked: %s", batch_id, error.code)
        return BatchChecks(documents=len(job_of), error_code=error.code)
    return BatchChecks(documents=count, lines=lines)


def _asked(room: Room, rows: Path) -> tuple[CheckLine, ...]:
    suite_of(room.settings)  # a wrong one is told in the settings' name
    own = room.settings.validation_suite
    limits = CellLimits(memory_bytes=room.limits.cell_memory_bytes, items=room.limits.cell_items)
    verb, suite = "docmill.stages.validation.verbs:judge_batch", [str(own.absolute())] if own else []
    return _LINES.validate_python(thread_cell(limits).call(verb, str(rows), *suite, deadline_s=room.limits.document_deadline_s))


def _write_rows(room: Room, job_of: dict[str, str], place: Path) -> int:
    """Write a line for each document that has a row; how many there are."""
    count = 0
    with place.open("w", encoding="utf-8") as file, ThreadPoolExecutor(READERS) as readers:
        for row in readers.map(lambda kept: _row(room, kept), _kept(room, job_of.values())):
            if row is not None:
                file.write(row.model_dump_json() + "\n")
                count += 1
    return count


def _kept(room: Room, job_ids: Iterable[str]) -> Iterator[_Kept]:
    for job_id in job_ids:
        with room.ledger.reading() as conn:
            made = artefacts.of_job(conn, room.tenant, job_id)
        found, understood = next((one for one in made if one.name == CHECKED_ROW), None), understanding_in(made)
        if found is not None:
            yield _Kept(found.object_name, understood.object_name if understood else None)


def _row(room: Room, kept: _Kept) -> ValidationRow | None:
    """The row with its digests; None where the document was erased meanwhile."""
    try:
        row = ValidationRow.model_validate_json(room.store.read(kept.row))
        understood = Understanding.model_validate_json(room.store.read(kept.understanding)) if kept.understanding else None
    except NotFound:
        return None
    return row.model_copy(update=_digests(room, understood)) if understood else row


def _digests(room: Room, understood: Understanding) -> dict[str, str]:
    value = {one.name: one.value for one in understood.fields if one.value}
    said = {
        "document_number_digest": _folded(value.get("document_number")),
        "vendor_digest": _folded(value.get("vendor_name")),
        "total_digest": _amount(value.get("total")),
    }
    seal = seal_of(room.settings)
    return {name: seal.digest(f"check {room.tenant} {name} {text}") for name, text in said.items() if text}


def _folded(text: str | None) -> str:
    """Letters and figures alone: two scans of one paper differ in blanks, dots and case."""
    return "".join(c for c in (text or "").casefold() if c.isalnum())


def _amount(text: str | None) -> str:
    try:
        return f"{Decimal(text).normalize():f}" if text else ""
    except InvalidOperation:
        return ""


def _open_tasks(room: Room, job_of: dict[str, str], lines: Sequence[CheckLine]) -> None:
    """Checks of single documents opened theirs when the documents were milled."""
    known = checks_in(suite_of(room.settings))
    failed = [one for one in lines if one.scope == BATCH and one.severity != "info"]
    found = [(document_id, job_of[document_id], check_doubt(one.check, known)) for one in failed for document_id in one.document_ids]
    if found:
        with room.ledger.transaction() as conn:
            open_more_tasks(conn, room.tenant, found, at=room.ledger.now())
