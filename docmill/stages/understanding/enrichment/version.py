"""The versions of enrichment and speech: part of their artefact keys. Raise one whenever the same pages give another result."""

from typing import Final

from docmill.stages.understanding.enrichment import speech
from docmill.values.options import MillOptions
from docmill.values.packages import installed_version

VERSION: Final = "1"
SPEECH_VERSION: Final = "1"


def engine(_options: MillOptions) -> dict[str, str]:
    """Names and versions of what shapes the output."""
    return {"rules": VERSION, "py3langid": installed_version("py3langid"), "vadersentiment": installed_version("vaderSentiment")}


def speech_engine(options: MillOptions) -> dict[str, str]:
    """The program that speaks, where it is asked to."""
    return {speech.PROGRAM: speech.program_version()} if options.speech else {}
