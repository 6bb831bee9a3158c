"""Reading source buckets: listing a gs:// prefix and fetching its objects. The object store block is something else: it keeps docmill's own files."""

from collections.abc import Iterator
from pathlib import Path

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
            yield IncomingFile(f"{bucket}/{info.name}", info.name.rsplit("/", 1)[-1], info.size_bytes)


def fetch_object(url: str, settings: Settings, folder: Path) -> Path:
    """A local copy of one source object.

    Raises:
        NotFound, StoreUnavailable: it could not be read.
    """
    bucket, name = _parts(url)
    return open_store(StoreSpec.from_settings(settings.model_copy(update={"store_url": bucket}))).fetch(name, folder)
