"""The verb of enrichment as the cell calls it: page files in, one file and a few facts out."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from docmill.stages.understanding.dates import find_dates, is_month_first
from docmill.stages.understanding.enrichment.entities import entities_of
from docmill.stages.understanding.enrichment.keywords import keywords_of
from docmill.stages.understanding.enrichment.languages import languages_of
from docmill.stages.understanding.enrichment.sentiment import sentiment_of
from docmill.stages.understanding.enrichment.summary import summary_of
from docmill.stages.understanding.enrichment.texts import sentences_of
from docmill.values.enrichment import Enrichment, PrintedDay
from docmill.values.page import Page
from docmill.values.pages_file import PageFiles, read_spans

MOST_DATES: Final = 50


def enrich(page_paths: list[str], spans_path: str, out_path: str) -> dict[str, int]:
    """Write what the pages tell beside kind and fields to `out_path`, Enrichment JSON.

    Args:
        page_paths: Page JSON files of what may be shown, in page order: the redacted pages under redaction.
        spans_path: what `find_pii` wrote for these same pages; empty under redaction, and where it failed.
        out_path: where the JSON goes.

    Returns:
        {"languages", "keywords", "entities", "dates", "sentences"}: how many were found.

    Raises:
        EngineMissing: a library of a method is not installed.
    """
    pages = PageFiles(page_paths)
    spans = read_spans(json.loads(Path(spans_path).read_bytes())["spans"]) if spans_path else []
    languages = languages_of(pages)
    names = [one.language for one in languages]
    sentences = sentences_of(pages)
    found = Enrichment(
        languages=languages,
        dates=_days(pages),
        keywords=keywords_of(pages, names),
        entities=entities_of(pages, spans),
        summary=summary_of(sentences, names),
        sentiment=sentiment_of(sentences, names),
    )
    Path(out_path).write_text(found.model_dump_json(), encoding="utf-8")
    counted = {"languages": languages, "keywords": found.keywords, "entities": found.entities, "dates": found.dates}
    return {**{name: len(part) for name, part in counted.items()}, "sentences": len(sentences)}


def _days(pages: Sequence[Page]) -> tuple[PrintedDay, ...]:
    month_first = is_month_first(pages)
    printed = [(one.value, page.number) for page in pages for one in find_dates(page, month_first=month_first)]
    counts, first = Counter(day for day, _ in printed), dict(reversed(printed))
    return tuple(PrintedDay(date=day, count=counts[day], page=first[day]) for day in sorted(counts)[:MOST_DATES])
