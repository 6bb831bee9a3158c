"""The version of this stage and of what shapes its output. Raise VERSION when the same pages give other chunks or vectors."""

from functools import lru_cache
from typing import Final

from docmill.stages.knowledge.embedding import model_digest
from docmill.stages.knowledge.tokens import VOCABULARY_SHA256
from docmill.values.options import MillOptions
from docmill.values.packages import installed_version

VERSION: Final = "2"


def engine(_options: MillOptions) -> dict[str, str]:
    """Names and versions of model, vocabulary and runtime, for the artefact key. Loads no model.

    Raises:
        EngineMissing: the package with the weights is not installed.
    """
    return dict(_engine())


@lru_cache(maxsize=1)
def _engine() -> dict[str, str]:
    return {
        "model": "all-MiniLM-L6-v2-int8",
        "model_sha256": model_digest()[:16],
        "vocabulary_sha256": VOCABULARY_SHA256[:16],
        "onnxruntime": installed_version("onnxruntime"),
        "tokenizers": installed_version("tokenizers"),
    }
