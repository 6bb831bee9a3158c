"""The version of the validation stage: part of its artefact keys. The suite itself enters by its digest, so that an edited check counts."""

from functools import lru_cache
from typing import Final

from docmill.stages.validation.suite import suite_digest
from docmill.values.options import MillOptions
from docmill.values.packages import installed_version

VERSION: Final = "5"


@lru_cache(maxsize=1)
def _engine() -> dict[str, str]:
    return {"great_expectations": installed_version("great-expectations"), "suite": suite_digest()}


def engine(_options: MillOptions) -> dict[str, str]:
    """Names and versions of what shapes the output: the library and the suite's digest."""
    return dict(_engine())
