"""Prefect automations as code: what the server does by itself when runs go silent or the health flow fails. Made again, they stay as they are.

Docs of the form: https://docs.prefect.io/v3/concepts/automations. Belongs here: what triggers what. Does not belong here: what the flows do.
"""

import time
from typing import Any, Final

import httpx

from docmill.errors import ClusterLost
from flows import FLOWS_TAG

ANSWER_S: Final = 30.0
TRIES, AGAIN_S = 20, 1.0
SILENT_S: Final = 90.0
"""Three heartbeats of 30 s (PREFECT_FLOWS_HEARTBEAT_FREQUENCY): a flow run that says nothing for so long has lost its process."""

_BEAT: Final = "prefect.flow-run.heartbeat"
_ENDS: Final = tuple(f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Cancelled", "Crashed", "Suspended", "Paused"))


def zombies(*, silent_s: float = SILENT_S) -> dict[str, Any]:
    """Runs whose process is gone without a word become Crashed; the dispatcher then starts the next try.

    Without it a run whose worker died with it stays Running for ever: nobody is left who could say otherwise.
    """
    return {
        "name": "docmill: silent runs have crashed",
        "description": "A flow run of docmill's without a heartbeat has lost its process; it becomes Crashed.",
        "enabled": True,
        "trigger": {
            "type": "event",
            "posture": "Proactive",
            "match": {"prefect.resource.id": "prefect.flow-run.*"},
            "match_related": {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{FLOWS_TAG}"},
            "for_each": ["prefect.resource.id"],
            "after": [_BEAT],
            "expect": [_BEAT, *_ENDS],
            "threshold": 1,
            "within": silent_s,
        },
        "actions": [{"type": "change-flow-run-state", "state": "CRASHED", "message": f"no heartbeat for {silent_s:.0f} s"}],
    }


def health_alarm(health_id: str, alarm_id: str) -> dict[str, Any]:
    """A run of the deployment `health` that fails or crashes starts the deployment that sweeps and tells people, of each incident once."""
    return {
        "name": "docmill: health failed",
        "description": "The health flow found something broken; people are told and a sweep runs.",
        "enabled": True,
        "trigger": {
            "type": "event",
            "posture": "Reactive",
            "match": {"prefect.resource.id": "prefect.flow-run.*"},
            "match_related": {"prefect.resource.role": "deployment", "prefect.resource.id": f"prefect.deployment.{health_id}"},
            "for_each": [],
            "expect": ["prefect.flow-run.Failed", "prefect.flow-run.Crashed"],
            "threshold": 1,
            "within": 0,
        },
        "actions": [{"type": "run-deployment", "source": "selected", "deployment_id": alarm_id}],
    }


def make_automations(api_url: str) -> None:
    """Make or replace docmill's automations; the deployments must be there.

    Raises:
        ClusterLost: the server did not take them.
    """
    try:
        with httpx.Client(base_url=f"{api_url.rstrip('/')}/", timeout=ANSWER_S) as client:
            ids = [client.get(f"deployments/name/{name}/{name}").raise_for_status().json()["id"] for name in ("health", "alarm")]
            for wanted in (zombies(), health_alarm(*ids)):
                put_automation(client, wanted)
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise ClusterLost(f"the Prefect server did not take the automations: {type(error).__name__}") from None


def put_automation(client: httpx.Client, wanted: dict[str, Any]) -> str:
    """Make an automation, or replace the one of its name if it says something else; returns its id.

    One that is replaced forgets what it waits for: runs that fell silent before would never be found.

    Raises:
        httpx.HTTPError: the server did not take it.
    """
    known = _asked(client, "POST", "automations/filter", {"automations": {"name": {"any_": [wanted["name"]]}}}).json()
    if known and _says(known[0], wanted):
        return str(known[0]["id"])
    if known:
        _asked(client, "PUT", f"automations/{known[0]['id']}", wanted)
        return str(known[0]["id"])
    return str(_asked(client, "POST", "automations/", wanted).json()["id"])


def _says(known: Any, wanted: Any) -> bool:
    """Whether what the server keeps has all that is wanted; it adds ids and defaults, and keeps lists of events in no order."""
    if isinstance(wanted, dict):
        return isinstance(known, dict) and all(name in known and _says(known[name], value) for name, value in wanted.items())
    if isinstance(wanted, list | tuple):
        return isinstance(known, list) and len(known) == len(wanted) and all(any(_says(one, w) for one in known) for w in wanted)
    return bool(known == wanted)


def _asked(client: httpx.Client, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
    """An answer; a server that is busy (503 while its SQLite is locked) is asked again."""
    for _ in range(TRIES):
        answer = client.request(method, path, json=body)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(AGAIN_S)
    return answer.raise_for_status()
