"""What the flow process remembers of each job while it runs: artefacts, facts, problems, pages. All of it can be found again by running again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from docmill.errors import error_from_code
from docmill.services.milling.shard import Item, MillLimits, type_fact
from docmill.services.running.plan import document_cost_s
from docmill.settings import Settings
from docmill.values import usage
from docmill.values.jobs import Artefact, ClaimedJob, ItemOutcome, ItemStatus, JobProgress
from docmill.values.language_model import MILLION
from docmill.values.options import AUTO
from docmill.values.outcome import Problem, problem_from
from docmill.values.usage import Calls, Usage, calls_together

STAGE_PROGRESS = {
    "inspect": 30,
    "read": 40,
    "understand": 72,
    "find_pii": 76,
    "consult": 78,
    "redact": 80,
    "enrich": 83,
    "speak": 84,
    "index": 85,
    "validate": 88,
    "publish": 90,
}
"""Progress (0-100) at the start of each stage; reading runs from 40 to 70 by pages, 20 means accepted and stored."""
READ_SPAN = 30
COST_DIGITS = Decimal("0.000001")
STAGE_VERB = {
    "inspect": "inspecting",
    "read": "reading",
    "understand": "understanding",
    "find_pii": "finding personal data",
    "consult": "asking the language model",
    "redact": "redacting",
    "enrich": "enriching",
    "speak": "speaking",
    "index": "indexing",
    "validate": "validating",
    "publish": "publishing",
}


def read_by(job: ClaimedJob, provider: str) -> ClaimedJob:
    """The job as its run mills it: read by `provider` where its options leave the engine open. Keys and results name what really reads."""
    if job.options.engine != AUTO or provider == AUTO:
        return job
    return replace(job, options=job.options.model_copy(update={"engine": provider}))


@dataclass
class Tracked:
    """One job of the run."""

    job: ClaimedJob
    media_type: str
    page_count: int = 0
    artefacts: dict[tuple[str, str, int], Artefact] = field(default_factory=dict)
    facts: dict[str, type_fact] = field(default_factory=dict)
    page_facts: dict[int, Mapping[str, type_fact]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    calls: dict[str, Calls] = field(default_factory=dict)
    pages_seen: int = 0

    def take(self, outcome: ItemOutcome) -> None:
        """Remember how one item ended."""
        self.seconds[outcome.stage] = round(self.seconds.get(outcome.stage, 0.0) + outcome.seconds, 4)
        self.cpu_s[outcome.stage] = round(self.cpu_s.get(outcome.stage, 0.0) + outcome.cpu_s, 4)
        self.calls = calls_together(self.calls, outcome.calls) if outcome.calls else self.calls
        if outcome.status is ItemStatus.FAILED:
            self.failed.add(outcome.stage)
            error = error_from_code(outcome.error_code or "", outcome.error_message or "")
            self.problems.append(problem_from(error, outcome.stage, outcome.page))
            return
        for artefact in outcome.artefacts:
            self.artefacts[(artefact.stage, artefact.name, artefact.page or 0)] = artefact
        if outcome.page:
            self.page_facts[outcome.page] = outcome.facts
        else:
            self.facts.update(outcome.facts)

    def inputs(self, *stages: str) -> tuple[Artefact, ...]:
        """The artefacts of stages, by stage, name and page."""
        wanted = sorted((key for key in self.artefacts if key[0] in stages), key=lambda key: (stages.index(key[0]), key[1], key[2]))
        return tuple(self.artefacts[key] for key in wanted)

    @property
    def pages_read(self) -> int:
        """How many pages have words kept."""
        return sum(1 for stage, _, _ in self.artefacts if stage == "read")

    def item(self, name: str = "document", *, inputs: tuple[Artefact, ...] = ()) -> Item:
        """The item to send to a worker."""
        job = self.job
        return Item(
            job_id=job.job_id,
            document_id=job.document_id,
            sha256=job.sha256,
            media_type=self.media_type,
            size_bytes=job.size_bytes,
            accepted_on=job.accepted_at.date().isoformat(),
            options=job.options,
            name=name,
            count=job.count,
            inputs=inputs,
            facts=self.all_facts(),
            problems=tuple(self.problems),
            estimate_s=self.estimate_s,
        )

    @property
    def estimate_s(self) -> float:
        """The planner's estimate of the work on the job."""
        return document_cost_s(self.media_type, self.page_count)

    def is_overdue(self, limits: MillLimits) -> bool:
        """Whether work on the job has reached its soft limit."""
        return sum(self.seconds.values()) > limits.soft_limit_s(self.estimate_s)

    def all_facts(self) -> dict[str, type_fact]:
        """Facts of the document with those of its pages added up: pages_read, words, confidence (mean weighted by words)."""
        words = sum(int(f.get("words") or 0) for f in self.page_facts.values())
        weighted = sum(float(f.get("confidence") or 0.0) * int(f.get("words") or 0) for f in self.page_facts.values())
        times = {f"seconds_{stage}": value for stage, value in self.seconds.items()}
        confidence = round(weighted / words, 4) if words else 0.0
        return {
            **self.facts,
            **times,
            "page_count": self.page_count,
            "pages_read": self.pages_read,
            "words": words,
            "confidence": confidence,
        }

    def usage(self, found: Settings) -> Usage:
        """What this run used for the job, at the prices of the settings."""
        called = sorted(self.calls.items())
        prices = {service: price for service, calls in called if (price := _price(service, calls, found)) is not None}
        costs = {service: price.quantize(COST_DIGITS) for service, price in prices.items()}
        return Usage(
            cpu_s={stage: s for stage, s in self.cpu_s.items() if s},
            api_calls={service: calls.calls for service, calls in called},
            api_tokens={service: tokens for service, calls in called if (tokens := calls.input_tokens + calls.output_tokens)},
            api_costs=costs,
            cost=sum(costs.values(), Decimal(0)),
        )

    def progress(self, stage: str) -> JobProgress:
        """Where the job stands in a stage."""
        pages, seen = self.page_count, max(self.pages_seen, len(self.page_facts))
        at = STAGE_PROGRESS[stage]
        if stage == "read":
            at += int(READ_SPAN * seen / max(1, pages))
            message = f"reading page {min(seen + 1, pages)}/{pages}"
            return JobProgress(self.job.job_id, self.job.fence, stage, at, message, current=seen, total=pages)
        return JobProgress(self.job.job_id, self.job.fence, stage, at, STAGE_VERB[stage], current=pages, total=pages)


def _price(service: str, calls: Calls, found: Settings) -> Decimal | None:
    """What calls of a service cost; None where its price is not set."""
    match service:
        case usage.VISION:
            return calls.calls * found.vision_price / 1000
        case usage.LANGUAGE_MODEL:
            return found.language_model.cost(calls.input_tokens, calls.output_tokens) if found.language_model else None
        case usage.EMBEDDINGS:
            return None if found.embedding_price is None else calls.input_tokens * found.embedding_price / MILLION
    return None
