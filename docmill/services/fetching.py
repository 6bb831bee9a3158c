"""Uploads by address: objects of source buckets that a client names instead of sending bytes. Only what lies below a configured root is read."""

from collections.abc import Sequence
from pathlib import Path

from docmill.errors import InvalidOptions
from docmill.services.google_source import fetch_object
from docmill.services.running.room import Room
from docmill.services.sources import checked_sources
from docmill.services.uploads import Received

SCHEME = "gs://"


def fetched(room: Room, uris: Sequence[str], folder: Path) -> list[Received]:
    """Copies of source objects below `folder`, each under the last part of its name.

    No bucket is asked before all of them are known to lie below DOCMILL_SOURCE_ROOTS.

    Raises:
        InvalidOptions: something that is not gs://bucket/object.
        NotAllowed: one lies outside the roots.
        NotFound, TooLarge, StoreUnavailable: it could not be read.
    """
    for uri in uris:
        bucket, _, name = uri.removeprefix(SCHEME).partition("/")
        if not uri.startswith(SCHEME) or not bucket or not all(name.split("/")):
            raise InvalidOptions("uri is gs://bucket/object")
    sources, limit = checked_sources(uris, room.settings), room.settings.max_bytes
    return [Received(fetch_object(uri, room.settings, folder, max_bytes=limit), uri.rsplit("/", 1)[-1]) for uri in sources]
