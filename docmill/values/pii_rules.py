r"""A user's own rules for personal data: what is never personal, what always is, how sure is sure enough, and patterns of their own.

    allow: [Muster GmbH, info@muster.example]          values that are never personal data, however they are spaced or cased
    allow_patterns: ['PO-\d{6}']                       the same by regular expression, which must match the whole finding
    deny: [Project Falcon, {value: B. Traven, type: PERSON}]   values that always are, wherever they stand
    thresholds: {PERSON: 0.6}                          findings of a type below this confidence are left out
    recognisers:
      - {name: employee id, type: X_EMPLOYEE_ID, patterns: ['\bE-\d{6}\b'], confidence: 0.9, context: [employee, staff]}

Types of one's own begin with X_ and are always searched; a known type is searched when it is asked for. Shape only: nothing is searched here.
"""

import re
from typing import Annotated, Final

from pydantic import ConfigDict, Field, field_validator

from docmill.values.keys import digest
from docmill.values.model import Value
from docmill.values.options import ENTITY_ALIASES, KNOWN_ENTITIES

OWN_TYPE: Final = r"X_[A-Z0-9_]{2,28}"
"""Form of the types that users make up."""

DENIED: Final = "X_DENIED"
"""Type of denied values that name none."""

SHORTEST_DENIED: Final = 4
"""Letters and digits a denied value needs; shorter ones are parts of too many words."""


def own_type(name: str) -> str:
    """The type in capitals.

    Raises:
        ValueError: neither a known type nor one of the user's own form.
    """
    wanted = name.strip().upper()
    wanted = ENTITY_ALIASES.get(wanted, wanted)
    if wanted not in KNOWN_ENTITIES and not re.fullmatch(OWN_TYPE, wanted):
        raise ValueError("a type is one of docmill's, or begins with X_ and goes on in capitals, digits and _")
    return wanted


def compiled(pattern: str) -> re.Pattern[str]:
    """The regular expression.

    Raises:
        ValueError: it is none, or it matches the empty text.
    """
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error.msg}") from None
    if found.match(""):
        raise ValueError("a pattern must not match the empty text")
    return found


class _Rule(Value):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Denied(_Rule):
    """A value that is always personal data."""

    value: str
    type: str = DENIED

    _typed = field_validator("type")(own_type)

    @field_validator("value")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if sum(c.isalnum() for c in value) < SHORTEST_DENIED:
            raise ValueError(f"a denied value needs {SHORTEST_DENIED} letters or digits")
        return value


class PatternRule(_Rule):
    """A recogniser of the user's own. `context` are words of which one must stand near; none when the shape is proof enough."""

    name: str = Field(pattern=r"^[\w .-]{1,60}$")
    type: str
    patterns: tuple[str, ...] = Field(min_length=1)
    confidence: float = Field(default=0.85, gt=0, le=1)
    context: tuple[str, ...] = ()

    _typed = field_validator("type")(own_type)

    @field_validator("patterns")
    @classmethod
    def _readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            compiled(pattern)
        return value


class PiiRules(_Rule):
    """All rules of a user; see the module's example."""

    allow: tuple[str, ...] = ()
    allow_patterns: tuple[str, ...] = ()
    deny: tuple[Denied, ...] = ()
    thresholds: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    recognisers: tuple[PatternRule, ...] = ()

    @field_validator("deny", mode="before")
    @classmethod
    def _bare_values(cls, value: object) -> object:
        return [{"value": one} if isinstance(one, str) else one for one in value] if isinstance(value, list | tuple) else value

    @field_validator("thresholds")
    @classmethod
    def _known_types(cls, value: dict[str, float]) -> dict[str, float]:
        return {own_type(name): least for name, least in value.items()}

    @field_validator("allow_patterns")
    @classmethod
    def _readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            compiled(pattern)
        return value

    @property
    def is_empty(self) -> bool:
        """Whether they change nothing."""
        return self == NO_RULES

    def digest(self) -> str:
        """SHA-256 of the rules, hexadecimal; it enters the keys of what is found."""
        return digest("pii_rules", self.model_dump(mode="json"))

    def joined(self, other: "PiiRules") -> "PiiRules":
        """Both sets of rules; where both have a threshold for a type the other's counts."""
        return PiiRules(
            allow=(*self.allow, *other.allow),
            allow_patterns=(*self.allow_patterns, *other.allow_patterns),
            deny=(*self.deny, *other.deny),
            thresholds={**self.thresholds, **other.thresholds},
            recognisers=(*self.recognisers, *other.recognisers),
        )


NO_RULES: Final = PiiRules()
