"""Reading source buckets: listing a gs:// prefix and fetching its objects. The object store block is something else: it keeps docmill's own files."""

from collections.abc import Iterator
from pathlib import Path

from docmill.errors import TooLarge
from docmill.settings import Settings
from docmill.storage.objects import StoreSpec, open_store
from docmill.values.jobs import IncomingFile


def _parts(url: str) -> tuple[str, str]:
    bucket, _, rest = url.removeprefix("gs://").partition("/")
    return f"gs://{bucket}", rest


def list_bucket(url: str, settings: Settings) -> Iterator[IncomingFile]:
    """Every object below a gs:// prefix.

    Raises:
        StoreUnavailable: the bucket did not answer.
    """
    bucket, prefix = _parts(url)
    store = open_store(StoreSpec.from_settings(settings.model_copy(update={"store_url": bucket})))
    for info in store.list(prefix):
        if not info.name.endswith("/"):
            yield IncomingFile(f"{bucket}/{info.name}", info.name.rsplit("/", 1)[-1], info.size_bytes, info.version)


def fetch_object(url: str, settings: Settings, folder: Path, *, max_bytes: int | None = None) -> Path:
    """A local copy of one source object.

    Raises:
        NotFound, StoreUnavailable: it could not be read.
        TooLarge: it is over `max_bytes`; it was not read.
    """
    bucket, name = _parts(url)
    store = open_store(StoreSpec.from_settings(settings.model_copy(update={"store_url": bucket})))
    if max_bytes is not None and store.info(name).size_bytes > max_bytes:
        raise TooLarge(f"a file is over {max_bytes} bytes (DOCMILL_MAX_BYTES)")
    return store.fetch(name, folder)
