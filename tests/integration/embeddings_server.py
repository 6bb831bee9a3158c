"""A local service that speaks OpenAI's embeddings API over real HTTP: slow, failing, lying, as a test asks for."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

DIMENSIONS = 32


class EmbeddingsServer:
    """What the service does next, and what it was asked.

    Attributes:
        slow_s: seconds before every answer.
        statuses: answered instead of vectors, one a request, while there are any.
        poison: a text with this word is refused with 400, alone or among others.
        size: dimensions of its vectors.
        body: answered as it is instead of vectors.
        asked: the texts of every request.
        keys: the Authorization header of every request.
    """

    def __init__(self) -> None:
        self.slow_s, self.statuses, self.poison, self.size, self.body = 0.0, list[int](), "", DIMENSIONS, b""
        self.asked, self.keys, self.url = list[list[str]](), list[str | None](), ""

    def answer(self, request: dict[str, object]) -> tuple[int, bytes]:
        texts = list(map(str, request["input"]))  # type: ignore[arg-type] # a list by contract
        self.asked.append(texts)
        time.sleep(self.slow_s)
        if self.statuses:
            return self.statuses.pop(0), b"{}"
        if self.poison and any(self.poison in text for text in texts):
            return 400, b'{"error": {"message": "bad input"}}'
        data = [{"object": "embedding", "index": n, "embedding": vector_of(text, self.size)} for n, text in enumerate(texts)]
        return 200, self.body or json.dumps({"object": "list", "data": data[::-1], "model": request["model"]}).encode()


def vector_of(text: str, size: int = DIMENSIONS) -> list[float]:
    """A bag of words, hashed: texts that share words are near. Not of length 1."""
    vector = np.full(size, 0.01)
    for word in text.lower().split():
        vector[int(hashlib.sha256(word.strip(".,?").encode()).hexdigest(), 16) % size] += 3.0
    return [float(one) for one in vector]


@contextmanager
def embeddings_server() -> Iterator[EmbeddingsServer]:
    """The service on a free port of 127.0.0.1."""
    state = EmbeddingsServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.keys.append(self.headers.get("Authorization"))
            status, said = state.answer(json.loads(body)) if self.path == "/v1/embeddings" else (404, b"{}")
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
