"""What the index keeps of a document beside its words: gathered from the ledger and from what was understood of it."""

from datetime import date

from docmill.storage.knowledge.ports import DocumentFacts
from docmill.storage.ledger.cards import Card
from docmill.values.evidence import Understanding
from docmill.values.jobs import Artefact
from docmill.values.ports import ObjectStore

_ISSUE_DATE = "issue_date"


def facts_of(card: Card, *, kind: str | None, document_date: date | None) -> DocumentFacts:
    """The facts of a document, as the job on the card milled it."""
    return DocumentFacts(
        kind=kind,
        document_date=document_date,
        accepted_on=card.accepted_on,
        language=card.options.language,
        tags=card.tags,
        collection=card.collection,
        is_redacted=card.options.redact,
    )


def date_in(store: ObjectStore, understood: Artefact | None) -> date | None:
    """The date printed on a document; None when none was found, or nothing was understood of it.

    Raises:
        NotFound, StoreUnavailable: the store does not have the artefact, or did not answer.
    """
    if understood is None:
        return None
    found = Understanding.model_validate_json(store.read(understood.object_name))
    value = next((field.value for field in found.fields if field.name == _ISSUE_DATE and field.value), None)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None
