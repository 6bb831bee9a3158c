"""What milling one document used: processor time by stage, calls of paid services, and their price."""

from decimal import Decimal

from pydantic import Field

from docmill.values.model import Value


class Usage(Value):
    """What the last run of a job used. What was there already used nothing; what a lost worker or a killed parser used is not known.

    Attributes:
        cpu_s: stage -> processor seconds of worker and cell with all programs they started.
        api_calls: paid service -> calls; Cloud Vision counts one for each page.
        cost: price of the calls, in the currency of the price that was set.
    """

    cpu_s: dict[str, float] = Field(default_factory=dict)
    api_calls: dict[str, int] = Field(default_factory=dict)
    cost: Decimal = Decimal(0)

    @property
    def total_cpu_s(self) -> float:
        """Processor seconds of all stages."""
        return round(sum(self.cpu_s.values()), 3)
