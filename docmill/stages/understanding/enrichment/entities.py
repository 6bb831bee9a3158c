"""Named entities: people and places as the search for personal data found them, organisations by their legal form, sums of money by currency.

Nothing is read a second time by a model: that would double the cost of a document. Under redaction people and places are left out altogether,
and the rest is taken from the redacted pages, so nothing that was masked comes back.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal

from docmill.stages.understanding.enrichment.texts import MASK
from docmill.values.enrichment import NamedEntity
from docmill.values.evidence import Span
from docmill.values.page import Page

EntityType = Literal["person", "place", "organisation", "money"]

MOST_ENTITIES: Final = 50
_OF_SPANS: Mapping[str, EntityType] = MappingProxyType({"PERSON": "person", "LOCATION": "place", "ORGANIZATION": "organisation"})
_FORMS: Final = (
    r"GmbH(?: & Co\.? KG)?|AG|KGaA|KG|OHG|UG|SE|e\.K\.|e\.V\.|Ltd|Limited|LLC|LLP|PLC|plc|Inc|Corp|Corporation|Co|S\.A\.S|SAS|SARL|S\.A\.R\.L|S\.A|SA|EURL"
    r"|B\.V|BV|N\.V|NV|S\.L|SL|S\.r\.l|Srl|S\.p\.A|SpA|Sdn\.? Bhd|SDN\.? BHD|Bhd|Oy|AB|A/S|ApS"
)
_NAME: Final = r"[A-Z\u00c0-\u00de0-9][\w&.'\u2019-]*"
_ORGANISATION = re.compile(rf"(?<![\w@.])({_NAME}(?:[ ](?:{_NAME}|&|and|und|et|of|de|van|der)){{0,5}}?),?[ ](?:{_FORMS})(?![\w])\.?")
_AMOUNT: Final = r"\d{1,3}(?:[., '\u2019]\d{3})*(?:[.,]\d{2})|\d+(?:[.,]\d{2})?"
_CURRENCY: Final = r"EUR|USD|GBP|CHF|MYR|SEK|NOK|DKK|PLN|CZK|JPY|CAD|AUD|RM|\u20ac|\$|\u00a3"
_MONEY = re.compile(rf"(?<![\w.,])(?:(?:{_CURRENCY})\s?(?:{_AMOUNT})|(?:{_AMOUNT})\s?(?:EUR|USD|GBP|CHF|MYR|\u20ac|\u00a3))(?![\w]|[.,]\d)")
_LABEL = re.compile(
    r"^(?:from|to|for|by|bill|ship|sold|supplier|vendor|customer|seller|buyer|the|firma|an|von|invoice|dear)\s+", re.IGNORECASE
)


def entities_of(pages: Sequence[Page], spans: Sequence[Span]) -> tuple[NamedEntity, ...]:
    """Entities with how often and on which page they first stand, the most frequent first.

    Args:
        pages: what may be shown.
        spans: personal data on these same pages; empty under redaction.
    """
    counts, first = Counter[tuple[EntityType, str]](), dict[tuple[EntityType, str], tuple[str, int]]()
    for kind, text, page in _found(pages, spans):
        shown = " ".join(text.split()).strip(" ,;:")
        key = (kind, shown.casefold())
        if len(shown) > 1:
            counts[key] += 1
            first.setdefault(key, (shown, page))
    order = sorted(counts, key=lambda key: (-counts[key], first[key][1]))
    return tuple(NamedEntity(type=key[0], text=first[key][0], count=counts[key], page=first[key][1]) for key in order[:MOST_ENTITIES])


def _found(pages: Sequence[Page], spans: Sequence[Span]) -> Iterator[tuple[EntityType, str, int]]:
    on_page: defaultdict[int, list[Span]] = defaultdict(list)
    for span in spans:
        if span.type in _OF_SPANS:
            on_page[span.page].append(span)
    for page in pages:  # one page at a time: there may be thousands
        yield from ((_OF_SPANS[span.type], page.text[span.start : span.end], page.number) for span in on_page[page.number])
    for page in pages:
        for line in page.lines:
            text = MASK.sub(lambda mask: "\0" * len(mask[0]), line.text)
            for match in _ORGANISATION.finditer(text):
                yield "organisation", _LABEL.sub("", match[0]), page.number
            for match in _MONEY.finditer(text):
                yield "money", match[0], page.number
