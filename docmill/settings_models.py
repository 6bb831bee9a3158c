"""Settings of models that docmill may be given besides its own: embedding models and language models. `docmill.settings` reads them with the rest.

Belongs here: where a model is, what it may cost, what it may be sent. Does not belong here: how it is asked.
"""

from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings

from docmill.errors import SettingsInvalid
from docmill.values.embedding import PACKAGED, EmbeddingSpec
from docmill.values.language_model import ModelSpec

OPENAI_URL: Final = "https://api.openai.com/v1"


class ModelSettings(BaseSettings):
    """Where models are. Prices in the currency of the model's provider, times in seconds."""

    embedding_model: str | None = Field(
        default=None,
        description="Folder with model.onnx and tokenizer.json, or the name of a model at DOCMILL_EMBEDDING_ENDPOINT; default the packaged MiniLM.",
    )
    embedding_endpoint: str | None = Field(
        default=None, description="Base URL of a service that speaks OpenAI's embeddings API, such as http://127.0.0.1:8080/v1."
    )
    embedding_dimensions: int = Field(default=0, ge=0, le=8192, description="Dimensions of that service's vectors.")
    embedding_query_prefix: str = Field(
        default="", description="What that service or folder's model wants in front of queries, such as 'query: ', in quotes for the blank."
    )
    embedding_passage_prefix: str = Field(default="", description="What it wants in front of passages, such as 'passage: '.")
    embedding_key: SecretStr | None = Field(default=None, description="Key that the embedding service is shown.")
    embedding_timeout_s: float = Field(
        default=30.0, gt=0, description="How long one answer of the embedding service may take; it is asked three times."
    )
    embedding_price: Decimal | None = Field(
        default=None, ge=0, description="Price of a million tokens of the embedding service, for the cost of documents."
    )
    openai_api_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("DOCMILL_OPENAI_API_KEY", "OPENAI_API_KEY"))
    openai_model: str | None = Field(
        default=None,
        validation_alias=AliasChoices("DOCMILL_OPENAI_MODEL", "OPENAI_MODEL"),
        description="Language model that may be asked; without one none is.",
    )
    openai_base_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("DOCMILL_OPENAI_BASE_URL", "OPENAI_BASE_URL"),
        description="Another OpenAI-compatible endpoint than OpenAI's, up to and with /v1, such as http://127.0.0.1:11434/v1.",
    )
    model_text: Literal["masked", "plain"] = Field(
        default="masked",
        description="What a language model that is not on this machine is sent: text with personal data masked, or as read. "
        "Documents milled with redaction are always masked.",
    )
    model_timeout_s: float = Field(default=60.0, gt=0, description="Longest time for one question to the language model.")
    model_input_tokens: int = Field(default=16_000, gt=0, description="Most tokens of one question; longer documents are cut.")
    model_output_tokens: int = Field(default=2000, gt=0, description="Most tokens of one answer.")
    model_input_price: Decimal | None = Field(
        default=None, ge=0, description="Price of a million tokens of questions, for costs in results."
    )
    model_output_price: Decimal | None = Field(default=None, ge=0, description="Price of a million tokens of answers.")
    model_cost_limit: Decimal | None = Field(
        default=None, ge=0, description="Questions that could cost more, second try included, are not asked; needs both prices."
    )

    @property
    def embedding(self) -> EmbeddingSpec:
        """Which model makes vectors.

        Raises:
            SettingsInvalid: a service is named without model or dimensions.
        """
        prefixes = {"query_prefix": self.embedding_query_prefix, "passage_prefix": self.embedding_passage_prefix}
        if self.embedding_endpoint:
            if not (self.embedding_model and self.embedding_dimensions):
                raise SettingsInvalid("DOCMILL_EMBEDDING_ENDPOINT needs DOCMILL_EMBEDDING_MODEL and DOCMILL_EMBEDDING_DIMENSIONS")
            place, dimensions = self.embedding_endpoint, self.embedding_dimensions
            return EmbeddingSpec(provider="openai", place=place, model=self.embedding_model, dimensions=dimensions, **prefixes)
        if not self.embedding_model:
            return PACKAGED
        return EmbeddingSpec(provider="onnx", place=str(Path(self.embedding_model).absolute()), **prefixes)

    @property
    def language_model(self) -> ModelSpec | None:
        """The language model that may be asked, without its key; None where none is named."""
        if not self.openai_model:
            return None
        return ModelSpec(
            base_url=(self.openai_base_url or OPENAI_URL).rstrip("/"),
            model=self.openai_model,
            timeout_s=self.model_timeout_s,
            input_tokens=self.model_input_tokens,
            output_tokens=self.model_output_tokens,
            input_price=self.model_input_price,
            output_price=self.model_output_price,
            cost_limit=self.model_cost_limit,
            sees_plain_text=self.model_text == "plain",
        )
