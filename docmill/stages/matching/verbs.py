"""The verb of this room: a receipt and an order in, the decision out."""

from docmill.stages.matching.duplicates import fingerprint
from docmill.stages.matching.lines import LinesFound, compare_lines
from docmill.stages.matching.pairing import read_line
from docmill.stages.matching.totals import are_prices_gross, compare_totals, read_sums
from docmill.stages.matching.vendors import compare_vendor
from docmill.stages.matching.version import VERSION
from docmill.values.matching import Finding, Match, MatchOutcome, OrderState, Receipt, ReceiptKind, Tolerances


def match_receipt(state: OrderState, receipt: Receipt, allowed: Tolerances) -> Match:
    """Compare a receipt with an order. Pure: the same input gives the same decision.

    Outcome: `duplicate` when a receipt with the same fingerprint was matched before; `mismatch` when something blocks other than missing lines;
    `partial` when something of the order stays open; else `matched`. Approved is only what reaches the threshold without a blocking finding.
    """
    read = [line for index, one in enumerate(receipt.lines) if (line := read_line(index, one)) is not None]
    priced = receipt.kind is not ReceiptKind.DELIVERY_NOTE
    gross = priced and are_prices_gross(read_sums(receipt), read)
    vendor, findings = compare_vendor(state.content.vendor, receipt)
    lines = compare_lines(state, read, allowed, gross=gross, priced=priced)
    findings += lines.findings
    total: float | None = None
    if priced:
        total, more = compare_totals(state, receipt, read, lines, allowed, gross=gross)
        findings += more
    mark = fingerprint(state.content.vendor, receipt)
    if mark in state.seen:
        findings.append(Finding(code="duplicate", message="a receipt with this number or content was matched before"))
    score = _score(vendor, total, lines.score, allowed)
    outcome = _outcome(findings, lines)
    return Match(
        outcome=outcome,
        score=score,
        vendor=vendor,
        total=total,
        lines=lines.score,
        approved=score >= allowed.threshold and not any(f.blocks for f in findings),
        findings=tuple(findings),
        line_matches=tuple(lines.matches),
        fingerprint=mark,
        version=VERSION,
    )


def _score(vendor: float, total: float | None, lines: float, allowed: Tolerances) -> float:
    """The weighted mean of the parts; without a total (a delivery note) of the other two."""
    parts = [(allowed.vendor_weight, vendor), (allowed.lines_weight, lines)] + (
        [(allowed.total_weight, total)] if total is not None else []
    )
    return round(sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts), 4)


def _outcome(findings: list[Finding], lines: LinesFound) -> MatchOutcome:
    blocking = {f.code for f in findings if f.blocks}
    if "duplicate" in blocking:
        return MatchOutcome.DUPLICATE
    if blocking - {"missing_line"}:
        return MatchOutcome.MISMATCH
    return MatchOutcome.PARTIAL if lines.is_partial else MatchOutcome.MATCHED
