"""Chunk files of another embedding model."""

from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from docmill.services.reembedding import ChunkObject, Embedded, embed_slice
from docmill.storage.objects import StoreSpec
from docmill.values.embedding import EmbeddingSpec


@task(cache_policy=NO_CACHE, persist_result=False, retries=2, retry_delay_seconds=5)
def embed_chunks(store: StoreSpec, model: EmbeddingSpec, part: Sequence[ChunkObject]) -> Embedded:
    """Embed the chunks of documents that have no chunk file of this model yet.

    Raises:
        StoreUnavailable, EngineUnavailable: worth another try.
    """
    return embed_slice(store, model, part)
