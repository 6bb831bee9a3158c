"""Findings on pages: spans of personal data, fields, line items, the kind of a document, each with where it was seen and how sure we are."""

from docmill.values.geometry import Box
from docmill.values.language_model import ModelUse
from docmill.values.model import Value
from docmill.values.outcome import Problem


class Evidence(Value):
    """Where a value was seen.

    Attributes:
        page: counted from 1.
        box: in pixels of the upright page image; None when the page has no geometry.
        start, end: characters [start, end) of the page's canonical text; None when the value is not in it.
        confidence: 0.0-1.0.
        source: the rule, engine or pattern that found it.
    """

    page: int
    box: Box | None = None
    start: int | None = None
    end: int | None = None
    confidence: float
    source: str


class Field(Value):
    """One value read from a document.

    Attributes:
        name: such as document_number, issue_date, total.
        value: normalised: ISO 8601 date, decimal number with a point, ISO 4217 currency, or text. None when it was masked by redaction.
        text: as printed, or the mask.
        evidence: where and how.
    """

    name: str
    value: str | None
    text: str
    evidence: Evidence


class Vote(Value):
    """One engine's reason to take characters for personal data.

    Attributes:
        engine: `patterns`, `presidio`, `rampart`, or `repeat` for a value that was found elsewhere in the document.
        rule: name of the pattern; type that a model said; for a repeat the source of the first finding.
        confidence: 0.0-1.0, as that engine alone gives it.
        context: the word of the pattern's own list that stood near; empty where none was needed.
    """

    engine: str
    rule: str
    confidence: float
    context: str = ""

    def __str__(self) -> str:
        """`patterns phone_context beside "tel."`."""
        return f'{self.engine} {self.rule} beside "{self.context}"' if self.context else f"{self.engine} {self.rule}"


class Span(Value):
    """Characters [start, end) of one page's canonical text that are personal data.

    Attributes:
        page: counted from 1.
        type: the entity type, upper case (PERSON, EMAIL_ADDRESS, ...).
        confidence: 0.0-1.0; how often findings with such votes are right.
        source: the engine or pattern that found it and names its type.
        boxes: one box per word touched, in pixels of the upright page image.
        votes: every engine that took it, or a part of it, for personal data, and why.
    """

    page: int
    start: int
    end: int
    type: str
    confidence: float
    source: str
    boxes: tuple[Box, ...] = ()
    votes: tuple[Vote, ...] = ()


class Kind(Value):
    """What a document is. `reason` names the rule, never words that only this document has."""

    name: str
    confidence: float
    reason: str


class LineItem(Value):
    """One line of an invoice's table. Figures are decimal numbers with a point; what is not printed is None.

    Attributes:
        description: what was sold, lines joined by one space.
        quantity: how many.
        unit: as printed, or the UN/ECE code of an e-invoice.
        unit_price: of one unit, in the document's currency.
        tax_rate: in percent.
        amount: of the line.
        evidence: where and how.
    """

    description: str | None = None
    quantity: str | None = None
    unit: str | None = None
    unit_price: str | None = None
    tax_rate: str | None = None
    amount: str | None = None
    evidence: Evidence


class TaxShare(Value):
    """The tax of one rate: rate in percent, the net amount it is taken from (None when not printed), the tax. Decimal numbers."""

    rate: str
    net: str | None = None
    tax: str
    evidence: Evidence


def pages_named(first: int, last: int) -> str:
    """Pages [first, last] for people: `page 3`, `pages 3-4`."""
    return f"page {first}" if first == last else f"pages {first}-{last}"


class DocumentPart(Value):
    """One document of a file that holds several.

    Attributes:
        first_page, last_page: pages of the file, counted from 1, both within.
        is_main: whether kind and fields of the whole file are this part's.
        kind: what it is.
        fields: at most one of a name; pages are those of the file.
        line_items: in printed order.
        taxes: by rate.
        problems: its contradictions; they are among those of the whole file.
    """

    first_page: int
    last_page: int
    is_main: bool
    kind: Kind
    fields: tuple[Field, ...] = ()
    line_items: tuple[LineItem, ...] = ()
    taxes: tuple[TaxShare, ...] = ()
    problems: tuple[Problem, ...] = ()


class Understanding(Value):
    """What the understanding stage keeps for one document.

    Attributes:
        kind: what it is.
        fields: at most one of a name.
        line_items: in printed order.
        taxes: by rate.
        problems: contradictions that a person should settle; messages name fields, never values.
        model_use: what asking a language model took; None where none was asked.
        parts: the documents of a package in order, the main one among them; empty where the file is one document.
    """

    kind: Kind
    fields: tuple[Field, ...] = ()
    line_items: tuple[LineItem, ...] = ()
    taxes: tuple[TaxShare, ...] = ()
    problems: tuple[Problem, ...] = ()
    model_use: ModelUse | None = None
    parts: tuple[DocumentPart, ...] = ()

    @property
    def own_problems(self) -> tuple[Problem, ...]:
        """Problems without those of parts whose fields are not the file's."""
        others = [problem for part in self.parts if not part.is_main for problem in part.problems]
        return tuple(problem for problem in self.problems if problem not in others)

    def with_parts_in_step(self) -> "Understanding":
        """The same after people or a model changed it: the main part says what the file says, and settled problems are no part's any more."""
        said = {"kind": self.kind, "fields": self.fields, "line_items": self.line_items, "taxes": self.taxes}
        parts = (
            part.model_copy(
                update={**(said if part.is_main else {}), "problems": tuple(one for one in part.problems if one in self.problems)},
            )
            for part in self.parts
        )
        return self.model_copy(update={"parts": tuple(parts)})
