"""Opens stores by the scheme of their URL. A new kind of store is one more row of OPENERS."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import MappingProxyType
from urllib.parse import SplitResult, unquote, urlsplit

from docmill.errors import SettingsInvalid
from docmill.storage.objects.gcs import GcsStore
from docmill.storage.objects.local import LocalStore
from docmill.storage.objects.signing import UrlSigner
from docmill.storage.objects.spec import StoreSpec
from docmill.storage.objects.url_key import url_key
from docmill.values.ports import ObjectStore

LOCAL, GCS = "file", "gs"


def open_store(spec: StoreSpec) -> ObjectStore:
    """The store that the spec names. Nothing is touched or connected before the first call on it.

    Raises:
        SettingsInvalid: the URL is of no known kind, or lacks a part; the message names the known kinds.
    """
    url = urlsplit(spec.url)
    opener = OPENERS.get(url.scheme)
    if opener is None:
        raise SettingsInvalid(f"the store's URL has an unknown scheme; known are {', '.join(f'{known}://' for known in sorted(OPENERS))}")
    return opener(spec, url)


def local_folder(spec: StoreSpec) -> Path | None:
    """The folder of an embedded store; None for a bucket."""
    url = urlsplit(spec.url)
    return Path(unquote(url.path)) if url.scheme == LOCAL else None


def open_signer(spec: StoreSpec) -> UrlSigner | None:
    """What signs and verifies links to the gateway; None where links come from elsewhere."""
    return _signer(spec) if urlsplit(spec.url).scheme == LOCAL else None


def _signer(spec: StoreSpec) -> UrlSigner:
    return UrlSigner(spec.gateway_url, partial(url_key, spec.url_key_file))


def _open_local(spec: StoreSpec, url: SplitResult) -> ObjectStore:
    folder = Path(unquote(url.path))
    if url.netloc not in {"", "localhost"} or not folder.is_absolute():
        raise SettingsInvalid("a folder store's URL is file:///absolute/folder")
    return LocalStore(folder, _signer(spec))


def _open_gcs(spec: StoreSpec, url: SplitResult) -> ObjectStore:
    if not url.netloc:
        raise SettingsInvalid("a bucket store's URL is gs://bucket or gs://bucket/prefix")
    return GcsStore(spec, bucket=url.netloc, prefix=unquote(url.path).strip("/"))


OPENERS: MappingProxyType[str, Callable[[StoreSpec, SplitResult], ObjectStore]] = MappingProxyType({LOCAL: _open_local, GCS: _open_gcs})
"""URL scheme -> what opens such a store."""
