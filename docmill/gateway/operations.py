"""`/operations` for people and `/metrics` for Prometheus: the same figures."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from html import escape
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from docmill.gateway.desk import Desk
from docmill.gateway.openapi import problems
from docmill.gateway.page_frame import framed
from docmill.services.operations import Operations, Times, operations
from docmill.services.stack_note import prefect_ui

_PLAIN: Final = {"text/plain": {"schema": {"type": "string"}}}
TEXT_FORMAT: Final[dict[int | str, dict[str, Any]]] = {200: {"description": "Prometheus text format.", "content": _PLAIN}}


def operations_router(desk: Desk) -> APIRouter:
    """Figures."""
    router = APIRouter(tags=["health"])

    @router.get("/metrics", summary="Figures for Prometheus", response_class=Response, responses={**problems(), **TEXT_FORMAT})
    def metrics() -> Response:
        """Jobs by state, queue, failures by code, times, outbox. Reading them costs a few ledger queries."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest  # noqa: PLC0415 - only where it is asked for

        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Collector(operations(desk.room)))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    @router.get("/operations", include_in_schema=False)
    def page() -> HTMLResponse:
        found, ui = operations(desk.room), prefect_ui(desk.room.settings)
        answers = desk.prefect_answers()
        link = f'<a href="{escape(ui)}">Prefect: runs, logs, schedules</a>' if ui and answers else "Prefect is away: uploads wait."
        return framed(
            "operations.html",
            "Operations",
            here="/operations",
            facts=_rows(_facts(found)),
            hours=_hours(found.ended_by_hour),
            stages=_stages(found.stages),
            jobs=_rows(_some(found.jobs)) or _row("none yet", ""),
            ended=_rows(_some(found.ended)) or _row("none", ""),
            failures=_rows(found.failures) or _row("none", ""),
            prefect=link,
        )

    return router


def _hours(by_hour: Mapping[datetime, int]) -> str:
    most = max(by_hour.values(), default=0) or 1
    return "".join(
        f'<tr><th scope="row">{hour:%d %b %H:00}</th><td>{count}</td>'
        f'<td><meter min="0" max="{most}" value="{count}" aria-hidden="true"></meter></td></tr>'
        for hour, count in by_hour.items()
    )


def _stages(stages: Mapping[str, Times]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name.replace("_", " "))}</th><td>{times.p50_s} s</td><td>{times.p95_s} s</td></tr>'
        for name, times in stages.items()
    )
    return rows or '<tr><th scope="row">no figures</th><td></td><td></td></tr>'


def _facts(found: Operations) -> dict[str, object]:
    return {
        "Oldest waiting task": f"{found.queue_age_s:.0f} s",
        "Tasks ended in the last hour": found.ended_last_hour,
        "Completed without a person, last 24 h": "no figures" if found.straight_through is None else f"{found.straight_through:.1%}",
        **{
            f"Confidence of pages read by {engine}": f"median {of.p50:.2f}, 95 % above {of.p05:.2f}"
            for engine, of in found.ocr_confidence.items()
        },
        "Waiting before work, last 24 h": _words(found.waiting),
        "Work until the end, last 24 h": _words(found.working),
        "Processor time by tasks of the last hour": f"{sum(found.cpu_s.values()):.1f} s",
        "Calls of services outside by tasks of the last hour": _called(found),
        "Messages waiting for receivers": found.outbox_waiting,
        "Messages given up": found.outbox_given_up,
    }


def _called(found: Operations) -> str:
    by_service = ", ".join(f"{service.replace('_', ' ')} {count}" for service, count in found.api_calls.items())
    return f"{by_service} for {found.cost:f}" if by_service else "none"


def _words(times: Times) -> str:
    return "no figures" if times.p50_s is None else f"median {times.p50_s} s, 95 % within {times.p95_s} s"


def _rows(figures: Mapping[str, object]) -> str:
    return "".join(_row(name, value) for name, value in figures.items())


def _some(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def _row(name: str, value: object) -> str:
    return f'<tr><th scope="row">{escape(name)}</th><td>{escape(str(value))}</td></tr>'


class _Collector:
    """Figures of one moment as Prometheus metric families."""

    def __init__(self, found: Operations) -> None:
        self._found = found

    def collect(self) -> Iterator[Any]:
        """Prometheus's own interface."""
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - as above

        found = self._found
        for name, text, label, values in (
            ("docmill_tasks", "Tasks by state.", "state", found.jobs),
            ("docmill_tasks_ended_last_day", "Tasks that came into a final state in the last 24 hours.", "state", found.ended),
            (
                "docmill_failures_last_day",
                "Documents whose latest task of the last 24 hours failed, by error code.",
                "code",
                found.failures,
            ),
            ("docmill_cpu_seconds_last_hour", "Processor seconds of the tasks that ended in the last hour.", "stage", found.cpu_s),
            (
                "docmill_api_calls_last_hour",
                "Calls of services outside for the tasks that ended in the last hour.",
                "service",
                found.api_calls,
            ),
            ("docmill_api_tokens_last_hour", "Tokens of these calls, questions and answers together.", "service", found.api_tokens),
            ("docmill_api_cost_last_hour", "Price of these calls, of services whose price is set.", "service", found.api_costs),
        ):
            family = GaugeMetricFamily(name, text, labels=[label])
            for value, count in values.items():
                family.add_metric([value], float(count))
            yield family
        yield from self._single()
        tasks = {name: _quantiles(times) for name, times in (("waiting", found.waiting), ("working", found.working))}
        yield _family("docmill_task_seconds", "Times of tasks that ended in the last 24 hours.", "phase", tasks)
        stages = {name: _quantiles(times) for name, times in found.stages.items()}
        yield _family("docmill_stage_seconds", "Work of a stage for one document, of the tasks of the last 24 hours.", "stage", stages)
        read = {engine: {"0.5": of.p50, "0.05": of.p05} for engine, of in found.ocr_confidence.items()}
        yield _family("docmill_ocr_confidence", "Confidence (0-1) of pages that an engine read, last 24 hours.", "engine", read)

    def _single(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - as above

        found = self._found
        for name, text, value in (
            ("docmill_queue_age_seconds", "How long the oldest waiting task has waited.", found.queue_age_s),
            ("docmill_tasks_ended_last_hour", "Throughput: tasks that ended in the last hour.", found.ended_last_hour),
            (
                "docmill_straight_through_rate",
                "Share (0-1) of the documents milled in the last 24 hours whose latest task was completed without a person.",
                found.straight_through,
            ),
            ("docmill_cost_last_hour", "Price of the calls of services outside of the last hour.", float(found.cost)),
            ("docmill_outbox_waiting", "Messages on their way to receivers.", found.outbox_waiting),
            ("docmill_outbox_given_up", "Messages that were given up.", found.outbox_given_up),
        ):
            if value is not None:
                yield GaugeMetricFamily(name, text, value=value)


def _quantiles(times: Times) -> dict[str, float]:
    return {} if times.p50_s is None else {"0.5": times.p50_s, "0.95": times.p95_s or 0.0}


def _family(name: str, text: str, label: str, values: Mapping[str, Mapping[str, float]]) -> Any:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - as above

    family = GaugeMetricFamily(name, text, labels=[label, "quantile"])
    for value, quantiles in values.items():
        for quantile, found in quantiles.items():
            family.add_metric([value, quantile], found)
    return family
