"""Which model makes vectors: what the settings ask for, and what a chunk file or an index says it was made with. Without secrets."""

from typing import Final, Literal

from docmill.values.model import Value

PACKAGED_DIMENSIONS: Final = 384


class EmbeddingSpec(Value):
    """How to open an embedding model.

    Attributes:
        provider: `packaged` is all-MiniLM-L6-v2; `onnx` a folder; `openai` a service that speaks OpenAI's embeddings API.
        place: the folder on every machine that embeds or searches, or the service's base URL such as http://127.0.0.1:8080/v1.
        model: the name that the service knows the model by.
        dimensions: of its vectors; 0 where the model says so itself.
        query_prefix, passage_prefix: what the model wants in front of texts, such as "query: "; empty where a folder says so itself.
    """

    provider: Literal["packaged", "onnx", "openai"] = "packaged"
    place: str = ""
    model: str = ""
    dimensions: int = 0
    query_prefix: str = ""
    passage_prefix: str = ""

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What of the prefixes enters an identity: nothing without any."""
        return (self.query_prefix, self.passage_prefix) if self.query_prefix or self.passage_prefix else ()


PACKAGED: Final = EmbeddingSpec()


class VectorOrigin(Value):
    """What vectors were made with.

    Attributes:
        spec: how to open the model.
        identity: 16 hexadecimal digits of the weights and tokenizer (of address and name for a service), or `packaged`: only vectors of one
            identity can be compared.
        dimensions: of the vectors.
    """

    spec: EmbeddingSpec = PACKAGED
    identity: str = "packaged"
    dimensions: int = PACKAGED_DIMENSIONS


PACKAGED_ORIGIN: Final = VectorOrigin()
