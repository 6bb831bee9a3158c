"""`docmill review calibrate`: what confidence is worth by now, and which fields could go through at a promised error rate."""

from typing import Annotated

import typer

from docmill.cli.output import show_json, show_table
from docmill.cli.rooms import room
from docmill.services.review.calibration import Bin, held_out_scores, reliability
from docmill.services.review.judged import judged_fields, thresholds_text
from docmill.services.review.promise import NoPromise, Promise, promise

REFUSED = 53
"""Exit code when nothing can be promised: that of `conflict`."""


def calibrate(
    *,
    wrong: Annotated[float, typer.Option(min=0.001, max=0.5, help="The promised share of wrong ones among accepted fields.")] = 0.05,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the promise.")] = 0.95,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")] = False,
) -> None:
    """Promise an error rate from the decisions on sampled documents, or say how many are missing (exit code 53)."""
    with room() as opened:
        judged = judged_fields(opened.ledger, opened.tenant)
    made = promise(judged, rate=wrong, confidence=confidence)
    bins = reliability(held_out_scores(judged))
    thresholds = thresholds_text(made, judged) if isinstance(made, Promise) else None
    if as_json:
        show_json(_body(made, thresholds))
    else:
        _tell(made, thresholds, bins)
    if isinstance(made, NoPromise):
        raise typer.Exit(REFUSED)


def _body(made: Promise | NoPromise, thresholds: str | None) -> dict[str, object]:
    if isinstance(made, NoPromise):
        return {"promised": False, "reason": made.reason, "decisions": made.decisions, "needed": made.needed}
    return {"promised": True, "wrong_at_most": made.rate, "confidence": made.confidence, "bound": made.bound, "decisions": made.decisions,
            "accepted": made.accepted, "wrong": made.wrong, "straight_through": made.straight_through, "thresholds": thresholds}  # fmt: skip


def _tell(made: Promise | NoPromise, thresholds: str | None, bins: list[Bin]) -> None:
    if bins:
        rows = [(f"{b.low:.1f} - {b.high:.1f}", str(b.count), f"{b.expected:.3f}", f"{b.right:.3f}") for b in bins]
        show_table("Calibrated confidence, held out", ("score", "fields", "expected right", "right"), rows)
    if isinstance(made, NoPromise):
        typer.echo(f"nothing is promised: {made.reason}")
        return
    typer.echo(
        f"at most {made.rate:.1%} of accepted fields are wrong, with {made.confidence:.0%} confidence: {made.accepted} of {made.decisions} "
        f"decided fields would have gone through ({made.straight_through:.0%}), {made.wrong} of them wrong (bound {made.bound:.2%})"
    )
    typer.echo(f"DOCMILL_REVIEW_THRESHOLDS={thresholds}")
