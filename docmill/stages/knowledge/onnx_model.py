"""Sentence embeddings on ONNX Runtime: tokens in batches of like length, pooled and normalised, so that a dot product is a cosine.

The recipe is that of sentence-transformers: mean of the last hidden state over the tokens that are not padding (or the first token's), then L2
normalisation (https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from docmill.stages.knowledge.vectors import Done, Vectors
from docmill.values.embedding import VectorOrigin

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BATCH_TOKENS: Final = 512
"""Tokens of one run, padding included. On one thread more is no faster for short texts, slower for long ones, and holds more memory."""

TokenIds = list[list[int]]
_HIDDEN: Final = 3
"""Axes of the last hidden state: text, token, dimension. A model that pools by itself gives two."""


@dataclass(frozen=True)
class OnnxModel:
    """A model of one process, one thread: workers, not threads, spread the work.

    Attributes:
        session: of ONNX Runtime.
        ids: texts -> token ids, special tokens included, cut to what the model looks at.
        counts: texts -> numbers of tokens without special ones.
        budget: most tokens of a chunk without special ones.
        pooling: what becomes of the last hidden state.
        padding: the id of the padding token.
        origin: what its vectors are marked with.
        query_prefix, passage_prefix: what it wants in front of texts.
    """

    session: "InferenceSession"
    ids: Callable[[Sequence[str]], TokenIds]
    counts: Callable[[Sequence[str]], list[int]]
    budget: int
    pooling: Literal["mean", "cls"]
    padding: int
    origin: VectorOrigin
    query_prefix: str = ""
    passage_prefix: str = ""

    def embed_each(self, texts: Sequence[str]) -> tuple[Vectors, Done]:
        """Vectors of passages, shape (n, dimensions), and for each text whether its vector is good; the others are zero."""
        return self._embed(texts, self.passage_prefix)

    def embed_queries(self, texts: Sequence[str]) -> tuple[Vectors, Done]:
        """As `embed_each`, of queries."""
        return self._embed(texts, self.query_prefix)

    def _embed(self, texts: Sequence[str], prefix: str) -> tuple[Vectors, Done]:
        ids = self.ids([f"{prefix}{text}" for text in texts] if prefix else texts)
        vectors = np.zeros((len(ids), self.origin.dimensions), dtype=np.float32)
        for batch in batches(ids):
            vectors[batch] = self._embed_batch([ids[i] for i in batch])
        is_done: Done = np.asarray(np.isfinite(vectors).all(axis=1), dtype=np.bool_)
        vectors[~is_done] = 0.0
        return vectors, is_done

    def _embed_batch(self, ids: TokenIds) -> Vectors:
        """Vectors of a batch; rows of NaN for what fails even alone."""
        try:
            return self.run(ids)
        except Exception:  # noqa: BLE001 - the errors of ONNX Runtime have no base class of their own
            if len(ids) == 1:
                return np.full((1, self.origin.dimensions), np.nan, dtype=np.float32)
            return np.concatenate([self._embed_batch([row]) for row in ids])

    def run(self, ids: TokenIds) -> Vectors:
        """Vectors of length 1 for token ids, shape (n, dimensions)."""
        width = max(len(row) for row in ids)
        tokens = np.full((len(ids), width), self.padding, dtype=np.int64)
        mask = np.zeros_like(tokens)
        for row, own in enumerate(ids):
            tokens[row, : len(own)] = own
            mask[row, : len(own)] = 1
        inputs = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        known = {one.name for one in self.session.get_inputs()}
        found = self.session.run([self.session.get_outputs()[0].name], {name: fed for name, fed in inputs.items() if name in known})
        return _pooled(np.asarray(found[0], dtype=np.float32), mask, self.pooling)


def _pooled(hidden: Vectors, mask: "np.ndarray[tuple[int, int], np.dtype[np.int64]]", pooling: str) -> Vectors:
    if hidden.ndim < _HIDDEN:
        pooled = hidden
    elif pooling == "cls":
        pooled = hidden[:, 0]
    else:
        weights = mask[:, :, None].astype(np.float32)
        pooled = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
    normal: Vectors = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    return normal


def batches(ids: TokenIds) -> Iterator[list[int]]:
    """Indices of texts that run together: neighbours by length, which need little padding, up to BATCH_TOKENS."""
    batch: list[int] = []
    for i in sorted(range(len(ids)), key=lambda i: len(ids[i])):
        if batch and len(ids[i]) * (len(batch) + 1) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
