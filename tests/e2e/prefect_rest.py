"""Prefect's REST API as the tests of `docmill up` ask it: deployments, runs, artifacts."""

import time

import httpx


class Prefect:
    """The few REST calls that the tests need."""

    def __init__(self, ui: str) -> None:
        self.http = httpx.Client(base_url=f"{ui}/api", timeout=30)

    def deployment(self, name: str) -> dict:
        return self.http.get(f"/deployments/name/{name}").raise_for_status().json()

    def ask(self, method: str, path: str, body: dict) -> httpx.Response:
        """A busy server answers 503 and says when to come again, as Prefect's own client does."""
        for _ in range(10):
            answer = self.http.request(method, path, json=body)
            if answer.status_code != 503:
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        return answer.raise_for_status()

    def start(self, **parameters) -> str:
        path = f"/deployments/{self.deployment('ingest-documents/ad-hoc')['id']}/create_flow_run"
        return self.ask("POST", path, {"parameters": parameters}).json()["id"]

    def ended(self, run_id: str, timeout_s: float = 150) -> dict:
        end = time.monotonic() + timeout_s
        while (run := self.http.get(f"/flow_runs/{run_id}").raise_for_status().json())["state_type"] not in {
            "COMPLETED",
            "FAILED",
            "CRASHED",
        }:
            assert time.monotonic() < end, run["state"]
            time.sleep(0.3)
        return run

    def artifacts(self, run_id: str) -> dict[str, dict]:
        found = self.http.post("/artifacts/filter", json={"flow_runs": {"id": {"any_": [run_id]}}}).raise_for_status().json()
        return {artifact["key"]: artifact for artifact in found}

    def runs(self, **wanted) -> list[dict]:
        return self.http.post("/flow_runs/filter", json=wanted).raise_for_status().json()
