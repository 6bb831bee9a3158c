"""Browser sessions: a key is entered once, then a cookie stands for it. They live in memory and end with the gateway."""

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LIFE_S: Final = 12 * 3600.0
MOST: Final = 10_000
COOKIE: Final = "docmill_session"


@dataclass(frozen=True, slots=True)
class Session:
    """What a cookie stands for: the key, which is checked anew with each request, and the token that forms must show."""

    key: str
    csrf: str
    ends_s: float

    def allows(self, token: str | None) -> bool:
        """Whether a request that changes something shows the right token."""
        return token is not None and hmac.compare_digest(token.encode(), self.csrf.encode())

    def __repr__(self) -> str:
        return "Session()"


class Sessions:
    """All sessions of a gateway.

    Args:
        clock_s: monotonic seconds.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._by_cookie: dict[str, Session] = {}
        self._lock = threading.Lock()

    def begin(self, key: str) -> str:
        """The cookie of a new session."""
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            if len(self._by_cookie) >= MOST:
                del self._by_cookie[next(iter(self._by_cookie))]
            self._by_cookie[cookie] = Session(key, secrets.token_urlsafe(32), self._clock_s() + LIFE_S)
        return cookie

    def of(self, cookie: str | None) -> Session | None:
        """The session behind a cookie, if it is not over."""
        with self._lock:
            found = self._by_cookie.get(cookie or "")
            if found is not None and found.ends_s < self._clock_s():
                del self._by_cookie[cookie or ""]
                return None
            return found

    def end(self, cookie: str | None) -> None:
        """End a session."""
        with self._lock:
            self._by_cookie.pop(cookie or "", None)
