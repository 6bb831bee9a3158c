"""Files that verbs of the privacy stage take: spans, pages, rules."""

import json
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from docmill.values.evidence import Span
from docmill.values.pii_rules import NO_RULES, PiiRules

SPANS: Final = TypeAdapter(tuple[Span, ...])


def read_rules(path: str) -> PiiRules:
    """The user's rules; an empty path is none."""
    return PiiRules.model_validate_json(Path(path).read_bytes()) if path else NO_RULES


def read_found(path: str) -> tuple[Span, ...]:
    """The spans of a file that `find_pii` wrote."""
    return SPANS.validate_python(json.loads(Path(path).read_bytes())["spans"])
