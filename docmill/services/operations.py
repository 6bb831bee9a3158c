"""How docmill is doing: the figures of /operations and /metrics. Counts, times and codes; nothing about any document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from docmill.services.lookups import count_jobs
from docmill.services.outbox import undelivered
from docmill.services.review.standing import REVIEW
from docmill.services.running.room import Room
from docmill.services.running.tracked import STAGE_PROGRESS
from docmill.storage.ledger import figures
from docmill.values.jobs import FINAL_STATES, JobState

WINDOW: Final = timedelta(hours=24)
RATE_WINDOW: Final = timedelta(hours=1)
HOURS: Final = 24
"""Of throughput: the hour under way and those before it."""


@dataclass(frozen=True, slots=True)
class Times:
    """Median and 95th percentile in seconds; None where nothing ended."""

    p50_s: float | None
    p95_s: float | None


@dataclass(frozen=True, slots=True)
class Confidence:
    """Of pages, 0.0-1.0: the median, and what all but the worst twentieth reach."""

    p50: float
    p05: float


@dataclass(frozen=True, slots=True)
class Operations:
    """How things stand.

    Attributes:
        jobs: state -> how many there are; every state, in their order.
        queue_age_s: how long the oldest waiting job has waited; 0.0 when none waits.
        ended_last_hour: how many jobs ended.
        ended_by_hour: the beginning of an hour, UTC -> how many ended in it; the last 24, earliest first.
        ended: state -> how many came into it in the last 24 hours; every final state.
        straight_through: share of the documents milled in the last 24 hours that were completed without a person, 0.0-1.0; None without any.
            Of a document that was milled several times the latest job that ended counts, here and in `failures`.
        ocr_confidence: engine -> of the pages it read in the last 24 hours.
        failures: error code -> documents milled in the last 24 hours that failed so.
        waiting, working: times of the jobs that ended in the last 24 hours.
        stages: stage -> seconds of work for one document, its pages added up, of the same jobs; stages in their order.
        outbox_waiting, outbox_given_up: messages to receivers.
        cpu_s: stage -> processor seconds of the jobs that ended in the last hour.
        api_calls, api_tokens, api_costs: service -> calls for the jobs that ended in the last hour, their tokens and, where it is set, their price.
        cost: the prices together.
    """

    jobs: Mapping[str, int]
    queue_age_s: float
    ended_last_hour: int
    ended_by_hour: Mapping[datetime, int]
    ended: Mapping[str, int]
    straight_through: float | None
    ocr_confidence: Mapping[str, Confidence]
    failures: Mapping[str, int]
    waiting: Times
    working: Times
    stages: Mapping[str, Times]
    outbox_waiting: int
    outbox_given_up: int
    cpu_s: Mapping[str, float]
    api_calls: Mapping[str, int]
    api_tokens: Mapping[str, int]
    api_costs: Mapping[str, Decimal]
    cost: Decimal


def operations(room: Room) -> Operations:
    """How the room's tenant stands now.

    Raises:
        LedgerUnavailable: the ledger did not answer.
    """
    now = room.ledger.now()
    with room.ledger.reading() as conn:
        oldest = figures.oldest_waiting(conn, room.tenant)
        ended = figures.ended_since(conn, room.tenant, now - WINDOW)
        last_hour = figures.ended_since(conn, room.tenant, now - RATE_WINDOW)
        milled = figures.documents_since(conn, room.tenant, now - WINDOW, review=REVIEW)
        read = figures.ocr_confidences_since(conn, room.tenant, now - WINDOW)
        times = figures.times_since(conn, room.tenant, now - WINDOW)
        stages = figures.stage_seconds_since(conn, room.tenant, now - WINDOW)
        hours = [_first_hour(now) + n * RATE_WINDOW for n in range(HOURS)]
        by_hour = figures.ended_by_time(conn, room.tenant, hours)
        used = figures.usage_since(conn, room.tenant, now - RATE_WINDOW)
    waiting, given_up = undelivered(room.ledger, room.tenant)
    jobs = count_jobs(room.ledger, room.tenant)
    return Operations(
        jobs={state.value: jobs.get(state, 0) for state in JobState},
        queue_age_s=round((now - oldest).total_seconds(), 1) if oldest else 0.0,
        ended_last_hour=sum(last_hour.values()),
        ended_by_hour=dict(zip(hours, by_hour, strict=True)),
        ended={state.value: ended.get(state, 0) for state in FINAL_STATES},
        straight_through=_straight_through(milled),
        ocr_confidence=_confidences(read),
        failures={str(code): count for state, code, count in milled if state == JobState.FAILED},
        waiting=_times([waited for waited, _ in times]),
        working=_times([worked for _, worked in times]),
        stages={
            name: _times([one[name] for one in stages if name in one], digits=3)
            for name in STAGE_PROGRESS
            if any(name in s for s in stages)
        },
        outbox_waiting=waiting,
        outbox_given_up=given_up,
        cpu_s={stage: round(seconds, 3) for stage, seconds in used.cpu_s.items()},
        api_calls=used.api_calls,
        api_tokens=used.api_tokens,
        api_costs=used.api_costs,
        cost=used.cost,
    )


def _straight_through(milled: Sequence[tuple[str, str | None, int]]) -> float | None:
    """A document that was cancelled was not wanted any more; it says nothing."""
    wanted = sum(count for state, _, count in milled if state != JobState.CANCELLED)
    completed = sum(count for state, _, count in milled if state == JobState.COMPLETED)
    return round(completed / wanted, 4) if wanted else None


def _confidences(read: Sequence[tuple[str, float]]) -> dict[str, Confidence]:
    by_engine: dict[str, list[float]] = {}
    for engine, confidence in read:
        by_engine.setdefault(engine, []).append(confidence)
    ordered = {engine: sorted(found) for engine, found in sorted(by_engine.items())}
    return {name: Confidence(round(found[len(found) // 2], 4), round(found[int(len(found) * 0.05)], 4)) for name, found in ordered.items()}


def _first_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * RATE_WINDOW


def _times(values: Sequence[float], digits: int = 1) -> Times:
    if not values:
        return Times(None, None)
    ordered = sorted(values)
    return Times(round(ordered[len(ordered) // 2], digits), round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], digits))
