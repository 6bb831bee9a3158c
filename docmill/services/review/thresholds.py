"""Below which confidence a person is asked: a small table in one setting, `field=0.8,field.total=0.9,span.PERSON=0.7,sample=0.05`.

`sample` is the share of documents of which every field is shown, however sure: what confidence is worth can only be learned from fields that
were chosen without looking at it.

Belongs here: reading that text. Which findings become doubts is in `rules`.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from docmill.errors import SettingsInvalid

DEFAULT = 0.8
_PART = re.compile(r"(field|span|chunk|sample)(?:\.([A-Za-z_]{1,64}))?=(0(?:\.\d{1,4})?|1(?:\.0{1,4})?)")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Confidence 0.0-1.0 by kind (`field`) or by kind and name (`field.total`), and the share of documents that are shown whole."""

    by_name: Mapping[str, float]

    def is_sampled(self, document_id: str) -> bool:
        """Whether every field of a document is shown: the same documents every time, chosen by their id alone."""
        drawn = int.from_bytes(hashlib.sha256(f"review sample {document_id}".encode()).digest()[:8], "big") / 2**64
        return drawn < self.by_name.get("sample", 0.0)

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
                "DOCMILL_REVIEW_THRESHOLDS: parts are field, span, chunk or sample, a name if need be, and 0.0-1.0, such as field.total=0.9"
            )
        found[f"{match[1]}.{match[2]}" if match[2] else match[1]] = float(match[3])
    return Thresholds(MappingProxyType(found))
