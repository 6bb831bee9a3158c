"""EmbeddingModel: what makes the vectors that search compares."""

from typing import Literal

from prefect.blocks.core import Block
from pydantic import Field

from blocks.saved import DOCUMENTATION_URL
from docmill.settings import Settings, settings


class EmbeddingModel(Block):
    """What makes the vectors of passages: the packaged MiniLM, a folder with an ONNX model, or a service that speaks OpenAI's embeddings API.

    The service's key is DOCMILL_EMBEDDING_KEY of whichever process asks it: a block never carries one to a worker.

    Example:
        ```python
        from blocks import EmbeddingModel

        model = EmbeddingModel.load("BLOCK_NAME")
        provider = model.provider
        ```
    """

    _block_type_name = "docmill embedding model"
    _block_type_slug = "docmill-embedding-model"
    _description = "The model that makes the vectors docmill's search compares: packaged, a folder, or a service."
    _documentation_url = DOCUMENTATION_URL

    provider: Literal["packaged", "onnx", "openai"] = Field(
        default_factory=lambda: settings().embedding.provider, description="packaged is all-MiniLM-L6-v2."
    )
    folder: str | None = Field(
        default_factory=lambda: settings().embedding_model if settings().embedding.provider == "onnx" else None,
        description="For onnx: folder with model.onnx and tokenizer.json, on every machine that embeds or searches.",
    )
    endpoint: str | None = Field(
        default_factory=lambda: settings().embedding_endpoint, description="For openai: base URL, such as http://127.0.0.1:8080/v1."
    )
    model: str | None = Field(
        default_factory=lambda: settings().embedding_model if settings().embedding.provider == "openai" else None,
        description="For openai: the model's name.",
    )
    dimensions: int = Field(
        default_factory=lambda: settings().embedding_dimensions, ge=0, le=8192, description="For openai: of its vectors."
    )

    query_prefix: str = Field(
        default_factory=lambda: settings().embedding_query_prefix,
        description="What the model wants in front of queries, such as 'query: '.",
    )
    passage_prefix: str = Field(
        default_factory=lambda: settings().embedding_passage_prefix, description="What it wants in front of passages."
    )

    def applied(self, found: Settings) -> Settings:
        """Settings that name this model."""
        wanted = {"onnx": self.folder, "openai": self.model}.get(self.provider)
        endpoint = self.endpoint if self.provider == "openai" else None
        return found.model_copy(
            update={
                "embedding_model": wanted,
                "embedding_endpoint": endpoint,
                "embedding_dimensions": self.dimensions,
                "embedding_query_prefix": self.query_prefix,
                "embedding_passage_prefix": self.passage_prefix,
            }
        )
