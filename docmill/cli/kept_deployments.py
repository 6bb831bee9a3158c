"""What people changed of a deployment in Prefect stays through `prefect deploy`, which would make it as prefect.yaml says: parameters, schedules, pauses.

Belongs here: what of a deployment is a person's, and when a night may be scheduled. Does not belong here: what is deployed (prefect.yaml).
"""

import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import httpx

from docmill.errors import ClusterLost

ANSWER_S: Final = 30.0
BUSY_PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
AT_ONCE: Final = 200
"""Prefect gives no more deployments in one answer."""
NIGHTLY: Final = "nightly"
WITHOUT_SOURCES: Final = "without-sources"
"""Tag of the nightly deployment whose schedule docmill switched off, so that it knows its own off from a person's."""
OF_A_SCHEDULE: Final = ("schedule", "active", "parameters", "slug", "max_scheduled_runs")

log = logging.getLogger(__name__)


@contextlib.contextmanager
def deployments_kept(api_url: str, pool: str, nightly_sources: Sequence[str] = ()) -> Iterator[None]:
    """Note the deployments; after the block (also one that broke) give those that were there their parameters, schedules and pauses again.

    A parameter that the flow no longer takes is dropped, one that is new has what prefect.yaml says.

    Args:
        api_url: of the Prefect server.
        pool: of docmill's deployments; those of other pools are left alone.
        nightly_sources: what a night mills when its deployment names no sources.

    Raises:
        ClusterLost: the server did not answer or did not take it.
    """
    with httpx.Client(base_url=f"{api_url.rstrip('/')}/", timeout=ANSWER_S) as client:
        before = _deployments(client)
        try:
            yield
        finally:
            for one in _deployments(client).values():
                if one["work_pool_name"] == pool:
                    _mend(client, one, before.get(one["id"]), nightly_sources)


def _mend(client: httpx.Client, now: dict[str, Any], before: dict[str, Any] | None, nightly_sources: Sequence[str]) -> None:
    """Write what is not as wanted: schedules and pauses first, parameters by themselves, because the server may refuse them."""
    parameters = now["parameters"]
    if before:
        known = now["parameter_openapi_schema"].get("properties", {})
        parameters = parameters | {name: value for name, value in before["parameters"].items() if name in known}
    refused = parameters != now["parameters"] and not _patched(client, now["id"], {"parameters": parameters})
    if refused:
        parameters = now["parameters"]
        log.warning("deployment %s: its parameters in Prefect do not fit this version; they are as shipped again", now["name"])
    wanted = _standing(before or now) | {"tags": now["tags"]}
    if now["name"] == NIGHTLY:
        was_off = WITHOUT_SOURCES in (before or now)["tags"]
        wanted |= _night(wanted, parameters.get("sources"), nightly_sources, was_off=was_off)
    if wanted != _standing(now) | {"tags": now["tags"]} and not _patched(client, now["id"], wanted):
        raise ClusterLost(f"the Prefect server did not take the schedules of the deployment {now['name']}")


def _night(wanted: dict[str, Any], sources: object, nightly_sources: Sequence[str], *, was_off: bool) -> dict[str, Any]:
    """A night without sources would fail every night: its schedules are off until there are some. What a person switched off stays off."""
    active, is_off = None, False
    if not (sources or nightly_sources):
        active, is_off = False, was_off or any(one["active"] for one in wanted["schedules"])
    elif was_off and not sources:  # who wrote sources into Prefect has the switch beside them
        active = True
    return {
        "tags": [tag for tag in wanted["tags"] if tag != WITHOUT_SOURCES] + ([WITHOUT_SOURCES] if is_off else []),
        "schedules": [one if active is None else {**one, "active": active} for one in wanted["schedules"]],
    }


def _standing(deployment: dict[str, Any]) -> dict[str, Any]:
    """Pause and schedules, without what the server adds to them."""
    schedules = [{name: one.get(name) for name in OF_A_SCHEDULE} for one in deployment["schedules"]]
    return {"paused": deployment["paused"], "schedules": sorted(schedules, key=str)}


def _deployments(client: httpx.Client) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    while True:
        answer = _asked(client, "POST", "deployments/filter", {"limit": AT_ONCE, "offset": len(found), "sort": "NAME_ASC"})
        if not answer.is_success:
            raise ClusterLost(f"the Prefect server did not tell its deployments: {answer.status_code}")
        page = answer.json()
        found |= {one["id"]: one for one in page}
        if len(page) < AT_ONCE:
            return found


def _patched(client: httpx.Client, deployment_id: str, body: dict[str, Any]) -> bool:
    """Whether the server took it. One PATCH replaces all schedules at once, because those that `prefect deploy` just made have no slugs."""
    return _asked(client, "PATCH", f"deployments/{deployment_id}", body).is_success


def _asked(client: httpx.Client, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
    """The server's answer; one that is busy (503) is asked again, as Prefect's own client does."""
    try:
        answer = client.request(method, path, json=body)
        for pause_s in BUSY_PAUSES_S:
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(pause_s)
            answer = client.request(method, path, json=body)
    except httpx.HTTPError as error:
        raise ClusterLost(f"the Prefect server did not answer: {type(error).__name__}") from None
    return answer
