"""What a recogniser reports, and what a recogniser is. Does not belong here: pages and boxes (finding), deciding between hits (merging)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from docmill.values.evidence import Vote


class Hit(NamedTuple):
    """Characters [start, end) of a text that look like personal data.

    Attributes:
        start, end: offsets into the text that was searched.
        type: entity type of docmill.values.options.KNOWN_ENTITIES.
        confidence: 0.0-1.0.
        source: `pattern:<name>`, `model:<name>` or `repeat:<source>`.
        context: the context word that stood near, where one was asked for.
        votes: of all hits that were merged into this one; empty for what one recogniser said alone.
    """

    start: int
    end: int
    type: str
    confidence: float
    source: str
    context: str = ""
    votes: tuple[Vote, ...] = ()

    @property
    def reasons(self) -> tuple[Vote, ...]:
        """Its votes; for what one recogniser said alone that one's."""
        if self.votes:
            return self.votes
        kind, _, name = self.source.partition(":")
        engine = {"pattern": "patterns", "model": name}.get(kind, kind)
        return (Vote(engine=engine, rule=self.type if kind == "model" else name, confidence=self.confidence, context=self.context),)

    @property
    def is_pattern(self) -> bool:
        """Whether a structured pattern, not a statistical model, found it."""
        return self.source.startswith("pattern:")


class Recogniser(Protocol):
    """Finds one type of personal data in text."""

    @property
    def type(self) -> str:
        """The entity type it reports."""

    def find(self, text: str) -> Iterator[Hit]:
        """All hits in `text`, in any order."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Hits in one text, merged and in order, and what searched for them."""

    hits: tuple[Hit, ...]
    engines: dict[str, str]
