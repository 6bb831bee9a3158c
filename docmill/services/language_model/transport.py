"""HTTP with an end: a whole answer, however slowly it drips, is there by a deadline and below a size, or it is an error."""

import time
from collections.abc import Iterator
from typing import Final

import httpx2

MOST_BYTES: Final = 4 * 1024 * 1024
"""A larger answer is none: the tokens that are asked for fit many times."""


class Deadline(httpx2.BaseTransport):
    """A transport whose requests, bodies included, end by a moment that may be set anew before each of them.

    httpx2's own timeouts count from byte to byte, so a server that sends one every few seconds would never meet them.
    """

    def __init__(self) -> None:
        self._inner = httpx2.HTTPTransport()
        self.ends_at = float("inf")

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; each wait is at most as long as what is left.

        Raises:
            httpx2.ReadTimeout: the deadline is over.
        """
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), self._left_s(request))
        response = self._inner.handle_request(request)
        assert isinstance(response.stream, httpx2.SyncByteStream)  # noqa: S101 - what HTTPTransport gives
        response.stream = _Ending(response.stream, self, request)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def _left_s(self, request: httpx2.Request) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise httpx2.ReadTimeout("the deadline is over", request=request)
        return left

    check = _left_s


class _Ending(httpx2.SyncByteStream):
    def __init__(self, inner: httpx2.SyncByteStream, deadline: Deadline, request: httpx2.Request) -> None:
        self._inner, self._deadline, self._request = inner, deadline, request

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for part in self._inner:
            size += len(part)
            self._deadline.check(self._request)
            if size > MOST_BYTES:
                raise httpx2.ReadError("the answer is too large", request=self._request)
            yield part

    def close(self) -> None:
        self._inner.close()
