"""What the Prefect UI tells of a batch in words: a summary with what to do about failures, and log lines. Counts and codes, never names."""

from collections import Counter

from prefect import get_run_logger

from docmill.error_table import ERROR_TABLE
from docmill.services.running.kept_report import BatchSummary


def _counts(report: BatchSummary) -> dict[str, int]:
    return {
        name: getattr(report, name) for name in ("completed", "partial", "needs_review", "failed", "cancelled", "unfinished", "unreadable")
    }


def tell(report: BatchSummary) -> None:
    """Log lines of the run: the counts, then each failure's code with what to do."""
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in _counts(report).items() if count)
    log = get_run_logger()
    log.info("batch %s: %d files: %s", report.batch_id, report.total_files, counts or "none")
    for code, count in Counter(report.codes).most_common():
        log.info("%d failed with %s: %s", count, code, _hint(code))


def summary(report: BatchSummary) -> str:
    """Markdown: the counts, each failure's code with what to do, and the checks that do not hold over the batch."""
    counts = "\n".join(f"| {name.replace('_', ' ')} | {count} |" for name, count in _counts(report).items())
    told = f"**{report.total_files} files**\n\n| outcome | files |\n|---|---:|\n{counts}\n"
    rows = "\n".join(f"| {code} | {count} | {_hint(code)} |" for code, count in Counter(report.codes).most_common())
    told += f"\n| failure | files | what to do |\n|---|---:|---|\n{rows}\n" if rows else ""
    return told + _checks(report)


def _checks(report: BatchSummary) -> str:
    found = report.checks
    if found is None or not found.failed:
        return f"\nThe checks over the batch were not asked: {found.error_code}\n" if found and found.error_code else ""
    rows = "\n".join(f"| {one.check} | {one.severity} | {len(one.document_ids) or ''} |" for one in found.failed)
    return f"\n| check that does not hold | severity | documents |\n|---|---|---:|\n{rows}\n"


def _hint(code: str) -> str:
    kind = ERROR_TABLE.get(code)
    return kind.hint if kind else ""
