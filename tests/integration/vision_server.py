"""A real gRPC server on loopback that speaks google.cloud.vision.v1.ImageAnnotator, with faults on order."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.cloud import vision

BREAKS = vision.TextAnnotation.DetectedBreak.BreakType

# (text, break after its last symbol, x, y) as the service cuts it: the comma is a word of its own, nothing breaks before it
SPOKEN = (
    ("Total", BREAKS.UNKNOWN, 0, 0),
    (",", BREAKS.SPACE, 50, 0),
    ("9.00", BREAKS.EOL_SURE_SPACE, 80, 0),
    ("pay", BREAKS.SURE_SPACE, 0, 40),
    ("trans", BREAKS.HYPHEN, 40, 40),
    ("fer", BREAKS.LINE_BREAK, 0, 80),
)
SYMBOL_PX, HEIGHT_PX = 10, 20


@dataclass
class VisionServer:
    """What the server was asked and what it answers next.

    Attributes:
        endpoint: host:port.
        faults: one per call, in order: a status code to abort with, seconds to wait, or a finished AnnotateImageResponse; afterwards it answers.
        requests: all requests so far.
        deadlines_s: what was left of each call's deadline.
        most_at_once: the most calls that were under way together.
    """

    endpoint: str = ""
    faults: deque[grpc.StatusCode | float | Any] = field(default_factory=deque)
    requests: list[Any] = field(default_factory=list)
    deadlines_s: list[float] = field(default_factory=list)
    most_at_once: int = 0
    _under_way: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._lock:
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            return self._answer(request, context)
        finally:
            with self._lock:
                self._under_way -= 1

    def _answer(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.requests.append(request)
        self.deadlines_s.append(context.time_remaining())
        fault = self.faults.popleft() if self.faults else None
        if isinstance(fault, grpc.StatusCode):
            context.abort(fault, "on order")
        if isinstance(fault, int | float):
            time.sleep(fault)
        single = fault if isinstance(fault, vision.AnnotateImageResponse) else spoken()
        return vision.BatchAnnotateImagesResponse(responses=[single] * len(request.requests))


@contextmanager
def running_vision_server() -> Iterator[VisionServer]:
    """A server on a free loopback port, stopped at the end."""
    state = VisionServer()
    handler = grpc.unary_unary_rpc_method_handler(
        state.answer,
        request_deserializer=vision.BatchAnnotateImagesRequest.deserialize,
        response_serializer=vision.BatchAnnotateImagesResponse.serialize,
    )
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", 64 << 20)])
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("google.cloud.vision.v1.ImageAnnotator", {"BatchAnnotateImages": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    state.endpoint = f"127.0.0.1:{port}"
    try:
        yield state
    finally:
        server.stop(grace=None).wait()


def spoken(*, page_width_px: int = 0, page_height_px: int = 0) -> Any:
    """An answer with three lines: `Total, 9.00`, `pay trans-`, `fer`."""
    words = [_word(*entry) for entry in SPOKEN]
    paragraph = vision.Paragraph(words=words, bounding_box=_poly(0, 0, 200, 100))
    page = vision.Page(width=page_width_px, height=page_height_px, blocks=[vision.Block(paragraphs=[paragraph])])
    return vision.AnnotateImageResponse(full_text_annotation=vision.TextAnnotation(pages=[page], text="Total, 9.00\npay trans-\nfer\n"))


def failed(code: int) -> Any:
    """An answer that carries an error for its one image, as the batch call does, with OK for the call."""
    answer = vision.AnnotateImageResponse()
    answer.error.code = code
    answer.error.message = "on order"
    return answer


def _word(text: str, break_after: Any, x: int, y: int) -> Any:
    symbols = [
        vision.Symbol(text=c, bounding_box=_poly(x + i * SYMBOL_PX, y, x + (i + 1) * SYMBOL_PX, y + HEIGHT_PX)) for i, c in enumerate(text)
    ]
    if break_after != BREAKS.UNKNOWN:
        symbols[-1].property = vision.TextAnnotation.TextProperty(detected_break=vision.TextAnnotation.DetectedBreak(type_=break_after))
    box = _poly(x, y, x + len(text) * SYMBOL_PX, y + HEIGHT_PX)
    return vision.Word(symbols=symbols, confidence=0.71 if text == "fer" else 0.99, bounding_box=box)


def _poly(x0: int, y0: int, x1: int, y1: int) -> Any:
    # zeros are left out, as proto3 writers do
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    return vision.BoundingPoly(vertices=[vision.Vertex(**{k: v for k, v in (("x", x), ("y", y)) if v}) for x, y in corners])
