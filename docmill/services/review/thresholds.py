"""Below which confidence a person is asked: a small table in one setting, `field=0.8,field.total=0.9,span.PERSON=0.7,sample=0.05`.

`sample` is the share of documents of which every field is shown, however sure: what confidence is worth can only be learned from fields that
were chosen without looking at it.

`learned` stands for the thresholds that a retraining put to use. `kind` asks what kind a document is; without it only sampled ones are asked about.

Belongs here: reading that text. Which findings become doubts is in `rules`.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from docmill.errors import SettingsInvalid
from docmill.values.review import Doubt, Subject

DEFAULT = 0.8
LEARNED = "learned"
_PART = re.compile(r"(field|span|chunk|kind|sample)(?:\.([A-Za-z_]{1,64}))?=(0(?:\.\d{1,4})?|1(?:\.0{1,4})?)")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Confidence 0.0-1.0 by kind (`field`) or by kind and name (`field.total`), and the share of documents that are shown whole."""

    by_name: Mapping[str, float]

    def is_sampled(self, document_id: str) -> bool:
        """Whether every field of a document is shown: the same documents every time, chosen by their id alone."""
        drawn = int.from_bytes(hashlib.sha256(f"review sample {document_id}".encode()).digest()[:8], "big") / 2**64
        return drawn < self.by_name.get("sample", 0.0)

    @property
    def of_kinds(self) -> float:
        """The confidence below which a person is asked for a document's kind; 0.0 unless asked for."""
        return self.by_name.get("kind", 0.0)

    def of(self, kind: str, name: str = "") -> float:
        """The threshold of a field, an entity type or chunks."""
        return self.by_name.get(f"{kind}.{name}", self.by_name.get(kind, DEFAULT))


def parse_thresholds(text: str) -> Thresholds:
    """The thresholds in a text; what it does not name is 0.8.

    Raises:
        SettingsInvalid: a part is not of the form kind[.name]=0.0-1.0.
    """
    found: dict[str, float] = {}
    for part in (found_part for piece in text.split(",") if (found_part := piece.strip()) not in {"", LEARNED}):
        match = _PART.fullmatch(part)
        if match is None:
            raise SettingsInvalid(
                "DOCMILL_REVIEW_THRESHOLDS: parts are learned, or field, span, chunk, kind or sample, a name if need be, and 0.0-1.0, such as field.total=0.9"
            )
        found[f"{match[1]}.{match[2]}" if match[2] else match[1]] = float(match[3])
    return Thresholds(MappingProxyType(found))


def asks_for_learned(text: str) -> bool:
    """Whether the setting wants the thresholds that a retraining put to use."""
    return LEARNED in {part.strip() for part in text.split(",")}


def eyes_of(doubt: Doubt, four_eyes: str) -> int:
    """How many people must decide a doubt alike.

    Args:
        doubt: what is asked.
        four_eyes: the setting DOCMILL_REVIEW_FOUR_EYES: subjects, or subject.name, separated by commas.

    Raises:
        SettingsInvalid: a part names no subject.
    """
    asked = {part.strip() for part in four_eyes.split(",") if part.strip()}
    if any(part.split(".", 1)[0] not in tuple(Subject) for part in asked):
        raise SettingsInvalid(f"DOCMILL_REVIEW_FOUR_EYES: parts are {', '.join(Subject)}, with a name if need be, such as field.total")
    return 2 if asked & {doubt.subject.value, f"{doubt.subject}.{doubt.name}"} else 1
