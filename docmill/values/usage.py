"""What milling one document used: processor time by stage, calls of services outside, and their price."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from pydantic import Field

from docmill.values.model import Value

VISION: Final = "vision"
LANGUAGE_MODEL: Final = "language_model"
EMBEDDINGS: Final = "embeddings"
"""The services that are counted: Cloud Vision, the language model's endpoint, the embedding endpoint."""


class Calls(Value):
    """How often one service answered, and with how many tokens; zero where a service counts none. A call that was not answered is none."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def plus(self, more: "Calls") -> "Calls":
        """Both together."""
        return Calls(
            calls=self.calls + more.calls,
            input_tokens=self.input_tokens + more.input_tokens,
            output_tokens=self.output_tokens + more.output_tokens,
        )


def calls_together(one: Mapping[str, Calls], other: Mapping[str, Calls]) -> dict[str, Calls]:
    """Service -> calls of both."""
    return {service: one.get(service, Calls()).plus(other.get(service, Calls())) for service in {**one, **other}}


class Used(Value):
    """What tries of one item used: processor seconds, and calls by service."""

    cpu_s: float = 0.0
    calls: dict[str, Calls] = Field(default_factory=dict)

    def plus(self, more: "Used") -> "Used":
        """Both together."""
        return Used(cpu_s=round(self.cpu_s + more.cpu_s, 4), calls=calls_together(self.calls, more.calls))


class Usage(Value):
    """What milling a job used, with tries that failed and runs that broke off: each once.

    What was there already used nothing, unless the job itself had made it; what a lost worker or a killed parser used is not known.

    Attributes:
        cpu_s: stage -> processor seconds of worker and cell with all programs they started.
        api_calls: service -> calls that it answered: vision (one for each page image), language_model, embeddings.
        api_tokens: service -> tokens of questions and answers, as it counted them, else estimated; vision counts none.
        api_costs: service -> price of its calls, in the currency of the price that was set; a service whose price is not set is not among them.
        cost: their sum.
    """

    cpu_s: dict[str, float] = Field(default_factory=dict)
    api_calls: dict[str, int] = Field(default_factory=dict)
    api_tokens: dict[str, int] = Field(default_factory=dict)
    api_costs: dict[str, Decimal] = Field(default_factory=dict)
    cost: Decimal = Decimal(0)

    @property
    def total_cpu_s(self) -> float:
        """Processor seconds of all stages."""
        return round(sum(self.cpu_s.values()), 3)
