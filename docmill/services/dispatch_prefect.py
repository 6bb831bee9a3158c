"""The three calls to Prefect's REST API that dispatching needs. Work is named by deployment; no flow is imported."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx

DEPLOYMENT: Final = "ingest-documents/ad-hoc"
ANSWER_S: Final = 10.0
ENDED: Final = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})


class PrefectAway(Exception):
    """Prefect's server did not answer as expected; a later call may succeed. It never leaves the dispatcher."""


@dataclass(frozen=True, slots=True)
class FlowRun:
    """A flow run: its id and the type of its state (SCHEDULED, PENDING, RUNNING, ...); `is_new` when the call made it."""

    run_id: str
    state: str
    is_new: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the run will do nothing more."""
        return self.state in ENDED


class PrefectCalls:
    """Calls to one server.

    Args:
        api_url: such as http://127.0.0.1:4200/api.
    """

    def __init__(self, api_url: str) -> None:
        self.api_url = api_url
        self._client = httpx.Client(base_url=api_url.rstrip("/"), timeout=ANSWER_S)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def is_healthy(self) -> bool:
        """Whether the server answers."""
        try:
            return self._client.get("/health", timeout=2.0).is_success
        except httpx.HTTPError:
            return False

    def start(self, batch_id: str, idempotency_key: str) -> FlowRun:
        """Start a run for a batch; the same key gives the run that is there already.

        Raises:
            PrefectAway: no answer, or the deployment is not there.
        """
        return self.start_deployment(DEPLOYMENT, {"batch_id": batch_id}, idempotency_key)

    def start_deployment(self, name: str, parameters: Mapping[str, str], idempotency_key: str) -> FlowRun:
        """Start a run of a deployment (flow/deployment); the same key gives the run that is there already.

        Raises:
            PrefectAway: no answer, or the deployment is not there.
        """
        deployment = self._call("GET", f"/deployments/name/{name}").json()["id"]
        body = {"parameters": dict(parameters), "idempotency_key": idempotency_key, "state": {"type": "SCHEDULED"}}
        answer = self._call("POST", f"/deployments/{deployment}/create_flow_run", json=body)
        return FlowRun(answer.json()["id"], answer.json()["state_type"], is_new=answer.status_code == httpx.codes.CREATED)

    def look(self, run: FlowRun) -> FlowRun:
        """A run as it is now.

        Raises:
            PrefectAway: no answer, or no such run.
        """
        return replace(run, state=self._call("GET", f"/flow_runs/{run.run_id}").json()["state_type"])

    def cancel(self, run_id: str) -> None:
        """Ask a run to stop.

        Raises:
            PrefectAway: no answer.
        """
        self._call("POST", f"/flow_runs/{run_id}/set_state", json={"state": {"type": "CANCELLING", "name": "Cancelling"}})

    def _call(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **given)
            answer.raise_for_status()
        except httpx.HTTPStatusError as error:
            raise PrefectAway(f"HTTP {error.response.status_code}") from None
        except (httpx.HTTPError, ValueError) as error:
            raise PrefectAway(type(error).__name__) from None
        return answer
