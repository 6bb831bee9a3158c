"""A user's rules at work: recognisers, denied and allowed values, thresholds; and recognisers of other packages.

A package offers a recogniser through the entry point group `docmill.pii_recognisers`: a class without arguments that has `type` and
`find(text)` of docmill.stages.privacy.hits.Recogniser. Its hits' sources begin with `pattern:`.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Final

from docmill.errors import EngineMissing
from docmill.stages.privacy.hits import Hit, Recogniser
from docmill.stages.privacy.literals import Haystack, folded
from docmill.stages.privacy.patterns.pattern import Pattern, any_of
from docmill.stages.privacy.version import RECOGNISERS
from docmill.values.options import KNOWN_ENTITIES
from docmill.values.pii_rules import PiiRules


@dataclass(frozen=True, slots=True)
class OwnRules:
    """Rules made ready for searching. Make with `own_rules`."""

    recognisers: tuple[Recogniser, ...] = ()
    denied: tuple[tuple[str, str], ...] = ()
    allowed: frozenset[str] = frozenset()
    allowed_patterns: tuple[re.Pattern[str], ...] = ()
    thresholds: tuple[tuple[str, float], ...] = ()

    def find(self, text: str, entities: Collection[str]) -> Iterator[Hit]:
        """What the user's own and other packages' recognisers find: types of their own, and known ones that are asked for."""
        for recogniser in (*self.recognisers, *installed_recognisers().values()):
            if recogniser.type in entities or recogniser.type not in KNOWN_ENTITIES:
                yield from recogniser.find(text)

    def denials(self, text: str) -> Iterator[Hit]:
        """Where denied values stand, whatever is asked for."""
        if self.denied:
            haystack = Haystack(text)
            for value, kind in self.denied:
                for start, end in haystack.find(value, kind):
                    yield Hit(start, end, kind, 1.0, "pattern:denied")

    def allows(self, value: str) -> bool:
        """Whether this whole value is never personal."""
        return folded(value) in self.allowed or any(pattern.fullmatch(value.strip()) for pattern in self.allowed_patterns)

    def not_allowed(self, hits: Sequence[Hit], text: str) -> list[Hit]:
        """The hits without those that are allowed values, or parts of one: in an allowed address a model may see a name."""
        places = [(hit.start, hit.end) for hit in hits if self.allows(text[hit.start : hit.end])]
        if self.allowed:
            haystack = Haystack(text)
            places += [place for value in self.allowed for place in haystack.find(value, "")]
        return [hit for hit in hits if not any(start <= hit.start and hit.end <= end for start, end in places)]

    def sure_enough(self, hits: Iterable[Hit]) -> list[Hit]:
        """The hits without those below their type's threshold."""
        least = dict(self.thresholds)
        return [hit for hit in hits if hit.confidence >= least.get(hit.type, 0.0)]


def own_rules(rules: PiiRules) -> OwnRules:
    """The rules made ready."""
    return _ready(rules.model_dump_json()) if not rules.is_empty else _NONE


@lru_cache(maxsize=1)
def installed_recognisers() -> dict[str, Recogniser]:
    """Recognisers of other packages by the names of their entry points.

    Raises:
        EngineMissing: one is installed and cannot be loaded; it is never left out in silence.
    """
    found: dict[str, Recogniser] = {}
    for point in sorted(entry_points(group=RECOGNISERS), key=lambda one: one.name):
        try:
            found[point.name] = point.load()()
        except Exception as error:  # other people's code raises whatever it likes
            raise EngineMissing(f"the recogniser {point.name} of the entry points {RECOGNISERS} cannot be loaded") from error
    return found


@lru_cache(maxsize=8)
def _ready(text: str) -> OwnRules:
    rules = PiiRules.model_validate_json(text)
    recognisers = [
        Pattern(
            name=rule.name,
            type=rule.type,
            regex=re.compile(pattern),
            confidence=rule.confidence,
            context=any_of(*map(re.escape, rule.context)) if rule.context else None,
        )
        for rule in rules.recognisers
        for pattern in rule.patterns
    ]
    return OwnRules(
        recognisers=tuple(recognisers),
        denied=tuple((one.value, one.type) for one in rules.deny),
        allowed=frozenset(folded(value) for value in rules.allow) - {""},
        allowed_patterns=tuple(re.compile(pattern) for pattern in rules.allow_patterns),
        thresholds=tuple(rules.thresholds.items()),
    )


_NONE: Final = OwnRules()
