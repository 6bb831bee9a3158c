"""A spoken version of a document: espeak-ng reads its text into a WAV file (16 bit, mono, 22,050 Hz).

The voice is that of the document's main language. Long documents are cut: speech is 13 characters a second and 44 kB a second.
"""

import re
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from shutil import which
from types import MappingProxyType
from typing import Final

from docmill.errors import EngineMissing, LanguageMissing, StageFailed, TimedOut
from docmill.stages.understanding.enrichment.languages import languages_of
from docmill.stages.understanding.enrichment.texts import MASK
from docmill.values.page import Page
from docmill.values.pages_file import PageFiles

PROGRAM: Final = "espeak-ng"
MISSING: Final = "text cannot be spoken: the program espeak-ng is not installed; the Debian package is espeak-ng"
MOST_CHARACTERS: Final = 20_000
"""About 25 minutes and 65 MB."""

_VOICES: MappingProxyType[str, str] = MappingProxyType({"zh": "cmn", "no": "nb", "en": "en-us"})
"""ISO 639-1 -> espeak-ng's name, where it is another."""
_UNSPOKEN = re.compile(r"[^\w\s.,;:!?%&@#*+/=()'\"\u20ac$\u00a3\u2019-]")


def speak(page_paths: list[str], language: str, out_path: str, limit_s: float) -> dict[str, int | str | bool]:
    """Speak pages into `out_path`.

    Args:
        page_paths: Page JSON files of what may be shown, in page order.
        language: ISO 639-1, where the text does not tell.
        out_path: where the WAV file goes.
        limit_s: the longest that espeak-ng may take.

    Returns:
        {"language", "characters" spoken, "is_cut": whether the text was longer}.

    Raises:
        EngineMissing: espeak-ng is not installed.
        LanguageMissing: it has no voice for the language.
        TimedOut: it took too long.
        StageFailed: it failed otherwise, or there is nothing to say.
    """
    pages = PageFiles(page_paths)
    told = languages_of(pages)
    spoken = told[0].language if told else language
    text = spoken_text(pages)
    if not text.strip():
        raise StageFailed("there is no text to speak")
    said = text[:MOST_CHARACTERS]
    _run(said, _VOICES.get(spoken, spoken), Path(out_path), limit_s)
    return {"language": spoken, "characters": len(said), "is_cut": len(text) > len(said)}


def spoken_text(pages: Sequence[Page]) -> str:
    """The text as it is said: masks as `removed`, ornaments left out, a pause behind every line that ends nothing."""
    lines = [_UNSPOKEN.sub(" ", MASK.sub("removed", line.text)).strip() for page in pages for line in page.lines]
    return "\n".join(line for line in lines if any(character.isalnum() for character in line))


def _run(text: str, voice: str, out: Path, limit_s: float) -> None:
    if which(PROGRAM) is None:
        raise EngineMissing(MISSING)
    try:
        done = subprocess.run(
            [PROGRAM, "-b", "1", "-v", voice, "-w", str(out), "--stdin"],
            input=text.encode(),
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOut("speaking the text took too long", limit_s=limit_s) from error
    if done.returncode and b"voice does not exist" in done.stderr:
        raise LanguageMissing("espeak-ng has no voice for this language", language=voice)
    if done.returncode or not out.exists():
        raise StageFailed("espeak-ng failed", exit_code=done.returncode)


@lru_cache(maxsize=1)
def program_version() -> str:
    """Its version, or `missing`."""
    try:
        done = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "missing"
    found = re.search(r"\d+(?:\.\d+)+", done.stdout)
    return found[0] if found else "missing"
