"""Waves: documents that go through the stages together, and the order of stages with what each needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from docmill.services.running.tracked import Tracked
from docmill.values.options import MillOptions

AFTER_READING: tuple[str, ...] = ("understand", "find_pii", "consult", "redact", "enrich", "speak", "index", "validate", "publish")

STAGE_INPUTS: Mapping[str, tuple[str, ...]] = {
    "understand": ("read",),
    "find_pii": ("read",),
    "consult": ("read", "understand", "find_pii"),
    "redact": ("read", "find_pii"),
    "enrich": ("read", "find_pii", "redact"),
    "speak": ("read", "redact"),
    "index": ("read", "redact"),
    "validate": ("read", "understand", "find_pii", "consult", "index"),
    "publish": ("read", "understand", "find_pii", "consult", "redact", "enrich", "speak", "index"),
}
"""Stage -> the stages whose artefacts it reads."""

NEEDED_FOR_REDACTION = ("find_pii", "redact")
"""With redaction on, a failure here fails the document: nothing unproven may be published."""


@dataclass
class Wave:
    """Jobs that go through the stages together; `open_shards` counts shards of the current stage that are not folded yet."""

    job_ids: list[str]
    stage: str = "read"
    open_shards: int = 0
    number: int = 0
    shards_made: int = field(default=0)


def wants(stage: str, options: MillOptions) -> bool:
    """Whether options ask for a stage."""
    return {"consult": options.ask_model, "redact": options.redact, "speak": options.speech, "index": options.index}.get(stage, True)


def is_lost(tracked: Tracked) -> bool:
    """Whether nothing can be published of a job: it could not be inspected, no page was read, or redaction was asked for and failed."""
    if "inspect" in tracked.failed:
        return True
    if "read" in tracked.failed and not tracked.pages_read:
        return True
    return tracked.job.options.redact and any(stage in tracked.failed for stage in NEEDED_FOR_REDACTION)


def next_stage(stage: str) -> str | None:
    """The stage after one; None after publish."""
    if stage == "read":
        return AFTER_READING[0]
    at = AFTER_READING.index(stage) + 1
    return AFTER_READING[at] if at < len(AFTER_READING) else None
