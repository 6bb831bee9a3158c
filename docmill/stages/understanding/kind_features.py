"""What the model of kinds looks at: words of the first page, how the page is filled, and what the rules found. Names of features alone, no weights."""

import math
import re
from collections.abc import Mapping

from docmill.stages.understanding.layout import folded
from docmill.values.page import Page

_WORD = re.compile(r"[^\W\d_]{2,}")
_AMOUNT = re.compile(r"\d[.,]\d{2}(?!\d)")
_DATE = re.compile(r"\b\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b")
_MOST_EVIDENCE = 6.0
_FULL = 0.7


def features_of(page: Page, evidence: Mapping[str, float]) -> dict[str, float]:
    """Features by name.

    Args:
        page: the first page of a document.
        evidence: by kind, the sum of the rules' weights.

    Returns:
        `word:*` share one unit of length, so that long papers aren't surer than short ones; `shape:*` and `rule:*` lie between about 0 and 2.
    """
    words = set(_WORD.findall(folded(page)))
    each = 1.0 / math.sqrt(max(1, len(words)))
    found = {f"word:{word}": each for word in words}
    found |= {f"rule:{kind}": min(_MOST_EVIDENCE, worth) / 3.0 for kind, worth in evidence.items()}
    return found | _shape(page)


def _shape(page: Page) -> dict[str, float]:
    text = page.text
    lines = max(1, len(page.lines))
    characters = max(1, sum(not c.isspace() for c in text))
    widest = max((line.box.width for line in page.lines), default=1.0)
    return {
        "shape:tall": min(2.0, page.height_px / max(1, page.width_px) - 0.5),
        "shape:words": math.log1p(len(page.words)) / 4.0,
        "shape:words_in_line": math.log1p(len(page.words) / lines) / 1.5,
        "shape:figures": 2.0 * sum(c.isdigit() for c in text) / characters,
        "shape:capitals": 2.0 * sum(c.isupper() for c in text) / characters,
        "shape:amounts": math.log1p(len(_AMOUNT.findall(text))) / 2.0,
        "shape:dates": math.log1p(len(_DATE.findall(text))) / 2.0,
        "shape:labels": 2.0 * text.count(":") / lines,
        "shape:full_lines": sum(line.box.width > _FULL * widest for line in page.lines) / lines,
        "shape:sentences": math.log1p(len(re.findall(r"[^\W\d_]{2}[.!?](?:\s|$)", text))) / 2.0,
    }
