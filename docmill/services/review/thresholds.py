"""Below which confidence a person is asked: a small table in one setting, `field=0.8,field.total=0.9,span.PERSON=0.7`.

Belongs here: reading that text. Which findings become doubts is in `rules`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from docmill.errors import SettingsInvalid

KINDS = ("field", "span", "chunk")
DEFAULT = 0.8
_PART = re.compile(r"(field|span|chunk)(?:\.([A-Za-z_]{1,64}))?=(0(?:\.\d{1,4})?|1(?:\.0{1,4})?)")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Confidence 0.0-1.0 by kind (`field`) or by kind and name (`field.total`)."""

    by_name: Mapping[str, float]

    def of(self, kind: str, name: str = "") -> float:
        """The threshold of a field, an entity type or chunks."""
        return self.by_name.get(f"{kind}.{name}", self.by_name.get(kind, DEFAULT))


def parse_thresholds(text: str) -> Thresholds:
    """The thresholds in a text; what it does not name is 0.8.

    Raises:
        SettingsInvalid: a part is not of the form kind[.name]=0.0-1.0.
    """
    found: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = _PART.fullmatch(part)
        if match is None:
            raise SettingsInvalid(
                "DOCMILL_REVIEW_THRESHOLDS: parts are field, span or chunk, a name if need be, and 0.0-1.0, such as field.total=0.9"
            )
        found[f"{match[1]}.{match[2]}" if match[2] else match[1]] = float(match[3])
    return Thresholds(MappingProxyType(found))
