"""A client of the gateway for Python programs: submit files, wait for tasks, download what was published.

    with Client("http://127.0.0.1:8000") as client:
        task = client.submit(Path("invoice.pdf"), redact=True)
        done = client.wait(task.task_id)
        client.download(done, Path("out"))

Belongs here: the calls and their errors. It needs httpx and pydantic, and nothing else of docmill's services.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx
from pydantic import SecretStr

from docmill.errors import ClusterLost, DocmillError, StageFailed, TimedOut, error_from_code

POLL_S: Final = 5.0
WAIT_S: Final = 30 * 60.0
BUSY_STATUS: Final = 429
TRIES: Final = 5
"""How often a request is sent that the gateway answers with 429 or 503."""

OptionValue = str | float | Sequence[str]


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the gateway tells it.

    Attributes:
        task_id: given by `submit`.
        status: pending, processing, completed or failed.
        outcome: the finer word, such as partial, needs_review or cancelled.
        progress: 0-100.
        message: one sentence.
        full_text: of a completed task; None when it is too large to be sent along.
        download_urls: signed links by name, None where the original may not be seen.
        updated_at: aware.
        error_code: of a failed task.
    """

    task_id: str
    status: str
    outcome: str
    progress: int
    message: str
    full_text: str | None
    download_urls: Mapping[str, str | None]
    updated_at: datetime | None = None
    error_code: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether it is completed or failed."""
        return self.status in {"completed", "failed"}


class Client:
    """Calls to one gateway. Not for several threads.

    Args:
        url: of the gateway, such as http://127.0.0.1:8000.
        timeout_s: of one request.
        key: an API key, where the gateway asks for one.
    """

    def __init__(self, url: str, *, timeout_s: float = 60.0, key: str | None = None) -> None:
        self._http = httpx.Client(base_url=url, timeout=timeout_s)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}  # not for links: they may lead to another host

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def submit(
        self,
        file: Path,
        *,
        tags: Sequence[str] = (),
        collection: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        password: SecretStr | str | None = None,
        **options: OptionValue,
    ) -> Task:
        """Upload one file.

        Args:
            file: read as it is sent.
            tags: labels.
            collection: the collection the document belongs to.
            metadata: JSON that is kept with the task.
            idempotency_key: the same key gives the same task for a day.
            password: tried on PDFs that ask for one; the gateway forgets it when the task is over.
            options: those of MillOptions, such as language="de", redact=True, entities=("PERSON", "IBAN_CODE").

        Raises:
            DocmillError: the gateway refused it, by the code of its problem.
            ClusterLost: the gateway does not answer.
        """
        fields: dict[str, str | list[str]] = {name: _field(value) for name, value in options.items()}
        fields |= {"tags": list(tags)} if tags else {}
        fields |= {"collection": collection} if collection else {}
        fields |= {"metadata": json.dumps(metadata)} if metadata else {}
        fields |= {"password": password.get_secret_value() if isinstance(password, SecretStr) else password} if password else {}
        headers = self._headers | ({"Idempotency-Key": idempotency_key} if idempotency_key else {})

        def send() -> httpx.Response:
            with file.open("rb") as stream:
                return self._http.post("/api/v1/upload/async/", files={"file": (file.name, stream)}, data=fields, headers=headers)

        return self.status(_answer(send)["task_id"])

    def status(self, task_id: str) -> Task:
        """Where a task stands.

        Raises:
            NotFound: no such task.
            ClusterLost: the gateway does not answer.
        """
        told = _answer(lambda: self._http.get(f"/api/v1/upload/status/{task_id}/", headers=self._headers))
        return Task(
            task_id=told["task_id"],
            status=told["status"],
            outcome=told["outcome"],
            progress=told["progress"],
            message=told["message"],
            full_text=(told["ocr_result"] or {}).get("full_text"),
            download_urls=told["download_urls"] or {},
            updated_at=datetime.fromisoformat(told["updated_at"]),
            error_code=(told["error"] or {}).get("code"),
        )

    def wait(
        self, task_id: str, *, timeout_s: float = WAIT_S, poll_s: float = POLL_S, on_progress: Callable[[Task], None] | None = None
    ) -> Task:
        """Ask until a task is over; a failed one is returned like any other.

        Raises:
            TimedOut: it is not over after `timeout_s`.
            NotFound: no such task.
            ClusterLost: the gateway does not answer.
        """
        end = time.monotonic() + timeout_s
        while True:
            task = self.status(task_id)
            if on_progress:
                on_progress(task)
            if task.is_over:
                return task
            if time.monotonic() + poll_s > end:
                raise TimedOut(f"the task is not over after {timeout_s:.0f} s", progress=task.progress)
            time.sleep(poll_s)

    def cancel(self, task_id: str) -> Task:
        """Ask a task to stop.

        Raises:
            NotFound: no such task.
            Conflict: it is over already.
        """
        _answer(lambda: self._http.post(f"/api/v1/upload/{task_id}/cancel/", headers=self._headers))
        return self.status(task_id)

    def download(self, task: Task, folder: Path, names: Sequence[str] = ()) -> list[Path]:
        """Fetch what a completed task published.

        Args:
            task: as `wait` gave it; its links last an hour.
            folder: made when missing; files are called <task>.<name><ending>.
            names: of download_urls; empty for all there are.

        Raises:
            NotAllowed: a link has expired.
            ClusterLost: the gateway does not answer.
        """
        folder.mkdir(parents=True, exist_ok=True)
        wanted = {name: url for name, url in task.download_urls.items() if url and (not names or name in names)}
        return [self._fetch(url, folder / f"{task.task_id}.{name}") for name, url in wanted.items()]

    def _fetch(self, url: str, target: Path) -> Path:
        try:
            with self._http.stream("GET", url) as answer:
                if not answer.is_success:
                    answer.read()
                    raise _refusal(answer)
                offered = answer.headers.get("content-disposition", "").rstrip('"').rpartition(".")[2]
                path = target.with_name(f"{target.name}.{offered}") if offered.isalnum() else target
                with path.open("wb") as file:
                    for chunk in answer.iter_bytes():
                        file.write(chunk)
        except httpx.HTTPError as error:
            raise ClusterLost(f"the gateway does not answer: {type(error).__name__}") from None
        return path


def _field(value: OptionValue) -> str | list[str]:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else list(value)


def _answer(send: Callable[[], httpx.Response]) -> dict[str, Any]:
    """The body of a good answer; a busy gateway is asked again when it says so."""
    for left in reversed(range(TRIES)):
        try:
            answer = send()
        except httpx.HTTPError as error:
            raise ClusterLost(f"the gateway does not answer: {type(error).__name__}") from None
        if answer.is_success:
            found: dict[str, Any] = answer.json()
            return found
        if not left or answer.status_code not in {BUSY_STATUS, 503}:
            break
        time.sleep(min(60.0, float(answer.headers.get("Retry-After", "1"))))
    raise _refusal(answer)


def _refusal(answer: httpx.Response) -> DocmillError:
    """The error that a problem names."""
    try:
        told = answer.json()
        code, detail = told.get("code"), told.get("detail") or told["title"]
    except (ValueError, KeyError, AttributeError):
        code, detail = None, "the answer is no problem+json"
    return error_from_code(code, detail) if code else StageFailed(f"the gateway answered {answer.status_code}: {detail}")
