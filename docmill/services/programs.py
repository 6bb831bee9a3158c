"""Asking outside programs for their versions. How OCR and rasterising call them stands in docmill.stages.reading, inside the cell."""

import shutil
import subprocess

ANSWER_S = 20


def _ask(*words: str) -> str | None:
    if shutil.which(words[0]) is None:
        return None
    try:
        # some programs print their version on stderr
        done = subprocess.run(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=ANSWER_S, check=False, text=True, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout


def program_version(program: str) -> str | None:
    """The first line that a program says of its version; None when it is missing or does not answer."""
    answer = _ask(program, "-v") if program.startswith("pdf") else _ask(program, "--version")
    lines = (answer or "").strip().splitlines()
    return lines[0] if lines else None


def tesseract_languages() -> set[str]:
    """Tesseract's own names of the installed languages; empty when Tesseract is missing."""
    answer = _ask("tesseract", "--list-langs") or ""
    return {line.strip() for line in answer.splitlines()[1:] if line.strip()}
