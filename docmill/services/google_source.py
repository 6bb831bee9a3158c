"""Reading source buckets: listing a gs:// prefix and fetching its objects. The object store block is something else: it keeps docmill's own files."""

from collections.abc import Iterator
from pathlib import Path

from docmill.errors import FileUnreadable, InvalidOptions, TooLarge
from docmill.services.unread import Unread, leaving_out
from docmill.settings import Settings
from docmill.storage.objects import StoreSpec, open_store
from docmill.storage.objects.names import name_parts
from docmill.values.jobs import IncomingFile
from docmill.values.ports import ObjectInfo


def _parts(url: str) -> tuple[str, str]:
    bucket, _, rest = url.removeprefix("gs://").partition("/")
    return f"gs://{bucket}", rest


def list_bucket(url: str, settings: Settings, unread: Unread | None = None) -> Iterator[IncomingFile]:
    """Every object below a gs:// prefix, or the one of this name; as in folders, names with a part that begins with a dot are left out.

    A bucket takes names that no folder could hold (`new//a.txt`): they go to `unread`, for one of them must not end a night.

    Raises:
        StoreUnavailable: the bucket did not answer.
        FileUnreadable: an object has such a name, and there is no `unread`.
    """
    bucket, prefix = _parts(url)
    store = open_store(StoreSpec.from_settings(settings.model_copy(update={"store_url": bucket})))
    for info in store.list(prefix):
        if _is_file_of(prefix, info.name):
            file = None
            with leaving_out(f"{bucket}/{info.name}", unread):
                file = _incoming(bucket, info)
            if file is not None:
                yield file


def _is_file_of(prefix: str, name: str) -> bool:
    """Whether an object is taken in; a bucket lists by the beginning of the whole name: with `new` also `new-secret/payroll.txt`."""
    rest = name.removeprefix(prefix)
    is_below = not rest or not prefix or prefix.endswith("/") or rest.startswith("/")
    return is_below and not name.endswith("/") and not any(part.startswith(".") for part in rest.split("/"))


def _incoming(bucket: str, info: ObjectInfo) -> IncomingFile:
    try:
        name = name_parts(info.name)[-1]
    except InvalidOptions:
        raise FileUnreadable("an object has a name that no file can have", reason="name") from None
    return IncomingFile(f"{bucket}/{info.name}", name, info.size_bytes, info.version)


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
