"""LanguageModel: which model is asked for what rules leave open, and for answers from documents. Off until it names a model."""

from decimal import Decimal

from prefect.blocks.core import Block
from pydantic import Field

from blocks.saved import DOCUMENTATION_URL
from docmill.settings import Settings, settings


class LanguageModel(Block):
    """A model behind an OpenAI-compatible endpoint, and its limits. Documents are only sent to it where their options say `ask_model`.

    The key is not part of the block: workers take OPENAI_API_KEY from their own environment.

    Example:
        ```python
        from blocks import LanguageModel

        model = LanguageModel.load("BLOCK_NAME")
        spec = model.applied_to(settings).language_model
        ```
    """

    _block_type_name = "docmill language model"
    _block_type_slug = "docmill-language-model"
    _description = "The language model docmill asks for fields that its rules leave open: any OpenAI-compatible endpoint."
    _documentation_url = DOCUMENTATION_URL

    openai_model: str | None = Field(
        default_factory=lambda: settings().openai_model, description="Name of the model; without one none is asked."
    )
    openai_base_url: str | None = Field(
        default_factory=lambda: settings().openai_base_url, description="Another endpoint than OpenAI's, up to and with /v1."
    )
    model_timeout_s: float = Field(default_factory=lambda: settings().model_timeout_s, gt=0, description="Longest time for one question.")
    model_input_tokens: int = Field(default_factory=lambda: settings().model_input_tokens, gt=0, description="Most tokens of one question.")
    model_output_tokens: int = Field(default_factory=lambda: settings().model_output_tokens, gt=0, description="Most tokens of one answer.")
    model_cost_limit: Decimal | None = Field(
        default_factory=lambda: settings().model_cost_limit,
        ge=0,
        description="Most that one question may cost; needs the prices of the settings.",
    )

    def applied_to(self, found: Settings) -> Settings:
        """The settings with this block's values in place of their own."""
        return found.model_copy(update=self.model_dump(include=set(type(self).model_fields) & set(Settings.model_fields)))
