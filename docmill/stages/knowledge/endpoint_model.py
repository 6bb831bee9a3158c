"""Embeddings of a service that speaks OpenAI's API: POST {base}/embeddings (https://platform.openai.com/docs/api-reference/embeddings).

A request that fails as a whole is tried again while that may help; a text that the service refuses alone is a failed text and fails no other.
Vectors of another size than the settings say are refused at once: an index of them would be worthless. The key comes from the settings of
this process and is sent nowhere else; chunks are counted with the packaged tokenizer, because the service's own is not known.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import httpx
import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from docmill.errors import EngineUnavailable, SettingsInvalid
from docmill.settings import settings
from docmill.stages.knowledge.tokens import MAX_TOKENS, SPECIAL_TOKENS, token_counts
from docmill.stages.knowledge.vectors import Done, Vectors
from docmill.values.embedding import EmbeddingSpec, VectorOrigin
from docmill.values.keys import digest
from docmill.values.language_model import tokens_of

BATCH_TEXTS: Final = 64
TRIES: Final = 3
PAUSE_S: Final = 0.5
"""Before the second try; doubles. A service that asks for more patience by Retry-After gets up to LONGEST_PAUSE_S."""
LONGEST_PAUSE_S: Final = 10.0
_REFUSED_TEXT: Final = frozenset({400, 413, 422})
_REFUSED_CALLER: Final = frozenset({401, 403, 404, 405})


class _Vector(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    index: int
    embedding: list[float]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    data: list[_Vector]
    usage: object = None  # not every service says what it counted, and some say nonsense


@dataclass
class Answered:
    """How often the service answered, and the tokens of what it was asked."""

    calls: int = 0
    tokens: int = 0


_ANSWERED: ContextVar[Answered | None] = ContextVar("docmill_embeddings_answered", default=None)


@contextmanager
def answers_counted() -> Iterator[Answered]:
    """Count what the service answers to this thread meanwhile: one opened model serves all threads of a process."""
    counted = Answered()
    token = _ANSWERED.set(counted)
    try:
        yield counted
    finally:
        _ANSWERED.reset(token)


class _RefusedTextError(Exception):
    """The service does not take these texts."""


@dataclass(frozen=True)
class EndpointModel:
    """A model behind a service. `budget` counts tokens of the packaged tokenizer."""

    origin: VectorOrigin
    client: httpx.Client
    budget: int = MAX_TOKENS - SPECIAL_TOKENS

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text without special ones."""
        return token_counts(texts)

    def embed_queries(self, texts: Sequence[str]) -> tuple[Vectors, Done]:
        """As `embed_each`, of queries."""
        return self._embed([f"{self.origin.spec.query_prefix}{text}" for text in texts])

    def embed_each(self, texts: Sequence[str]) -> tuple[Vectors, Done]:
        """Vectors of passages, and for each text whether it has one.

        Raises:
            EngineUnavailable: the service did not answer, or not as the API says.
            SettingsInvalid: it refuses key, address or model, or gives vectors of another size.
        """
        return self._embed([f"{self.origin.spec.passage_prefix}{text}" for text in texts])

    def _embed(self, texts: Sequence[str]) -> tuple[Vectors, Done]:
        vectors = np.zeros((len(texts), self.origin.dimensions), dtype=np.float32)
        is_done: Done = np.zeros(len(texts), dtype=np.bool_)
        for first in range(0, len(texts), BATCH_TEXTS):
            for place, vector in enumerate(self._embedded(texts[first : first + BATCH_TEXTS]), start=first):
                length = 0.0 if vector is None else float(np.linalg.norm(vector))
                if vector is not None and np.isfinite(length) and length > 0:
                    vectors[place], is_done[place] = vector / length, True
        return vectors, is_done

    def _embedded(self, texts: Sequence[str]) -> list[Vectors | None]:
        try:
            return list(self._asked(texts))
        except _RefusedTextError:
            if len(texts) == 1:
                return [None]
            half = len(texts) // 2  # most texts are fine: halves find the bad one in few requests
            return [*self._embedded(texts[:half]), *self._embedded(texts[half:])]

    def _asked(self, texts: Sequence[str]) -> list[Vectors]:
        spec, body = self.origin.spec, {"model": self.origin.spec.model, "input": list(texts), "encoding_format": "float"}
        for tried in range(TRIES):
            try:
                answer = self.client.post(f"{spec.place.rstrip('/')}/embeddings", json=body, headers=_key())
            except httpx.HTTPError as error:
                if tried + 1 == TRIES:
                    raise EngineUnavailable(f"the embedding service did not answer: {type(error).__name__}") from error
                time.sleep(_pause_s(tried, None))
                continue
            if answer.is_success:
                return self._read(answer, texts)
            _raise_refusal(answer.status_code)
            if tried + 1 < TRIES:
                time.sleep(_pause_s(tried, answer.headers.get("Retry-After")))
        raise EngineUnavailable(f"the embedding service answered {answer.status_code} {TRIES} times")

    def _read(self, answer: httpx.Response, texts: Sequence[str]) -> list[Vectors]:
        try:
            said = _Answer.model_validate_json(answer.content)
        except ValidationError:
            raise EngineUnavailable("the embedding service answered something else than embeddings") from None
        _count(said.usage, texts)
        found = {one.index: one.embedding for one in said.data}
        if sorted(found) != list(range(len(texts))):
            raise EngineUnavailable("the embedding service did not answer for every text")
        size = self.origin.dimensions
        if wrong := next((len(one) for one in found.values() if len(one) != size), None):
            raise SettingsInvalid(f"the embedding service gives vectors of {wrong} dimensions, DOCMILL_EMBEDDING_DIMENSIONS says {size}")
        return [np.asarray(found[place], dtype=np.float32) for place in range(len(texts))]


def _count(usage: object, texts: Sequence[str]) -> None:
    """Count an answer; its tokens are estimated from above where the service does not say them."""
    if (counted := _ANSWERED.get()) is None:
        return
    told = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    counted.calls += 1
    counted.tokens += told if type(told) is int and told > 0 else sum(map(tokens_of, texts))


def _raise_refusal(status: int) -> None:
    if status in _REFUSED_TEXT:
        raise _RefusedTextError
    if status in _REFUSED_CALLER:
        raise SettingsInvalid(f"the embedding service refuses key, address or model ({status}): see DOCMILL_EMBEDDING_*")


def _key() -> dict[str, str]:
    kept = settings().embedding_key
    return {"Authorization": f"Bearer {kept.get_secret_value()}"} if kept else {}


def _pause_s(tried: int, asked: str | None) -> float:
    wanted = float(asked) if asked and asked.isdigit() else PAUSE_S * 2.0**tried
    return min(LONGEST_PAUSE_S, wanted)


def endpoint_identity(spec: EmbeddingSpec) -> str:
    """Of address, name, size and prefixes: what happens behind them is not seen."""
    return digest("embedding service", spec.place.rstrip("/"), spec.model, spec.dimensions, *spec.prefixes)[:16]


def endpoint_model(spec: EmbeddingSpec) -> EndpointModel:
    """The model; asks nothing yet."""
    limits: dict[str, Any] = {"timeout": settings().embedding_timeout_s, "follow_redirects": False}
    origin = VectorOrigin(spec=spec, identity=endpoint_identity(spec), dimensions=spec.dimensions)
    return EndpointModel(origin, httpx.Client(**limits))
