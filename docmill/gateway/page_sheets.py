"""The pages of a document on its task's page: pictures with boxes over them, the redacted copy beside the original, layers to switch.

Boxes are SVG over the picture: the page's policy allows no style from outside the style sheet, and SVG says places by attributes. Words are a
picture of their own (`.../words-{n}.svg`), fetched when it comes into sight: a page has hundreds.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from docmill.gateway.access import may_see_original_of
from docmill.services.page_marks import PersonalMark
from docmill.values.geometry import Box
from docmill.values.jobs import JobView
from docmill.values.page import Page
from docmill.values.results import PageFacts, Results

MOST_PICTURES: Final = 50
"""Pages that are shown; a longer document is downloaded."""
PICTURED: Final = ("application/pdf", "image/")
LAYERS: Final = (
    ("words", "words", ""),
    ("lines", "lines", " checked"),
    ("fields", "fields", " checked"),
    ("pii", "personal data", " checked"),
)
"""Class, name for people, whether it is shown at first. The style sheet hides a layer whose box is not ticked; that needs no script."""
WORD_STYLE: Final = 'fill="#2e7d32" fill-opacity=".08" stroke="#2e7d32" stroke-opacity=".7"'


def page_sheets(job: JobView, results: Results, marks: Sequence[PersonalMark]) -> str:
    """HTML of the pages that may be shown; empty for text and for who may not see them."""
    kinds = (["redacted"] if job.options.redact else []) + (["original"] if may_see_original_of(redacted=job.options.redact) else [])
    if not kinds or not results.pages or not results.document.media_type.startswith(PICTURED):
        return ""
    switches = "".join(
        f'<label class="check"><input type="checkbox" id="show-{name}"{ticked}> {told}</label>' for name, told, ticked in LAYERS
    )
    shown = "".join(
        f'<div class="sheets" id="page-{p.number}">{_sheets(job, results, p, kinds, marks)}</div>' for p in results.pages[:MOST_PICTURES]
    )
    left = len(results.pages) - MOST_PICTURES
    more = f'<p class="hint">{left} more pages are in the downloads.</p>' if left > 0 else ""
    legend = f'<fieldset class="layers"><legend>Show boxes of</legend>{switches}</fieldset>'
    return f'<section class="pages" aria-labelledby="pages"><h3 id="pages">Pages</h3>{legend}{shown}{more}</section>'


def marked_sheets(job: JobView, results: Results, boxes: Mapping[int, str]) -> str:
    """HTML of pages with boxes of the caller's own (page -> SVG): the original where it may be seen, else the redacted copy."""
    if not results.document.media_type.startswith(PICTURED):
        return ""
    kind = "original" if may_see_original_of(redacted=job.options.redact) else "redacted"
    if kind == "redacted" and not job.options.redact:
        return ""
    return "".join(_sheet(job, p, kind, boxes.get(p.number, "")) for p in results.pages[:MOST_PICTURES])


def words_picture(page: Page) -> str:
    """An SVG with a box around each word of a page."""
    boxes = "".join(_rect(word.box) for word in page.words)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {page.width_px} {page.height_px}">'
    return f"{head}<g {WORD_STYLE}>{boxes}</g></svg>"


def _sheets(job: JobView, results: Results, page: PageFacts, kinds: Iterable[str], marks: Sequence[PersonalMark]) -> str:
    boxes = _boxes(results, page.number, marks)
    words = f'<img class="words" src="/tasks/{job.job_id}/{{kind}}/words-{page.number}.svg" alt="" loading="lazy">'
    return "".join(_sheet(job, page, kind, boxes, words.format(kind=kind)) for kind in kinds)


def _sheet(job: JobView, page: PageFacts, kind: str, boxes: str, words: str = "") -> str:
    return (
        f'<figure><figcaption>Page {page.number}, {kind}</figcaption><div class="sheet">'
        f'<img src="/tasks/{job.job_id}/{kind}/{page.number}.png" alt="Page {page.number}, {kind}" loading="lazy">{words}'
        f'<svg viewBox="0 0 {page.width_px} {page.height_px}" aria-hidden="true">{boxes}</svg></div></figure>'
    )


def _boxes(results: Results, number: int, marks: Sequence[PersonalMark]) -> str:
    lines = [_rect((*b.bounding_box[0], *b.bounding_box[2]), "line", b.text) for b in results.text_blocks if b.page == number]
    found = (*results.fields, *(f for part in results.parts if not part.is_main for f in part.fields))
    fields = [_rect(f.box, "field", f.name.replace("_", " ")) for f in found if f.page == number and f.box]
    personal = [_rect(box, "pii", f"{m.type} {m.confidence:.0%}") for m in marks if m.page == number for box in m.boxes]
    return "".join((*lines, *fields, *personal))


def _rect(box: Box | tuple[float, float, float, float], kind: str = "", title: str = "") -> str:
    x0, y0, x1, y1 = box
    place = f'x="{x0:.0f}" y="{y0:.0f}" width="{max(0, x1 - x0):.0f}" height="{max(0, y1 - y0):.0f}"'
    return f'<rect class="{kind}" {place}><title>{escape(title)}</title></rect>' if kind else f"<rect {place}/>"
