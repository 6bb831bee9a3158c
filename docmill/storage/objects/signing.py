"""Links to local files: HMAC-SHA256 over name, expiry and download name. The store signs, the gateway verifies; both hold the same key.

    {gateway_url}/files/{name}?expires={Unix seconds}&signature={hex}[&download={file name}]

What is signed does not depend on the HTTP method, so one link serves HEAD and GET. A link is a secret: never log one.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from urllib.parse import quote, urlencode

from docmill.errors import InvalidOptions, NotAllowed

LONGEST_LINK = timedelta(days=7)
"""Google's own limit for V4 links; the same promise for every store."""

_FORMAT = "docmill-file-link-1"


def link_seconds(expires: timedelta) -> int:
    """How long a link is good, in whole seconds.

    Raises:
        InvalidOptions: less than a second, or more than seven days.
    """
    if not timedelta(seconds=1) <= expires <= LONGEST_LINK:
        raise InvalidOptions("a link is good for at least one second and at most seven days")
    return int(expires.total_seconds())


class UrlSigner:
    """Signs and verifies links to local files.

    Args:
        gateway_url: where the gateway answers, without a slash at the end.
        read_key: gives the key; called once, at the first link, so that workers that make none need no key.
    """

    def __init__(self, gateway_url: str, read_key: Callable[[], bytes]) -> None:
        self._gateway_url = gateway_url.rstrip("/")
        self._read_key = read_key

    def sign(self, name: str, *, expires: timedelta, download_name: str | None = None, now_s: float | None = None) -> str:
        """The link to an object.

        Raises:
            InvalidOptions: the time is out of bounds.
            SettingsInvalid: there is no usable key.
        """
        until = str(int(time.time() if now_s is None else now_s) + link_seconds(expires))
        query = {"expires": until, "signature": self._signature(name, until, download_name)}
        if download_name is not None:
            query["download"] = download_name
        return f"{self._gateway_url}/files/{quote(name)}?{urlencode(query, quote_via=quote)}"

    def verify(
        self, name: str, *, expires: str | None, signature: str | None, download_name: str | None = None, now_s: float | None = None
    ) -> None:
        """Whether the parts of a link, percent-decoded, belong together and are in time.

        Raises:
            NotAllowed: unsigned, tampered with, or expired; in this order, so that a forger learns nothing from the answer.
        """
        if not expires or not signature:
            raise NotAllowed("the link is not signed")
        wanted = self._signature(name, expires, download_name)
        if not hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace")):
            raise NotAllowed("the link's signature does not fit")
        # from here on every part is as it was signed, so it is a number
        if int(expires) <= (time.time() if now_s is None else now_s):
            raise NotAllowed("the link has expired")

    @cached_property
    def _key(self) -> bytes:
        return self._read_key()

    def _signature(self, name: str, expires: str, download_name: str | None) -> str:
        # JSON keeps the parts apart: no two different links give the same text
        signed = json.dumps([_FORMAT, name, expires, download_name])
        return hmac.new(self._key, signed.encode(), hashlib.sha256).hexdigest()
