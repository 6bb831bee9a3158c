"""What Google's libraries raise, in docmill's own errors, and which calls are tried again."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from docmill.errors import Conflict, NotFound, SettingsInvalid, StoreUnavailable

if TYPE_CHECKING:
    from google.api_core.retry import Retry

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 8.0
"""Exponential with jitter: 0.5, 1, 2, 4, 8, 8 ... as Google asks for."""


def retry_policy(deadline_s: float) -> "Retry":
    """Tries again after 408, 429, 5xx and broken connections, until the deadline; nothing else is worth another try.

    Source: https://cloud.google.com/storage/docs/retry-strategy
    """
    from google.cloud.storage.retry import DEFAULT_RETRY  # noqa: PLC0415 - google.cloud.storage loads in 0.7 s, only where used

    policy: Retry = DEFAULT_RETRY.with_delay(initial=FIRST_DELAY_S, maximum=LONGEST_DELAY_S, multiplier=2.0).with_timeout(deadline_s)
    return policy


@contextmanager
def gcs_errors() -> Iterator[None]:
    """Translates what a call to the bucket raises.

    Raises:
        NotFound: there is no such object (or bucket).
        Conflict: a precondition does not hold: the object is there already.
        SettingsInvalid: the credentials are missing, broken, or may not do this: another try would end the same.
        StoreUnavailable: everything else, also a checksum that does not fit.
    """
    try:
        yield
    except _missing():
        raise NotFound("there is no such object") from None
    except _taken():
        raise Conflict("the object is there already") from None
    except _refused() as error:
        if getattr(error, "retryable", False):  # google.auth says so of a token service that did not answer
            raise StoreUnavailable("Google's token service did not answer") from None
        raise SettingsInvalid("the Google credentials are missing, broken, or may not do this", reason=type(error).__name__) from None
    except _unavailable() as error:
        # the library's own text holds the object's URL, so only the kind of error goes on
        reason = type(getattr(error, "cause", None) or error).__name__
        raise StoreUnavailable(f"the bucket did not answer: {reason}", reason=reason) from None


@cache
def _missing() -> tuple[type[Exception], ...]:
    from google.api_core import exceptions  # noqa: PLC0415 - only where used

    return (exceptions.NotFound,)


@cache
def _taken() -> tuple[type[Exception], ...]:
    from google.api_core.exceptions import PreconditionFailed  # noqa: PLC0415 - only where used

    return (PreconditionFailed,)


@cache
def _refused() -> tuple[type[Exception], ...]:
    from google.api_core import exceptions  # noqa: PLC0415 - only where used
    from google.auth import exceptions as auth  # noqa: PLC0415 - only where used

    return exceptions.Unauthorized, exceptions.Forbidden, auth.DefaultCredentialsError, auth.MalformedError, auth.RefreshError


@cache
def _unavailable() -> tuple[type[Exception], ...]:
    from google.api_core.exceptions import GoogleAPIError  # noqa: PLC0415 - only where used
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - only where used
    from google.cloud.storage.exceptions import DataCorruption, InvalidResponse  # noqa: PLC0415 - loads in 0.7 s, only where used
    from requests import RequestException  # noqa: PLC0415 - only where used
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - only where used

    return GoogleAPIError, GoogleAuthError, DataCorruption, InvalidResponse, RequestException, HTTPError, OSError
