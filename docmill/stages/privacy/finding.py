"""Finding personal data in pages: patterns and the model vote, overlaps merge, and what was found once is found everywhere."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from docmill.stages.privacy import classifier, names
from docmill.stages.privacy.confidence import confidence_of
from docmill.stages.privacy.hits import Findings, Hit
from docmill.stages.privacy.literals import Known, folded
from docmill.stages.privacy.merging import merge, touching, whole_addresses
from docmill.stages.privacy.own_rules import own_rules
from docmill.stages.privacy.patterns import PATTERNS
from docmill.stages.privacy.patterns.birth import born_behind
from docmill.stages.privacy.patterns.companies import IN_CONTEXT
from docmill.stages.privacy.recasing import is_ordinary, is_without_capitals, recased
from docmill.stages.privacy.spacing import closed_text, is_letter_spaced
from docmill.stages.privacy.version import FIND_VERSION, classifier_version, model_versions, other_recognisers
from docmill.stages.privacy.views import hits_of_views
from docmill.values.evidence import Span
from docmill.values.page import Page
from docmill.values.pii_rules import NO_RULES, PiiRules

_SURE_NAME = 0.9
_NAME_PART = re.compile(r"[^\W\d_]{4,}")


def find_in_text(text: str, *, language: str, entities: Collection[str], rules: PiiRules = NO_RULES) -> Findings:
    """Personal data in one text.

    Args:
        text: any text; offsets of the hits count its characters.
        language: ISO 639-1; names are searched by model in English only, see `engines`.
        entities: types of docmill.values.options.KNOWN_ENTITIES to look for.
        rules: the user's own.

    Raises:
        EngineMissing: names are wanted and Presidio, spaCy or the model is not installed.
    """
    hits = _searched(text, language, entities, rules, by_model=True)
    if is_letter_spaced(text):
        view = closed_text(text)
        spaced = _searched(view.text, language, entities, rules, by_model=True)
        hits = merge([*hits, *(part for hit in spaced for part in view.on_page(hit))], text)
    return Findings(hits, engines_for(language, entities, rules))


def _searched(text: str, language: str, entities: Collection[str], rules: PiiRules, *, by_model: bool) -> tuple[Hit, ...]:
    """What the engines find in a text as it stands, merged and in order."""
    has_model = by_model and language == names.LANGUAGE and not names.TYPES.isdisjoint(entities)
    seen = recased(text, names.is_known) if has_model and is_without_capitals(text) else text
    hits = [hit for recogniser in PATTERNS if recogniser.type in entities for hit in recogniser.find(seen)]
    if has_model:
        hits += names.find_names(seen, entities)
    if by_model:
        hits += classifier.find_by_classifier(text, entities)
    if "BIRTH_DATE" in entities:
        hits += born_behind(hits, text)
    own = own_rules(rules)
    found = own.not_allowed([*_without_doubtful_companies(hits), *own.find(text, entities)], text)
    merged = [hit._replace(confidence=confidence_of(hit)) for hit in merge(found, text)]
    sure = own.sure_enough(own.not_allowed(merged, text))
    return touching(merge([*sure, *own.denials(text)], text), text)


def find_spans(
    pages: Sequence[Page], *, language: str, entities: Collection[str], rules: PiiRules = NO_RULES
) -> tuple[list[Span], dict[str, str]]:
    """Personal data on the pages of one document, and the engines that looked for it.

    A page is searched as printed and in other views of it (see `views`): column by column, without line ends, with headings at cells.
    A value found once is marked wherever else it stands in the document, on any page; of a person's name that is beyond doubt each part
    that is no ordinary word, too (`Thornbury` after `Margaret Thornbury`).

    Raises:
        EngineMissing: as `find_in_text`.
    """
    found = {page.number: _on_page(page, language, entities, rules) for page in pages}
    known = _strongest(pages, found)
    if language == names.LANGUAGE:  # only English has a dictionary here that tells names from words
        known = _name_parts(pages, found) | known
    spans, looked_for = [], Known(known)
    for page in pages:
        here = found[page.number]
        new = [hit for hit in _repeats(page.text, looked_for, known) if not any(h.start <= hit.start and hit.end <= h.end for h in here)]
        spans += [_span(page, hit) for hit in _whole([*here, *new], page.text)]
    return spans, engines_for(language, entities, rules)


def engines_for(language: str, entities: Collection[str], rules: PiiRules = NO_RULES) -> dict[str, str]:
    """What searches, and what does not: a gap is said, never hidden."""
    engines = {"patterns": FIND_VERSION, **({} if rules.is_empty else {"own rules": rules.digest()[:16]}), **other_recognisers()}
    if not classifier.TYPES.isdisjoint(entities):
        engines["classifier"] = classifier_version()
    if names.TYPES.isdisjoint(entities):
        return engines
    if language != names.LANGUAGE:
        return engines | {
            "names": f"not searched by spaCy for {language}; labels, titles and salutations, and the classifier where installed"
        }
    return engines | {"names": names.MODEL} | model_versions()


def _without_doubtful_companies(hits: Sequence[Hit]) -> list[Hit]:
    people = [h for h in hits if h.type == "PERSON" and (h.is_pattern or h.source == classifier.SOURCE)]
    return [h for h in hits if h.source != IN_CONTEXT or not any(p.start < h.end and h.start < p.end for p in people)]


def _on_page(page: Page, language: str, entities: Collection[str], rules: PiiRules) -> tuple[Hit, ...]:
    def by_all(text: str) -> tuple[Hit, ...]:
        return _whole(find_in_text(text, language=language, entities=entities, rules=rules).hits, text)

    def by_patterns(text: str) -> tuple[Hit, ...]:
        return _whole(_searched(text, language, entities, rules, by_model=False), text)

    return _whole([*by_all(page.text), *hits_of_views(page, by_all, by_patterns)], page.text)


def _whole(hits: Iterable[Hit], text: str) -> tuple[Hit, ...]:
    return whole_addresses(merge(hits, text), text)


def _strongest(pages: Sequence[Page], found: dict[int, tuple[Hit, ...]]) -> dict[tuple[str, str], Hit]:
    """Each found (value, type) -> the surest hit that found it."""
    known: dict[tuple[str, str], Hit] = {}
    for page in pages:
        for hit in found[page.number]:
            key = (folded(page.text[hit.start : hit.end]), hit.type)
            if key not in known or hit.confidence > known[key].confidence:
                known[key] = hit
    return known


def _name_parts(pages: Sequence[Page], found: dict[int, tuple[Hit, ...]]) -> dict[tuple[str, str], Hit]:
    """Parts of names that may stand alone elsewhere -> the hit of the whole name."""
    parts: dict[tuple[str, str], Hit] = {}
    for page in pages:
        for hit in found[page.number]:
            words = _NAME_PART.findall(page.text[hit.start : hit.end])
            if hit.type == "PERSON" and hit.confidence >= _SURE_NAME and len(words) > 1:
                parts |= {(folded(word), hit.type): hit for word in words if not is_ordinary(word, names.is_known)}
    return parts


def _repeats(text: str, values: Known, found: dict[tuple[str, str], Hit]) -> Iterator[Hit]:
    for start, end, key in values.occurrences(text):
        first = found[key]
        yield Hit(start, end, first.type, first.confidence, f"repeat:{first.source}")


def _span(page: Page, hit: Hit) -> Span:
    boxes = tuple(word.box for word in page.words_in(hit.start, hit.end))
    return Span(
        page=page.number,
        start=hit.start,
        end=hit.end,
        type=hit.type,
        confidence=hit.confidence,
        source=hit.source,
        boxes=boxes,
        votes=hit.reasons,
    )
