"""The language model as values: which one is asked within which limits, and what asking took. No secret is among them: keys stay where they are used."""

import ipaddress
from decimal import Decimal
from urllib.parse import urlsplit

from pydantic import ConfigDict

from docmill.values.model import Value

MILLION = Decimal(1_000_000)
BYTES_PER_TOKEN = 3


class ModelSpec(Value):
    """A model behind an OpenAI-compatible endpoint, and what asking it may cost.

    Attributes:
        base_url: up to and with `/v1`; requests go to `<base_url>/chat/completions`.
        model: its name there.
        timeout_s: longest time for one question with its second try.
        input_tokens: most tokens of one request, estimated before it is sent.
        output_tokens: most tokens of one answer.
        input_price, output_price: of a million tokens, in the currency of the bill; None when unknown.
        cost_limit: most that one question may cost with its second try, at these prices; None without a limit.
        sees_plain_text: whether text with personal data may go to an endpoint that is not on this machine.
    """

    base_url: str
    model: str
    timeout_s: float = 60.0
    input_tokens: int = 16_000
    output_tokens: int = 2_000
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    cost_limit: Decimal | None = None
    sees_plain_text: bool = False

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is on this machine, so that nothing leaves it."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def masks(self, *, redact: bool) -> bool:
        """Whether personal data is masked in what is sent: always with redaction on, else unless the text stays here or a setting allows it."""
        return redact or not (self.is_local or self.sees_plain_text)

    def cost(self, input_tokens: int, output_tokens: int) -> Decimal | None:
        """What tokens cost, in the currency of the prices; None when a price is unknown."""
        if self.input_price is None or self.output_price is None:
            return None
        return (self.input_price * input_tokens + self.output_price * output_tokens) / MILLION


class ModelUse(Value):
    """What asking a model took, all tries together.

    Attributes:
        model: as the endpoint named it in its answer.
        requests: that were answered.
        input_tokens, output_tokens: as the endpoint counted them; estimated where it did not.
        cost: at the prices of the settings, a decimal number; None when a price is unknown.
        masked: whether personal data was masked in what was sent.
        asked: names of the fields asked for; empty for questions about documents.
        answered: how many of them got an answer that is used.
    """

    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True
    )  # part of the results: readers take what a newer version adds

    model: str
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: str | None = None
    masked: bool = True
    asked: tuple[str, ...] = ()
    answered: int = 0


def tokens_of(text: str) -> int:
    """An estimate from above of how many tokens a text is: no tokenizer makes many more of it than its UTF-8 bytes by three."""
    return len(text.encode()) // BYTES_PER_TOKEN + 1
