"""The report of a batch as an object: written a line at a time, for a batch may have a million files; and what others read out of it."""

import shutil
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from pydantic import ConfigDict, ValidationError

from docmill.errors import NotFound
from docmill.scratch import scratch_folder
from docmill.services import batches
from docmill.services.running.checks_page import checks_page
from docmill.services.running.report import FAILED_STATES, RESULT_STATES, ReportCounts, ReportLine, counted, lines_of
from docmill.services.running.room import Room
from docmill.values.batch_checks import BatchChecks
from docmill.values.keys import PRIVATE, PUBLIC
from docmill.values.model import Value

MOST_LINES: Final = 500
"""A summary has so many lines; more would make the page of a run slow. The stored report has all."""


class BatchSummary(ReportCounts):
    """A report without most of its lines.

    Attributes:
        report: the object's name.
        codes: how many failed with each code.
        kinds: how many documents there are of each kind; "unread" where nobody knows.
        lines: the first ones, failures before results.
        checks: as in the report.
    """

    report: str
    codes: dict[str, int]
    kinds: dict[str, int]
    lines: tuple[ReportLine, ...]
    checks: BatchChecks | None = None


class _ChecksOnly(Value):
    """What a stored report says of checks; its lines are passed over unread."""

    model_config = ConfigDict(extra="ignore")
    checks: BatchChecks | None


class _Told:
    """The lines of a report on their way into two files, and what a summary says of them."""

    def __init__(self, results: IO[str], failures: IO[str]) -> None:
        self._files = (results, failures)
        self.states: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self._first: tuple[list[ReportLine], list[ReportLine]] = ([], [])

    def take(self, line: ReportLine) -> None:
        """Count a line, and write it where it ended."""
        self.states[line.state] += 1
        if line.state in RESULT_STATES | FAILED_STATES:
            is_failure = line.state in FAILED_STATES
            self.kinds[line.kind or "unread"] += 1
            self.codes.update([line.code] if is_failure and line.code else [])
            first, file = self._first[is_failure], self._files[is_failure]
            file.write(f"{',' if first else ''}\n {line.model_dump_json()}")
            first += [line] if len(first) < MOST_LINES else []

    @property
    def first(self) -> tuple[ReportLine, ...]:
        """The first lines, failures before results."""
        results, failures = self._first
        return tuple((failures + results)[:MOST_LINES])


def store_report(room: Room, batch_id: str, checks: BatchChecks | None = None, *, only_open: bool = False) -> BatchSummary:
    """Keep the report of a batch as the ledger sees it now, with the page of its checks beside it, and close the batch.

    With `only_open` the report of a batch that somebody closed meanwhile stays.

    Raises:
        StoreUnavailable, LedgerUnavailable: worth another try.
    """
    at = datetime.now(UTC)
    place = f"{room.tenant}/reports/{batch_id}/{at:%Y%m%dT%H%M%S%f}"
    if checks and checks.lines:
        page = f"{PRIVATE}/{place}.checks.html"
        room.store.create(page, checks_page(batch_id, checks, made_at=at), media_type="text/html")
        checks = checks.model_copy(update={"page": page})
    name = f"{PUBLIC}/{place}.json"
    with scratch_folder("report") as folder:
        told = _lines_written(room, batch_id, folder)
        counts = counted(room, batch_id, told.states)
        room.store.create_from(name, _put_together(counts, checks, folder), media_type="application/json")
    grave = checks.grave if checks else 0
    if not batches.finish_batch(room.ledger, room.tenant, batch_id, report_object=name, failed_checks=grave, only_open=only_open):
        room.store.delete(name)
    return BatchSummary(**counts.model_dump(), report=name, codes=told.codes, kinds=told.kinds, lines=told.first, checks=checks)


def _lines_written(room: Room, batch_id: str, folder: Path) -> _Told:
    with ExitStack() as stack:
        told = _Told(*(stack.enter_context((folder / name).open("w", encoding="utf-8")) for name in ("results", "failures")))
        for line in lines_of(room, batch_id):
            told.take(line)
    return told


def _put_together(counts: ReportCounts, checks: BatchChecks | None, folder: Path) -> Path:
    path = folder / "report.json"
    with path.open("wb") as out:
        out.write(counts.model_dump_json().removesuffix("}").encode())
        for name in ("results", "failures"):
            out.write(f',\n"{name}": ['.encode())
            with (folder / name).open("rb") as lines:
                shutil.copyfileobj(lines, out)
            out.write(b"]")
        out.write(f',\n"checks": {checks.model_dump_json() if checks else "null"}}}\n'.encode())
    return path


def stored_checks(room: Room, batch_id: str) -> BatchChecks | None:
    """What the checks said when the batch ended; None before, or where its report is of an older version.

    Raises:
        NotFound: no such batch.
        StoreUnavailable: the store did not answer.
    """
    name = batches.batch_view(room.ledger, room.tenant, batch_id).report_object
    if name is None:
        return None
    try:
        return _ChecksOnly.model_validate_json(room.store.read(name)).checks
    except (NotFound, ValidationError):
        return None


def stored_page(room: Room, batch_id: str) -> bytes:
    """The page of a batch's checks.

    Raises:
        NotFound: no such batch, or it has none: it is not over, or fewer than two documents have a result.
        StoreUnavailable: the store did not answer.
    """
    found = stored_checks(room, batch_id)
    if found is None or found.page is None:
        raise NotFound("no checks were asked over this batch: it is not over, or fewer than two documents have a result")
    return room.store.read(found.page)
