"""What a finished task's page shows of a document beside kind and fields: languages, dates, keywords, names, summary, tone, the spoken version.

Belongs here: HTML of results.enrichment. Does not belong here: how it is found (docs/enrichment.md).
"""

from collections.abc import Iterable
from html import escape

from docmill.values.enrichment import Enrichment, NamedEntity
from docmill.values.results import Results

SHOWN_ENTITIES = 20


def shown_enrichment(results: Results) -> str:
    """HTML of the enrichment, and the way to similar documents where the document is in the search index."""
    found = results.enrichment
    parts = [_summary(found), _table(found)] if found else []
    if results.options.index:
        parts.append(f'<p><a href="/documents/{results.document.id}/similar">Similar documents</a></p>')
    inside = "".join(parts)
    return f"<h3>About the document</h3>{inside}" if inside else ""


def _summary(found: Enrichment) -> str:
    sentences = " ".join(escape(one.text) for one in found.summary)
    return f"<p>{sentences}</p>" if sentences else ""


def _table(found: Enrichment) -> str:
    rows = [
        ("Languages", ", ".join(f"{one.language} {one.share:.0%}" for one in found.languages)),
        ("Pages", str(found.page_count)),
        ("Made with", found.file.producer or ""),
        ("File made", found.file.created_at.isoformat(" ") if found.file.created_at else ""),
        ("File changed", found.file.modified_at.isoformat(" ") if found.file.modified_at else ""),
        ("Dates", ", ".join(one.date.isoformat() for one in found.dates)),
        ("Keywords", ", ".join(one.text for one in found.keywords)),
        *_named(found.entities[:SHOWN_ENTITIES]),
        ("Tone", f"{found.sentiment.label} ({found.sentiment.score:+.2f})" if found.sentiment else ""),
    ]
    body = "".join(f'<tr><th scope="row">{name}</th><td>{escape(value)}</td></tr>' for name, value in rows if value)
    return f"<table><tbody>{body}</tbody></table>"


def _named(entities: Iterable[NamedEntity]) -> Iterable[tuple[str, str]]:
    by_type: dict[str, list[str]] = {}
    for one in entities:
        by_type.setdefault(one.type, []).append(one.text)
    headings = {"person": "People", "place": "Places", "organisation": "Organisations", "money": "Sums"}
    return [(headings[name], "; ".join(texts)) for name, texts in by_type.items()]
