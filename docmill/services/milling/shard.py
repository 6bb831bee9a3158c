"""What is sent to a worker and what comes back. Secret-free and picklable: a worker opens the store with credentials of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from docmill.settings import Settings
from docmill.storage.objects import StoreSpec
from docmill.values.embedding import PACKAGED, EmbeddingSpec
from docmill.values.jobs import Artefact, ItemOutcome
from docmill.values.keys import run_prefix
from docmill.values.language_model import ModelSpec
from docmill.values.options import MillOptions
from docmill.values.outcome import Problem

type_fact = str | int | float | bool | None
IS_UNLOCKED = "is_unlocked"
"""The fact that a document is a locked PDF, read from its unlocked copy."""


PAGE_STAGES = frozenset({"inspect", "read"})
"""Stages whose items are pages, or cost no more than one."""

PAGES_OF_A_DEADLINE = 500
"""`document_deadline_s` is meant for documents of up to so many pages."""


@dataclass(frozen=True, slots=True)
class MillLimits:
    """Limits of one item and of the run, sizes in bytes, times in seconds."""

    page_deadline_s: float
    document_deadline_s: float
    job_soft_limit_s: float
    job_hard_limit_s: float
    lease_limit_s: float
    item_tries: int
    cell_memory_bytes: int
    cell_items: int
    worker_life_s: float
    max_bytes: int
    max_pages: int
    max_pixels: int
    max_members: int
    max_unpacked_bytes: int
    max_ratio: int
    vision_endpoint: str | None = None
    review_thresholds: str = ""
    embedding: EmbeddingSpec = PACKAGED
    review_four_eyes: str = "fraud"
    kind_model: str = ""
    """Object name of the model of kinds that learned from decisions; empty for the one that comes with docmill."""
    ranker: str = ""
    """Object name of the ranker of candidates; empty where the rules decide."""
    language_model: ModelSpec | None = None
    checks: str = ""
    """Object name of the user's suite of checks; empty for the one that comes with docmill."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "MillLimits":
        """The limits that the flow process's settings ask for."""
        return cls(**{name: getattr(settings, name) for name in cls.__slots__ if name not in {"kind_model", "ranker", "checks"}})

    def deadline_s(self, stage: str) -> float:
        """The longest time for one item of a stage."""
        return self.page_deadline_s if stage in PAGE_STAGES else self.document_deadline_s

    def soft_limit_s(self, estimate_s: float) -> float:
        """After so many seconds of work on a job no further page is begun: twice the planner's estimate where that is longer."""
        return max(self.job_soft_limit_s, 2 * estimate_s)

    def hard_limit_s(self, estimate_s: float) -> float:
        """After so many seconds of work on a job what is in hand is cut: three times the planner's estimate where that is longer."""
        return max(self.job_hard_limit_s, 3 * estimate_s)

    def for_reading(self) -> dict[str, int]:
        """Limits as the reading verbs take them."""
        # reading ends by itself a little before the cell ends it, so that a slow page says what was slow
        deadline_s = max(1, int(self.page_deadline_s * 0.9))
        names = ("max_bytes", "max_pages", "max_pixels", "max_members", "max_unpacked_bytes", "max_ratio")
        return {**{name: int(getattr(self, name)) for name in names}, "deadline_s": deadline_s}


@dataclass(frozen=True, slots=True)
class Item:
    """One document, or one page of it, in one stage.

    Attributes:
        name: "document" or "page-<n>".
        count: the journal's count this try belongs to (retry and force start a new one).
        inputs: artefacts of earlier stages that this stage reads, in order.
        facts: what earlier stages found out (page_count, media_type, words, confidence, ...); numbers and type names only.
        problems: what went wrong so far; only publish reads it.
        estimate_s: what the planner thinks all work on the job takes, on one core.
    """

    job_id: str
    document_id: str
    sha256: str
    media_type: str
    size_bytes: int
    accepted_on: str
    options: MillOptions
    name: str = "document"
    count: int = 0
    inputs: tuple[Artefact, ...] = ()
    facts: Mapping[str, type_fact] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    estimate_s: float = 0.0

    @property
    def page(self) -> int:
        """The page number of a page item, counted from 1; 0 for a document."""
        return int(self.name.removeprefix("page-")) if self.name.startswith("page-") else 0

    def inputs_of(self, stage: str, name: str | None = None) -> list[Artefact]:
        """The inputs that a stage made, optionally only those of one name."""
        return [a for a in self.inputs if a.stage == stage and (name is None or a.name == name)]


@dataclass(frozen=True, slots=True)
class Shard:
    """Items of one stage for one worker. `version` is docmill's: a worker with another one refuses."""

    tenant: str
    run_id: str
    shard_id: str
    stage: str
    items: tuple[Item, ...]
    store: StoreSpec
    limits: MillLimits
    version: str
    cost_s: float = 0.0

    @property
    def deadline_s(self) -> float:
        """The longest time for one item: the stage's, in proportion more for documents of more than 500 pages that are worked on as a whole."""
        limit_s = self.limits.deadline_s(self.stage)
        if self.stage in PAGE_STAGES:
            return limit_s
        most_pages = max((int(item.facts.get("page_count") or 0) for item in self.items), default=0)
        return limit_s * max(1.0, most_pages / PAGES_OF_A_DEADLINE)

    @property
    def markers(self) -> str:
        """Prefix of this shard's outcome markers."""
        return f"{run_prefix(self.tenant, self.run_id)}/{self.stage}/{self.shard_id}"


@dataclass(frozen=True, slots=True)
class ShardReport:
    """What became of the items. `retryable` holds the codes of items that should be tried again; `stopped` says the run was stopped."""

    outcomes: tuple[ItemOutcome, ...]
    retryable: tuple[str, ...] = ()
    stopped: bool = False
