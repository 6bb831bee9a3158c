"""`ask_model`: one question to an OpenAI-compatible endpoint, one answer of a given JSON Schema, within limits of time, tokens and money.

Belongs here: requests, what the answers of a server mean, counting. Does not belong here: what is asked, and whether an answer is true.
Questions and answers are document text: they are never logged and never part of a message.
"""

import contextlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar
from urllib.parse import urlsplit

from docmill.errors import DocmillError, ServiceUnavailable, SettingsInvalid, StageFailed, TooLarge
from docmill.values.language_model import ModelSpec, ModelUse, tokens_of

if TYPE_CHECKING:
    import openai

log = logging.getLogger(__name__)

TRIES: Final = 2
"""Requests of one question: a second one when the server failed or its answer was no answer."""

_PAUSE_S: Final = 0.5
_OPENAI_HOST: Final = "api.openai.com"
_NO_KEY: Final = "none"
"""Servers on one's own machine ask for no key, the client insists on one."""

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question: fixed instructions, data as JSON, and the JSON Schema of the answer. All are text; `name` is of the schema."""

    name: str
    instructions: str
    data: str
    schema: str

    @property
    def tokens(self) -> int:
        """How many tokens it is, estimated from above."""
        return sum(tokens_of(part) for part in (self.instructions, self.data, self.schema))


def ask_model(
    spec: ModelSpec,
    api_key: str | None,
    prompt: Prompt,
    read: Callable[[bytes], Read],
    *,
    note: Callable[[ModelUse], None] = lambda _: None,
) -> tuple[Read, ModelUse]:
    """Ask, and read the answer.

    Args:
        spec: whom, and within which limits.
        api_key: None for servers that ask for none.
        prompt: the question.
        read: reads the answer's bytes; raises StageFailed when they are none, and the question is asked once more.
        note: is told what asking took, also where it failed: answers that are none have their price.

    Returns:
        What was read, and what asking took.

    Raises:
        TooLarge: the question is over the limits of tokens or cost, and nothing was sent.
        ServiceUnavailable: the server did not answer in time, twice failed, or asks to come later (retryable).
        SettingsInvalid: it refuses the key or does not know the model.
        StageFailed: twice its answer was none.
    """
    _refuse_large(spec, prompt)
    with _Asking(spec, api_key, prompt) as asking, contextlib.ExitStack() as ending:
        ending.callback(lambda: note(asking.use()))
        for number in range(1, TRIES + 1):
            try:
                return read(asking.answer()), asking.use()
            except (ServiceUnavailable, StageFailed) as error:
                if number == TRIES or asking.left_s < _PAUSE_S:
                    raise
                log.warning("asking the language model again: %s", error.code)
                time.sleep(_PAUSE_S)
    raise StageFailed  # pragma: no cover - the last try returns or raises


def _refuse_large(spec: ModelSpec, prompt: Prompt) -> None:
    if prompt.tokens > spec.input_tokens:
        raise TooLarge("the question to the language model is over DOCMILL_MODEL_INPUT_TOKENS", tokens=prompt.tokens)
    cost = spec.cost(prompt.tokens, spec.output_tokens)
    if spec.cost_limit is None:
        return
    if cost is None:
        raise SettingsInvalid("DOCMILL_MODEL_COST_LIMIT needs DOCMILL_MODEL_INPUT_PRICE and DOCMILL_MODEL_OUTPUT_PRICE")
    if cost * TRIES > spec.cost_limit:
        raise TooLarge("the question to the language model could cost more than DOCMILL_MODEL_COST_LIMIT")


class _Asking:
    """One question on its way: the open client, the clock, and what was used so far."""

    def __init__(self, spec: ModelSpec, api_key: str | None, prompt: Prompt) -> None:
        import httpx2  # noqa: PLC0415 - with openai below
        import openai  # noqa: PLC0415 - loads in 1 s, only where a model is asked

        from docmill.services.language_model.transport import Deadline  # noqa: PLC0415 - loads httpx2

        self._openai, self._spec, self._prompt = openai, spec, prompt
        self._deadline = Deadline()
        self._deadline.ends_at = time.monotonic() + spec.timeout_s
        http = httpx2.Client(transport=self._deadline, trust_env=False)
        # every argument that the client would else take from the environment is given
        self._client = openai.OpenAI(
            api_key=api_key or _NO_KEY, base_url=spec.base_url, organization="", project="", max_retries=0, http_client=http
        )
        self._has_schema = True
        self._requests = self._input = self._output = 0
        self._model = spec.model

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def left_s(self) -> float:
        """Seconds until the deadline."""
        return self._deadline.ends_at - time.monotonic()

    def use(self) -> ModelUse:
        """What was used so far."""
        cost = self._spec.cost(self._input, self._output)
        return ModelUse(
            model=self._model[:100],
            requests=self._requests,
            input_tokens=self._input,
            output_tokens=self._output,
            cost=None if cost is None else f"{cost.normalize():f}",
        )

    def answer(self) -> bytes:
        """The text of one answer."""
        try:
            return self._text(self._completion())
        except self._openai.OpenAIError as error:
            raise self._typed(error) from None
        except (ValueError, TypeError, AttributeError):
            raise StageFailed("the language model's server does not speak the protocol") from None

    def _completion(self) -> Any:
        try:
            return self._create()
        except self._openai.BadRequestError:
            if not self._has_schema:
                raise
            self._has_schema = False  # servers that know no structured output still see the schema in the question
            return self._create()

    def _create(self) -> Any:
        prompt = self._prompt
        shape: Any = {"type": "json_schema", "json_schema": {"name": prompt.name, "strict": True, "schema": json.loads(prompt.schema)}}
        system = prompt.instructions if self._has_schema else f"{prompt.instructions}\nThe JSON Schema of the answer: {prompt.schema}"
        return self._client.chat.completions.create(
            model=self._spec.model,
            messages=[{"role": "system", "content": system}, {"role": "user", "content": prompt.data}],
            response_format=shape if self._has_schema else self._openai.omit,
            **self._limits(),
        )

    def _limits(self) -> dict[str, Any]:
        # OpenAI's reasoning models refuse max_tokens and any temperature; other servers may not know the newer name
        if urlsplit(self._spec.base_url).hostname == _OPENAI_HOST:
            return {"max_completion_tokens": self._spec.output_tokens}
        return {"max_tokens": self._spec.output_tokens, "temperature": 0}

    def _text(self, completion: Any) -> bytes:
        self._count(completion)
        choice = next(iter(getattr(completion, "choices", None) or []), None)
        text = getattr(getattr(choice, "message", None), "content", None)
        if not isinstance(text, str) or getattr(choice, "finish_reason", None) == "length":
            raise StageFailed("the language model's answer is empty or cut off")
        return text.strip().removeprefix("```json").removeprefix("```").removesuffix("```").encode()

    def _count(self, completion: Any) -> None:
        used = getattr(completion, "usage", None)
        self._requests += 1
        self._input += _positive(getattr(used, "prompt_tokens", None), self._prompt.tokens)
        self._output += _positive(getattr(used, "completion_tokens", None), self._spec.output_tokens)
        name = getattr(completion, "model", None)
        self._model = name if isinstance(name, str) and name else self._spec.model

    def _typed(self, error: "openai.OpenAIError") -> DocmillError:
        module = self._openai
        if isinstance(error, module.AuthenticationError | module.PermissionDeniedError):
            return SettingsInvalid("the language model's server refuses the key: OPENAI_API_KEY")
        if isinstance(error, module.NotFoundError):
            return SettingsInvalid("the language model's server does not know the model or the address: OPENAI_MODEL, OPENAI_BASE_URL")
        status = getattr(error, "status_code", None)
        if isinstance(error, module.APIConnectionError | module.RateLimitError | module.InternalServerError):
            return ServiceUnavailable("the language model did not answer in time or failed", status=status)
        return StageFailed("the language model's server refuses the question or speaks another protocol", status=status)


def _positive(told: object, estimate: int) -> int:
    """A count that a server told; the estimate where it told none or nonsense."""
    return told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else estimate
