"""Texts become vectors, whatever model makes them: one of each kind per process, opened on first use."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Protocol

from docmill.errors import EngineMissing, StageFailed
from docmill.stages.knowledge.endpoint_model import endpoint_identity, endpoint_model
from docmill.stages.knowledge.model_files import folder_identity, folder_model, packaged_model
from docmill.stages.knowledge.vectors import Done, Vectors
from docmill.values.embedding import PACKAGED, PACKAGED_DIMENSIONS, PACKAGED_ORIGIN, EmbeddingSpec, VectorOrigin

DIMENSIONS: Final = PACKAGED_DIMENSIONS


class Model(Protocol):
    """An opened embedding model."""

    @property
    def origin(self) -> VectorOrigin:
        """What its vectors are marked with."""

    @property
    def budget(self) -> int:
        """Most tokens of a chunk, special ones apart."""

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text without special ones."""

    def embed_each(self, texts: Sequence[str]) -> tuple[Vectors, Done]:
        """Vectors of passages, shape (n, dimensions), and for each text whether its vector is good; the others are zero."""

    def embed_queries(self, texts: Sequence[str]) -> tuple[Vectors, Done]:
        """As `embed_each`, of texts that are compared with passages: some models want to be told."""


def embed(texts: Sequence[str], origin: VectorOrigin = PACKAGED_ORIGIN) -> Vectors:
    """One vector of length 1 per query: float32, shape (len(texts), dimensions), in the order of `texts`.

    Raises:
        EngineMissing: the model is not installed, or is not the one of which `origin` speaks.
        EngineUnavailable, SettingsInvalid: the service does not answer, or refuses.
        StageFailed: the model could not embed one of the texts.
    """
    if identity_of(origin.spec) != origin.identity:
        raise EngineMissing(
            "the search index was made with another embedding model than the one that lies there now; run backfill_embeddings"
        )
    vectors, is_done = model_of(origin.spec).embed_queries(texts)
    if not is_done.all():
        raise StageFailed("the embedding model failed on a text", failed=int((~is_done).sum()))
    return vectors


def embed_each(texts: Sequence[str], spec: EmbeddingSpec = PACKAGED) -> tuple[Vectors, Done]:
    """As `embed`, of passages; one that fails does not fail its neighbours.

    A vector does not depend on the other texts of the call.

    Returns:
        Vectors of shape (n, dimensions), and for each text whether its vector is good; the others are zero.

    Raises:
        EngineMissing: the model is not installed.
        EngineUnavailable, SettingsInvalid: the service does not answer, or refuses.
    """
    return model_of(spec).embed_each(texts)


def model_of(spec: EmbeddingSpec) -> Model:
    """The opened model of this process; a folder whose files were changed is opened anew.

    Raises:
        EngineMissing: it is not installed.
    """
    return _opened(spec, identity_of(spec))


def identity_of(spec: EmbeddingSpec) -> str:
    """See VectorOrigin.identity; opens nothing.

    Raises:
        EngineMissing: a folder without a model.
    """
    if spec.provider == "onnx":
        return folder_identity(spec)
    return endpoint_identity(spec) if spec.provider == "openai" else PACKAGED_ORIGIN.identity


@lru_cache(maxsize=2)
def _opened(spec: EmbeddingSpec, _identity: str) -> Model:
    if spec.provider == "onnx":
        return folder_model(spec)
    return endpoint_model(spec) if spec.provider == "openai" else packaged_model()
