"""What the results JSON says of kind, fields, line items, taxes and doubts, of a whole file and of each document in it.

Belongs here: shapes that parts of the results share. The results as a whole, their version and their reader are in results.py.
"""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from docmill.values.model import Value

Confidence = Annotated[float, Field(ge=0.0, le=1.0)]


class ResultPart(Value):
    """A part of the results. Unknown keys are ignored, so that a reader takes what a newer minor version adds."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ResultProblem(ResultPart):
    """One thing that went wrong or is doubtful; `page` counts from 1."""

    code: str
    stage: str
    message: str
    page: int | None = None


class ResultKind(ResultPart):
    """What the document is, and which rules said so."""

    name: str
    confidence: Confidence
    reason: str


class ResultField(ResultPart):
    """One value read from the document.

    Attributes:
        name: such as document_number, issue_date, total.
        value: ISO 8601 date, decimal number with a point, ISO 4217 code or text; None when redaction masked it.
        text: as printed, or the mask such as [PERSON].
        page: counted from 1.
        box: (x0, y0, x1, y1) in pixels of the upright page image, origin top-left.
        confidence: 0.0-1.0.
        source: the rule that found it; `review` when a person typed it.
        decided_by: the user who accepted or corrected it; None while nobody has. Since 1.2.0.
        decided_at: when, UTC. Since 1.2.0.
    """

    name: str
    value: str | None
    text: str
    page: int = Field(ge=1)
    box: tuple[float, float, float, float] | None
    confidence: Confidence
    source: str
    decided_by: str | None = None
    decided_at: datetime | None = None


class ResultLineItem(ResultPart):
    """One line of an invoice's table; figures are decimal numbers with a point, None when not printed or masked by redaction.

    `box` is (x0, y0, x1, y1) in pixels of the upright page image; `tax_rate` is in percent. Since 1.1.0.
    """

    description: str | None
    quantity: str | None
    unit: str | None
    unit_price: str | None
    tax_rate: str | None
    amount: str | None
    page: int = Field(ge=1)
    box: tuple[float, float, float, float] | None
    confidence: Confidence
    source: str


class ResultTax(ResultPart):
    """The tax of one rate in percent, and the net amount it is taken from. Since 1.1.0."""

    rate: str
    net: str | None
    tax: str
    confidence: Confidence


class ResultDocument(ResultPart):
    """One document of a file that holds several. Since 1.4.0.

    Attributes:
        first_page, last_page: pages of the file, counted from 1, both within.
        is_main: whether kind and fields of the whole file are this part's.
        problems: its contradictions; they are among those of the outcome.
    """

    first_page: int = Field(ge=1)
    last_page: int = Field(ge=1)
    is_main: bool
    kind: ResultKind
    fields: tuple[ResultField, ...]
    line_items: tuple[ResultLineItem, ...]
    taxes: tuple[ResultTax, ...]
    problems: tuple[ResultProblem, ...]
