"""Whether chunk files are there and whole."""

from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from docmill.services.reindex import ChunkObject, damaged_chunks
from docmill.storage.objects import StoreSpec


@task(cache_policy=NO_CACHE, persist_result=False, retries=2, retry_delay_seconds=5)
def check_chunks(store: StoreSpec, part: Sequence[ChunkObject]) -> list[str]:
    """The document ids whose chunk file is missing or has another checksum than the ledger says.

    Raises:
        StoreUnavailable: worth another try.
    """
    return damaged_chunks(store, part)
