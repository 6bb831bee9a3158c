"""The object store in a Google Cloud Storage bucket. Errors are translated in gcs_errors.py, credentials and links are in gcs_access.py."""

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docmill.errors import Conflict, NotFound, SettingsInvalid, StoreUnavailable
from docmill.scratch import folder_within
from docmill.shredding import is_shredded
from docmill.storage.objects.disk_errors import opened_source
from docmill.storage.objects.gcs_access import make_client, signing_credentials, v4_link
from docmill.storage.objects.gcs_errors import gcs_errors, retry_policy
from docmill.storage.objects.names import MAX_PART_BYTES, name_parts, prefix_parts
from docmill.storage.objects.spec import StoreSpec
from docmill.values.ports import ObjectInfo

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.cloud.storage import Blob, Bucket, Client

CONNECT_TIMEOUT_S = 5.0
CHUNK_BYTES = 8 * 1024 * 1024
"""What a large upload holds in memory at a time; a multiple of 256 KiB as the resumable protocol asks."""

LISTED_AT_A_TIME = 1000
"""The most that Google gives in one answer."""

_SHA256 = "sha256"
_OCTETS = "application/octet-stream"


class GcsStore:
    """Objects in a bucket, below an optional prefix.

    Every call has its retry policy, a time limit for each try and a deadline for all of them. CRC32C is verified both ways: the service
    checks it on upload, the library on download. The SHA-256 is kept in the object's metadata.

    A create is tried again when its answer is lost. If the lost try had worked, the next one finds its own bytes and `create` answers
    False, "was there already". Names are digests of what makes the bytes, so the bytes are the same and nobody is the worse.
    In the same way `delete` may answer False for what it removed itself.

    Args:
        spec: endpoint, credentials and deadline.
        bucket: the bucket's name; it must exist.
        prefix: put before every name, without slashes at its ends; may be empty.
    """

    def __init__(self, spec: StoreSpec, *, bucket: str, prefix: str = "") -> None:
        if prefix:
            name_parts(prefix)
        self._spec = spec
        self._bucket_name = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def create(self, name: str, data: bytes, *, media_type: str = _OCTETS) -> bool:
        """Write only if absent, by `if_generation_match=0`."""
        return self._upload(name, io.BytesIO(data), media_type, if_generation_match=0)

    def create_from(self, name: str, path: Path, *, media_type: str = _OCTETS) -> bool:
        """As `create`, from a local file; large ones go up in chunks.

        Raises:
            NotFound: there is no such local file.
            FileUnreadable: it may not be read.
        """
        with opened_source(path) as source:
            # asking first saves sending the bytes for nothing; the precondition still decides
            is_new = not self.exists(name) and self._upload(name, source, media_type, if_generation_match=0)
            if is_new and is_shredded(source.fileno()):  # taken away meanwhile: some of it may have been read as zeros
                self.delete(name)
                raise StoreUnavailable("the local file was taken away while it was stored")
            return is_new

    def replace(self, name: str, data: bytes) -> None:
        """Write or overwrite. Google takes about one write a second of the same name; more are delayed by retries."""
        self._upload(name, io.BytesIO(data), _OCTETS)

    def read(self, name: str) -> bytes:
        """All bytes, CRC32C verified."""
        with gcs_errors():
            data: bytes = self._blob(name).download_as_bytes(checksum="crc32c", **self._limits)
            return data

    def fetch(self, name: str, directory: Path) -> Path:
        """A copy below `directory`, complete or not there, CRC32C verified. The name's last part ends the file's name."""
        last = name_parts(name)[-1]
        own = f"{hashlib.sha256(name.encode()).hexdigest()[:16]}-"
        ending = last.encode()[len(own) - MAX_PART_BYTES :].decode(errors="ignore")  # file systems count bytes
        copy = directory / f"{own}{ending}"
        with gcs_errors(), folder_within(directory) as partial:
            file = partial / "object"
            self._blob(name).download_to_filename(str(file), checksum="crc32c", **self._limits)
            return file.replace(copy)

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""
        with gcs_errors():
            return bool(self._blob(name).exists(**self._limits))

    def info(self, name: str) -> ObjectInfo:
        """Size, and the SHA-256 from the object's metadata."""
        with gcs_errors():
            blob = self._blob(name)
            blob.reload(**self._limits)
            return self._info(blob)

    def list(self, prefix: str) -> Iterable[ObjectInfo]:
        """All objects whose name begins with `prefix`, by name, a page of them at a time."""
        prefix_parts(prefix)
        return self._listed(prefix)

    def delete(self, name: str) -> bool:
        """Remove; False when it was not there."""
        try:
            with gcs_errors():
                self._blob(name).delete(**self._limits)
        except NotFound:
            return False
        return True

    def signed_url(self, name: str, *, expires: timedelta, download_name: str | None = None) -> str:
        """A V4 signed link to Google. It does not say whether the object is there."""
        with gcs_errors():
            return v4_link(self._blob(name), self._spec, self._signing, expires=expires, download_name=download_name)

    def _upload(self, name: str, source: io.BufferedReader | io.BytesIO, media_type: str, **conditions: int) -> bool:
        sha256 = hashlib.file_digest(source, "sha256").hexdigest()
        size_bytes = source.seek(0, os.SEEK_END)
        source.seek(0)
        try:
            with gcs_errors():
                blob = self._blob(name)
                blob.metadata = {_SHA256: sha256}
                blob.chunk_size = CHUNK_BYTES
                blob.upload_from_file(source, size=size_bytes, content_type=media_type, checksum="crc32c", **conditions, **self._limits)
        except Conflict:
            return False
        except NotFound:
            raise SettingsInvalid("the store's bucket does not exist") from None
        return True

    def _listed(self, prefix: str) -> Iterator[ObjectInfo]:
        fields = "items(name,size,metadata,generation),nextPageToken"
        found = self._prefix + prefix
        with gcs_errors():
            for blob in self._client.list_blobs(self._bucket, prefix=found, fields=fields, page_size=LISTED_AT_A_TIME, **self._limits):
                yield self._info(blob)

    def _info(self, blob: "Blob") -> ObjectInfo:
        name, version = str(blob.name).removeprefix(self._prefix), str(blob.generation) if blob.generation else None
        return ObjectInfo(name, int(blob.size), (blob.metadata or {}).get(_SHA256), version)

    def _blob(self, name: str) -> "Blob":
        return self._bucket.blob(self._prefix + "/".join(name_parts(name)))

    @cached_property
    def _client(self) -> "Client":
        return make_client(self._spec)

    @cached_property
    def _bucket(self) -> "Bucket":
        return self._client.bucket(self._bucket_name)

    @cached_property
    def _signing(self) -> "Credentials":
        return signing_credentials(self._spec)

    @cached_property
    def _limits(self) -> dict[str, Any]:
        deadline_s = self._spec.call_deadline_s
        return {"timeout": (min(CONNECT_TIMEOUT_S, deadline_s), deadline_s), "retry": retry_policy(deadline_s)}
