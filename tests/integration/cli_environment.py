"""The environment of processes that tests start: this process's own without settings of docmill and Prefect, with the checkout on the path."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]


def clean_environment(**extra):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DOCMILL_", "PREFECT_", "GOOGLE_", "OPENAI_"))}
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    return {**kept, "PYTHONPATH": path, **extra}
