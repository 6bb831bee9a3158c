"""The version of this stage and of what shapes its output. Raise VERSION when the same pages give other chunks or vectors."""

from functools import lru_cache
from typing import Final

from docmill.stages.knowledge.embedding import identity_of
from docmill.stages.knowledge.model_files import model_digest
from docmill.stages.knowledge.tokens import VOCABULARY_SHA256
from docmill.values.embedding import PACKAGED, EmbeddingSpec
from docmill.values.options import MillOptions
from docmill.values.packages import installed_version

VERSION: Final = "3"


def engine(_options: MillOptions) -> dict[str, str]:
    """Names and versions of model, vocabulary and runtime, for the artefact key. Loads no model.

    Another model than the packaged one enters the key as an input: see docmill.services.milling.stages_text.

    Raises:
        EngineMissing: the package with the weights is not installed.
    """
    return dict(_engine())


def named_engine(options: MillOptions, spec: EmbeddingSpec) -> dict[str, str]:
    """As `engine`, for the results: of the model that was used.

    Raises:
        EngineMissing: it is not there.
    """
    if spec == PACKAGED:
        return engine(options)
    told = {"model": spec.model or "of a folder", "identity": identity_of(spec), "provider": spec.provider}
    return told | {name: installed_version(name) for name in ("onnxruntime", "tokenizers")}


@lru_cache(maxsize=1)
def _engine() -> dict[str, str]:
    return {
        "model": "all-MiniLM-L6-v2-int8",
        "model_sha256": model_digest()[:16],
        "vocabulary_sha256": VOCABULARY_SHA256[:16],
        "onnxruntime": installed_version("onnxruntime"),
        "tokenizers": installed_version("tokenizers"),
    }
