"""What a document tells beside kind and fields. The same shape is kept between stages and published in the results JSON (since 1.3.0).

Belongs here: the shape. The methods are in docmill/stages/understanding/enrichment and described in docs/enrichment.md.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from docmill.values.model import Value

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class EnrichmentPart(Value):
    """A part of the enrichment. Unknown keys are ignored, so that a reader takes what a newer minor version adds."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class LanguageShare(EnrichmentPart):
    """A language, ISO 639-1, and its share of the letters of which the language is sure."""

    language: str
    share: Share


class PrintedDay(EnrichmentPart):
    """A day printed on the pages, how often, and the page where it first stands, counted from 1."""

    date: date
    count: int = Field(ge=1)
    page: int = Field(ge=1)


class Keyword(EnrichmentPart):
    """A phrase as first printed, how often it stands there, and its score; 1.0 is the best of the document."""

    text: str
    score: Share
    count: int = Field(ge=1)


class NamedEntity(EnrichmentPart):
    """A name or sum as first printed, how often, and the page where it first stands, counted from 1."""

    type: Literal["person", "place", "organisation", "money"]
    text: str
    count: int = Field(ge=1)
    page: int = Field(ge=1)


class SummarySentence(EnrichmentPart):
    """A sentence of the document itself and its page, counted from 1."""

    text: str
    page: int = Field(ge=1)


class Sentiment(EnrichmentPart):
    """The tone of the prose, -1.0 to 1.0, as the mean over `sentences` sentences."""

    label: Literal["positive", "neutral", "negative"]
    score: float = Field(ge=-1.0, le=1.0)
    sentences: int = Field(ge=1)


class FileProperties(EnrichmentPart):
    """What the file says of itself. `producer` is the program that wrote it; times are as the file states them, UTC where it states an offset."""

    producer: str | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None


class Enrichment(EnrichmentPart):
    """What a document tells beside kind and fields. With redaction everything is taken from the redacted pages.

    Attributes:
        languages: by share, the most frequent first; empty where there is too little text to tell.
        page_count: of the document; 0 until it is published.
        file: what the file says of itself.
        dates: in order of time.
        keywords: best first.
        entities: most frequent first.
        summary: sentences in the document's order; empty where there is no prose.
        sentiment: of English prose; None elsewhere.
    """

    languages: tuple[LanguageShare, ...] = ()
    page_count: int = Field(default=0, ge=0)
    file: FileProperties = FileProperties()
    dates: tuple[PrintedDay, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    entities: tuple[NamedEntity, ...] = ()
    summary: tuple[SummarySentence, ...] = ()
    sentiment: Sentiment | None = None
