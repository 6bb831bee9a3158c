"""A real HTTP server on loopback that speaks OpenAI's chat completions, with faults on order."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One answer that is none: a status; bytes in place of JSON; seconds to wait before; seconds between the bytes."""

    status: int = 200
    body: bytes | None = None
    wait_s: float = 0.0
    drip_s: float = 0.0


@dataclass
class OpenAiServer:
    """What the server was asked and what it answers.

    Attributes:
        base_url: with /v1.
        answer: makes the answer's content (text, or a value that is sent as JSON) from the decoded user message.
        faults: one per request, in order; afterwards it answers.
        finish_reason, usage: of every answer.
        knows_schemas: whether it takes response_format; else it refuses with status 400.
    """

    base_url: str = ""
    answer: Callable[[dict[str, Any]], Any] = lambda _: {"answers": []}
    faults: deque[Fault] = field(default_factory=deque)
    finish_reason: str = "stop"
    usage: dict[str, Any] | None = field(default_factory=lambda: {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100})
    knows_schemas: bool = True
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def elsewhere_url(self) -> str:
        """Reaches this server too, but does not say that it is on this machine: as an address elsewhere would be taken."""
        return self.base_url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - nothing is bound to it

    @property
    def sent(self) -> str:
        """All that ever reached the server."""
        return json.dumps(self.requests, ensure_ascii=False)


def _completion(state: OpenAiServer, request: dict[str, Any]) -> bytes:
    content = state.answer(json.loads(request["messages"][-1]["content"]))
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    choice = {"index": 0, "finish_reason": state.finish_reason, "message": {"role": "assistant", "content": text}}
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "test-model-0001", "choices": [choice], "usage": state.usage}
    return json.dumps(body).encode()


def _handler(state: OpenAiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.requests.append(request)
            state.headers.append({name.lower(): value for name, value in self.headers.items()})
            fault = state.faults.popleft() if state.faults else Fault()
            if not state.knows_schemas and "response_format" in request and fault == Fault():
                fault = Fault(400)
            time.sleep(fault.wait_s)
            body = fault.body if fault.body is not None else b"{}" if fault.status != 200 else _completion(state, request)
            try:
                self.send(fault, body)
            except (BrokenPipeError, ConnectionResetError):
                return  # the client has hung up, which is what slow answers deserve

        def send(self, fault: Fault, body: bytes) -> None:
            self.send_response(fault.status if self.path == "/v1/chat/completions" else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for i in range(0, len(body), 1 if fault.drip_s else len(body) or 1):
                self.wfile.write(body[i : i + (1 if fault.drip_s else len(body))])
                self.wfile.flush()
                time.sleep(fault.drip_s)

        def log_message(self, *_: object) -> None:
            return

    return Handler


@contextmanager
def running_openai_server() -> Iterator[OpenAiServer]:
    """A server on a free loopback port, stopped at the end."""
    state = OpenAiServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    server.daemon_threads = True
    state.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
