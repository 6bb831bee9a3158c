"""How much docmill's embedding costs beside the model itself: `python benchmarks/embedding.py [CHUNKS]`.

The same batches go through `embed_each` (tokenizer, batching, pooling, normalisation) and through a plain ONNX Runtime session of the same
options, which gets ready-made arrays. Both are run in turns, so that other load on the machine meets both; the median of the rounds counts.
Passages are words of the model's own vocabulary, 20-240 tokens long.
"""

import argparse
import random
import time
from collections.abc import Callable
from statistics import median

import numpy as np

from docmill.stages.knowledge import embedding, model_files
from docmill.stages.knowledge.onnx_model import batches
from docmill.stages.knowledge.tokens import VOCABULARY, token_ids

ROUNDS = 3


def passages(count: int) -> list[str]:
    """Texts of whole words."""
    words = [word for word in VOCABULARY.read_text(encoding="utf-8").split() if word.isalpha() and word.isascii()]
    drawn = random.Random(5)  # noqa: S311 - a seed, no secret
    return [" ".join(drawn.choices(words, k=drawn.randint(18, 238))) for _ in range(count)]


def plain_batches(texts: list[str]) -> list[dict[str, np.ndarray]]:
    """The inputs of the model for docmill's own batches, made before the clock runs."""
    ids = token_ids(texts)
    made = []
    for batch in batches(ids):
        width = max(len(ids[i]) for i in batch)
        tokens = np.array([ids[i] + [0] * (width - len(ids[i])) for i in batch], dtype=np.int64)
        mask = np.array([[1] * len(ids[i]) + [0] * (width - len(ids[i])) for i in batch], dtype=np.int64)
        made.append({"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)})
    return made


def seconds(work: Callable[[], object]) -> float:
    """How long it takes, in CPU seconds of this process: what other processes take of the machine is not counted."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    """Print chunks per second of both and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chunks", type=int, nargs="?", default=120)
    texts = passages(parser.parse_args().chunks)
    made, model = plain_batches(texts), model_files.packaged_session()

    def plain() -> None:
        for inputs in made:
            model.run(["last_hidden_state"], inputs)

    plain()
    times = [(seconds(plain), seconds(lambda: embedding.embed_each(texts))) for _ in range(ROUNDS)]
    ratio = median(bare / own for bare, own in times)
    print(f"{len(texts)} chunks in {len(made)} batches, one thread, CPU time")
    print(f"plain ONNX Runtime {len(texts) / median(bare for bare, _ in times):.1f} chunks/s")
    print(f"docmill            {len(texts) / median(own for _, own in times):.1f} chunks/s, {ratio:.1%} of plain")


if __name__ == "__main__":
    main()
