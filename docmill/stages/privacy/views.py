"""What is found on a page when its words are looked at in other ways than line by line: torn, spaced and far-off values.

Belongs here: which views there are, which engines search them, and what of their findings is believed. Does not belong here: the views.
"""

from collections.abc import Callable, Iterator

from docmill.stages.privacy.columns import column_view
from docmill.stages.privacy.headings import headed_views
from docmill.stages.privacy.hits import Hit
from docmill.stages.privacy.spacing import closed_page
from docmill.stages.privacy.view import View
from docmill.stages.privacy.wrapping import over_lines, wrapped_view
from docmill.values.page import Page

Find = Callable[[str], tuple[Hit, ...]]
"""Personal data in a text."""

_WORDY = frozenset({"PERSON", "LOCATION", "ADDRESS", "ORGANIZATION", "NRP", "TITLE", "DATE_TIME", "AGE"})
_SAFE = frozenset({"pattern:name_title", "pattern:street_en", "pattern:street_glued", "pattern:street_word", "pattern:street_prefix"})
"""Patterns of words that know where they end, even where no line does."""


def hits_of_views(page: Page, by_all: Find, by_patterns: Find) -> Iterator[Hit]:
    """Hits in the page's text.

    Args:
        page: as read.
        by_all: searches with every engine.
        by_patterns: searches with the patterns only: what they check needs no sentence, and they are quick.
    """
    if view := column_view(page):
        yield from _on_page(view, by_all(view.text))
    if view := closed_page(page):
        yield from _on_page(view, by_patterns(view.text))
    if view := wrapped_view(page):
        torn = (hit for hit in by_patterns(view.text) if hit.type not in _WORDY or hit.source in _SAFE)
        for hit in torn:
            parts = list(view.on_page(hit))
            yield from parts if len(parts) > 1 or any(over_lines(part, page) for part in parts) else ()
    for view, is_of_people in headed_views(page):
        yield from _on_page(view, (hit for hit in by_patterns(view.text) if is_of_people or hit.type not in _WORDY))


def _on_page(view: View, hits: "Iterator[Hit] | tuple[Hit, ...]") -> Iterator[Hit]:
    return (part for hit in hits for part in view.on_page(hit))
